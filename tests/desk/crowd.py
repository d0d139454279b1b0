"""One process of a crowded desk: `python -m tests.desk.crowd URL ACCOUNT ROLE SEED STEPS`.

ROLE is `session`, `worker` or an admin's id; SEED makes its day its own. Says "ready", waits for a line,
does its steps at random, and prints what it did as one JSON object.
"""

import json
import random
import sys
import time
from typing import Any

from daemon.desk import assignment, conversations
from daemon.desk.outgoing import Decision
from daemon.desk.worker import DeskWorker
from daemon.domain.time import utc_now
from daemon.store.engine import Database
from tests.desk.day import LAPTOP, PHONE, ZONE, Admin, addresses, undecided
from tests.desk.leaving import leaving
from tests.desk.session_part import SessionPart
from tests.desk.wire import Fate

CUSTOMERS = range(1, 7)
# seconds between two steps, at most: SQLite would let the fastest go on alone
BREATH = 0.004
WORDS = ["halo", "harga?", "jam berapa", "ok", "jam?"]
FATES = [*[Fate.SENT] * 12, *Fate]


def session(database: Database, account_id: int, dice: random.Random, steps: int) -> dict[str, Any]:
    """Customers and the phone write, replies leave; says which left, and which message was the newest then."""
    left: list[tuple[int, int]] = []

    def leaves(text: str) -> None:
        with database.read() as conn:
            left.append(leaving(conn))

    part = SessionPart(database, account_id, utc_now, leaves)
    for step in range(steps):
        party = addresses(dice.choice(CUSTOMERS))[dice.choice([0, 0, 0, 1, 2])]
        match dice.choice("cccppsssssss"):
            case "c":
                part.receives(party, f"{dice.choice(WORDS)} {step}", utc_now())
            case "p":
                part.receives(party, f"dari HP {step}", utc_now(), True, dice.choice([PHONE, PHONE, LAPTOP]))
            case "s":
                part.sends(dice.choice(FATES), lambda: time.sleep(dice.uniform(0, BREATH)))
        time.sleep(dice.uniform(0, BREATH))
    while part.sends():
        pass
    part.close()
    return {"left": left, "arrived": [text for _, text in part.wire.arrived]}


def worker(database: Database, dice: random.Random, steps: int) -> dict[str, Any]:
    """The worker goes round, often."""
    one = DeskWorker(database, ZONE, "Toko Kita", utc_now)
    failed = 0
    for _ in range(steps):
        one.look()
        failed += one._guarded.failed
        time.sleep(dice.uniform(0, 4 * BREATH))
    return {"failed": failed}


def admin(database: Database, account_id: int, admin_id: int, dice: random.Random, steps: int) -> dict[str, Any]:
    """He answers what he sees, or saw, and does whatever else an admin can do."""
    who = Admin(database, account_id, admin_id, utc_now)
    accepted, decided = [], []
    for step in range(steps):
        party, tab = addresses(dice.choice(CUSTOMERS))[0], f"{admin_id}-{dice.choice('ab')}"
        view = who.looks(party) if dice.random() < 0.5 else who.views.get(party.address.user)
        what = dice.choice("aaaaaaattcmudddhrv")
        if what == "c":
            who.closes_tab(tab)
        elif what == "d":
            with database.read() as conn:
                waiting = undecided(conn, "held", "uncertain")
            if waiting:
                message = dice.choice(waiting)
                newest = who.decides(message, dice.choice(list(Decision)))
                if newest is not None:
                    decided.append((message.id, newest))
        elif view is not None:
            time.sleep(dice.uniform(0, BREATH))
            match what:
                case "a":
                    sure = dice.random() < 0.1
                    text = f"balasan {admin_id}-{step}"
                    accepted.append(who.answers(view, text, follow_up=sure, take_over=dice.random() < 0.3))
                case "t":
                    who.opens_tab(tab)
                    who.types(view, tab, take_over=dice.random() < 0.2)
                case "m":
                    who.marks(view)
                case "u":
                    who.unmarks(view)
                case "h":
                    who.does(assignment.give_back, view)
                    who.does(assignment.assign, view, admin_id)
                case "r":
                    who.resolves(view)
                case "v":
                    who.does(conversations.reopen, view)
        time.sleep(dice.uniform(0, BREATH))
    for tab in list(who.tabs):
        who.closes_tab(tab)
    won = [message_id for message_id in accepted if message_id is not None]
    saw = [[*moment, shown] for moment, shown in who.saw.items()]
    return {"accepted": won, "decided": decided, "refused": who.refused, "saw": saw}


def main() -> None:
    """Wait for the others, then begin."""
    url, account_id, role, seed, steps = sys.argv[1:]
    database, dice = Database(url), random.Random(int(seed))
    print("ready", flush=True)
    sys.stdin.readline()
    match role:
        case "session":
            done = session(database, int(account_id), dice, int(steps))
        case "worker":
            done = worker(database, dice, int(steps))
        case _:
            done = admin(database, int(account_id), int(role), dice, int(steps))
    database.close()
    print(json.dumps(done), flush=True)


if __name__ == "__main__":
    main()
