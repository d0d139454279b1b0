"""Several processes answer the same customers at the same moment: each gets exactly one reply."""

import json
import subprocess
import sys
from pathlib import Path

from daemon.store import turns
from tests.books import Books, dump, lid

ROOT = Path(__file__).parents[2]
ROUNDS = 200
RACERS = 3

RACER = """
import json, random, sys, time
from daemon.desk import turns as desk
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.domain.turns import AlreadyAnswered, Closer
from daemon.store.engine import Database

url, admin, pairs = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
database = Database(url)
# everybody in an order of his own: in the same order the first would win them all
random.Random(admin).shuffle(pairs)
with database.read() as conn:
    conn.exec_driver_sql("SELECT 1 FROM turn")
print("ready", flush=True)
sys.stdin.readline()
won, lost_to = 0, []
for conversation_id, turn_id in pairs:
    try:
        with database.write() as conn:
            closer, text = Closer(Author.ADMIN, admin), f"dari {admin}"
            desk.answer(conn, conversation_id, closer, text, utc_now(), turn_id=turn_id)
        won += 1
    except AlreadyAnswered as error:
        lost_to.append([turn_id, error.mark.closer.admin_id, error.mark.text])
    # a breath between two replies: SQLite would let the fastest go on alone
    time.sleep(random.uniform(0, 0.004))
print(json.dumps([won, lost_to]), flush=True)
"""


def test_two_hundred_customers_get_one_reply_each_from_three_racing_processes(books: Books) -> None:
    admins = [books.admin(f"Admin{n}") for n in range(RACERS)]
    pairs = [books.waiting(lid(str(n))) for n in range(ROUNDS)]
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, books.database.url, str(admin), json.dumps(pairs)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for admin in admins
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    results = [json.loads(racer.communicate(timeout=120)[0]) for racer in racers]

    assert sum(won for won, _ in results) == ROUNDS
    assert sum(len(lost) for _, lost in results) == ROUNDS * (RACERS - 1)
    # it was a race, not a parade
    assert sum(won > 0 for won, _ in results) >= 2
    rows = dump(books.database)
    assert len(rows["outbox"]) == ROUNDS
    with books.database.read() as conn:
        for conversation_id, turn_id in pairs:
            replies = [text for text in books.thread(conversation_id) if text != "halo"]
            mark = turns.mark(conn, turn_id)
            assert mark is not None
            assert replies == [mark.text] == [f"dari {mark.closer.admin_id}"]
        for _, lost in results:
            for turn_id, admin_id, text in lost:
                mark = turns.mark(conn, turn_id)
                assert mark is not None
                assert (mark.closer.admin_id, mark.text) == (admin_id, text)
