"""The desk's worker: what the desk does by itself, by the clock and whenever somebody has written."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from daemon.desk import auto_assignment, primary_phone, settings, unreadable_replies
from daemon.desk import claims as desk_claims
from daemon.desk.bot import run
from daemon.domain.primary_phone import PhoneLimits
from daemon.domain.time import Clock
from daemon.logs import Guard
from daemon.store import accounts, paces, presence, questions
from daemon.store import claims as store_claims
from daemon.store.assignment import is_anything_pending
from daemon.store.change_watch import ChangeWatch
from daemon.store.engine import Database
from daemon.store.portions import LEAST_PAUSE, MOST_ROWS

log = logging.getLogger(__name__)

# seconds between two looks: while nobody writes, and while messages pour in (every commit wakes the worker)
EVERY, PAUSE = 1.0, 0.5
# seconds until what failed is tried again
RETRY_AFTER = 5.0
FORGET_EVERY = timedelta(minutes=1)

# its name, and a portion of it in a write transaction: True if some of it may be left
Chore = tuple[str, Callable[[Connection], bool | None]]


class DeskWorker(threading.Thread):
    """Ends claims, gives out and takes back conversations, lets the bot speak, misses the phone, and shows replies
    that could not be read.

    Looks in a read, and takes the write lock only for work that is there; each chore has a transaction of its
    own, so that one that fails leaves the others alone, and does no more in it than a portion.
    """

    def __init__(
        self, database: Database, zone: ZoneInfo, shop: str, clock: Clock, limits: PhoneLimits | None = None
    ) -> None:
        super().__init__(name="desk worker", daemon=True)
        self._database = database
        self._zone = zone
        self._shop = shop
        self._clock = clock
        self._limits = limits or PhoneLimits()
        self._stopping = threading.Event()
        self._forget_at = clock()
        self._guarded = Guard(log, "the worker's")

    def run(self) -> None:
        """Look at once, then every second, and sooner when the database has changed."""
        watch = ChangeWatch(self._database)
        changed = True
        while not self._stopping.is_set():
            more = (changed or self._guarded.failed or self._may_be_due()) and self.look()
            if not self._stopping.wait(RETRY_AFTER if self._guarded.failed else LEAST_PAUSE if more else PAUSE):
                with self._guarded("eye on the database"):
                    changed = more or watch.wait(EVERY - PAUSE)
        watch.close()

    def stop(self) -> None:
        """Begin nothing new; `join` waits for the chore under way."""
        self._stopping.set()

    def _may_be_due(self) -> bool:
        """Whether time alone can have brought work, with nothing written since the last look."""
        if self._clock() >= self._forget_at:
            return True
        with self._guarded("look"), self._database.read() as conn:
            return is_anything_pending(conn)
        return False

    def look(self) -> bool:
        """Do what is to do now, a portion of each chore; True if some of it is left."""
        self._guarded.failed = False
        now = self._clock()
        chores: list[Chore] = []
        more, took = False, 0.0
        with self._guarded("look"), self._database.read() as conn:
            chores = self._due(conn, now)
        for name, work in chores:
            if self._stopping.wait(took):
                return False
            begun = time.monotonic()
            with self._guarded(name), self._database.write() as conn:
                more = bool(work(conn)) or more
            # the others may write for as long as we did
            took = time.monotonic() - begun
        return more

    def _due(self, conn: Connection, now: datetime) -> list[Chore]:
        """The chores that have something to do."""
        found: list[Chore] = []
        with self._guarded("look at the claims"):
            if store_claims.any_expired(conn, now):
                found.append(("claims", lambda conn: desk_claims.sweep(conn, now)))
        if now >= self._forget_at:
            self._forget_at = now + FORGET_EVERY
            found.append(("presence", lambda conn: presence.forget_gone(conn, now) == MOST_ROWS))
            with self._guarded("look at the questions"):
                if questions.has_old(conn, now):
                    found.append(("questions", lambda conn: questions.forget_old(conn, now)))
                if paces.has_old(conn, now):
                    found.append(("paces", lambda conn: paces.forget_old(conn, now)))
        for account in accounts.every(conn):
            with self._guarded("look"):
                found += self._due_of(conn, account.id, now)
        return found

    def _due_of(self, conn: Connection, account_id: int, now: datetime) -> list[Chore]:
        found: list[Chore] = []
        chosen = settings.load(conn, account_id)
        with self._guarded("look at the phone"):
            if primary_phone.has_work(conn, account_id, self._limits, now):
                found.append(("phone", lambda conn: primary_phone.tend(conn, account_id, self._limits, now)))
        with self._guarded("look at the unreadable replies"):
            if unreadable_replies.has_work(conn, account_id, now):
                found.append(("unreadable", lambda conn: unreadable_replies.tend(conn, account_id, now)))
        with self._guarded("look at the assignments"):
            if todo := auto_assignment.plan(conn, account_id, chosen, now, self._zone):
                found.append(
                    ("assignment", lambda conn: self._assign(conn, account_id, now, todo.conversation_ids))
                )
        with self._guarded("look at the bot"):
            if due := [turn.turn_id for turn in run.due(conn, account_id, chosen, now)]:
                found.append(("bot", lambda conn: self._run_bot(conn, account_id, now, due)))
        return found

    # both read the choices again, and decide anew about what was found: what was switched off is off

    def _assign(self, conn: Connection, account_id: int, now: datetime, conversation_ids: list[int]) -> bool:
        chosen = settings.load(conn, account_id)
        return auto_assignment.tend(conn, account_id, chosen, now, self._zone, conversation_ids)

    def _run_bot(self, conn: Connection, account_id: int, now: datetime, turn_ids: list[int]) -> bool:
        chosen = settings.load(conn, account_id)
        return run.tend(conn, account_id, chosen, now, self._zone, self._shop, turn_ids)
