"""Several processes answer the same customers at the same moment: each gets exactly one reply."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from daemon.domain.time import utc_now
from daemon.store import turns
from tests.desk.day import open_shop
from tests.desk.invariants import broken
from tests.desk.leaving import overtaken
from tests.support.books import Books, dump
from tests.support.builders import lid

ROOT = Path(__file__).parents[2]
ROUNDS = 200
RACERS = 3

RACER = """
import json, random, sys, time
from daemon.desk import replies
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
            replies.answer(conn, conversation_id, closer, text, utc_now(), turn_id=turn_id)
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


def start(module: str, *arguments: object) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_five_processes_at_one_desk_keep_its_books_right(books: Books) -> None:
    admins = [books.admin(f"Admin{n}") for n in range(3)]
    open_shop(books.database, books.account_id, utc_now(), grace=0, again_after=0)
    place = books.database.url, books.account_id
    crowd = [
        start("tests.desk.crowd", *place, "session", 1, 700),
        start("tests.desk.crowd", *place, "worker", 2, 300),
        *(start("tests.desk.crowd", *place, admin_id, admin_id + 2, 300) for admin_id in admins),
    ]
    for process in crowd:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    session, worker, *done = [json.loads(process.communicate(timeout=120)[0]) for process in crowd]

    # two of them may have decided about the same reply, one after the other
    decided: dict[int, int] = {}
    for message_id, upto in (pair for one in done for pair in one["decided"]):
        decided[message_id] = max(upto, decided.get(message_id, 0))
    with books.database.read() as conn:
        saw = {(admin_id, moment): shown for one in done for admin_id, moment, shown in one["saw"]}
        assert broken(conn, books.account_id, utc_now(), decided, saw) == []
        late = [
            message_id
            for message_id, newest in session["left"]
            if overtaken(conn, message_id, decided.get(message_id, 0), newest)
        ]
        queued = set(conn.exec_driver_sql("SELECT message_id FROM outbox").scalars())
        texts = dict(conn.exec_driver_sql("SELECT text, id FROM message WHERE author = 'admin'").all())
    assert late == []
    assert worker["failed"] == 0
    assert all(set(one["accepted"]) <= queued for one in done)
    # only what a person sent again reached a customer twice
    arrived = Counter(text for text in session["arrived"] if text in texts)
    assert {texts[text] for text, count in arrived.items() if count > 1} <= set(decided)
    assert dump(books.database)["claim"] == []
    # it was a race, not a parade
    assert all(one["accepted"] for one in done)
    assert sum(one["refused"] for one in done) > 0
