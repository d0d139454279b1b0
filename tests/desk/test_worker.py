"""The worker: reads before it writes, does what is due, and goes on whatever goes wrong."""

import time
from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from daemon.desk import claims as desk_claims
from daemon.desk import settings
from daemon.desk.worker import DeskWorker
from daemon.domain.desk import CLAIM_LASTS, Actor, Assign, Status
from daemon.domain.links import LinkState
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.domain.turns import Closer
from daemon.store import assignment, links, presence, turns
from daemon.store import claims as store_claims
from tests.support.books import Books
from tests.support.builders import at, lid
from tests.support.waiting import wait_until

JAKARTA = ZoneInfo("Asia/Jakarta")


class Desk:
    """An online shop, its worker, and a clock that the test sets."""

    def __init__(self, books: Books) -> None:
        self.books, self.database = books, books.database
        self.now = at(0)
        self.sari = Actor(Author.ADMIN, books.admin("Sari"))
        with self.database.write() as conn:
            for state in (LinkState.CONNECTING, LinkState.ONLINE):
                links.set_state(conn, books.account_id, state, at(-3600))
        self.choose(alarm_after=0, return_after=0, greeting="Halo", grace=0)
        self.worker = self.another(lambda: self.now)

    def another(self, clock: object) -> DeskWorker:
        return DeskWorker(self.database, JAKARTA, "Toko Kita", clock)  # type: ignore[arg-type]

    def choose(self, **changes: object) -> None:
        with self.database.write() as conn:
            settings.save(conn, self.books.account_id, changes, self.sari, at(0))

    def looks(self, seconds: float) -> int:
        """The worker looks; gives how many transactions took the write lock."""
        self.now = at(seconds)
        begun: list[str] = []

        def note(conn: object, cursor: object, sql: str, *rest: object) -> None:
            if sql == "BEGIN IMMEDIATE":
                begun.append(sql)

        event.listen(self.database.engine, "before_cursor_execute", note)
        while self.worker.look():
            pass
        event.remove(self.database.engine, "before_cursor_execute", note)
        return len(begun)

    def texts(self, conversation: int) -> list[str | None]:
        return self.books.thread(conversation)


@pytest.fixture
def desk(books: Books) -> Desk:
    found = Desk(books)
    found.looks(0)  # sweeps out presence, as once a minute
    return found


@pytest.fixture
def running(desk: Desk) -> Iterator[DeskWorker]:
    worker = desk.another(utc_now)
    worker.start()
    yield worker
    worker.stop()
    worker.join(10)
    assert not worker.is_alive()


def test_with_nothing_to_do_nobody_is_kept_from_writing(desk: Desk) -> None:
    desk.choose(bot=True, assign=Assign.LEAST_BUSY, alarm_after=10, return_after=15)
    desk.books.conversation(lid("1"))
    assert [desk.looks(second) for second in range(1, 5)] == [0, 0, 0, 0]


def test_a_claim_that_has_expired_is_swept_out(desk: Desk) -> None:
    conversation, _ = desk.books.waiting(lid("1"))
    with desk.database.write() as conn:
        desk_claims.take(conn, conversation, desk.sari, "tab", at(1))
    assert desk.looks(30) == 0
    assert desk.looks(31) == 1
    assert desk.books.rows("claim") == 0


def test_the_bot_speaks_and_work_is_shared_out(desk: Desk) -> None:
    desk.choose(bot=True, assign=Assign.LEAST_BUSY)
    with desk.database.write() as conn:
        presence.join(conn, "tab", desk.sari.admin_id or 0, at(0))
    conversation, _ = desk.books.waiting(lid("1"))
    assert desk.looks(2) == 2
    assert desk.texts(conversation) == ["halo", "Halo"]
    assert desk.books.summary(conversation).status == Status.ASSIGNED
    assert desk.looks(3) == 0


def test_tabs_that_are_gone_are_forgotten_once_a_minute(desk: Desk) -> None:
    with desk.database.write() as conn:
        presence.join(conn, "tab", desk.sari.admin_id or 0, at(-100_000))
        presence.leave(conn, "tab", at(-100_000))
    assert desk.looks(59) == 0
    assert desk.looks(60) == 1
    assert desk.books.rows("presence") == 0
    assert desk.looks(61) == 0


def test_a_chore_that_fails_is_logged_by_type_and_the_others_are_done(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    conversation, _ = desk.books.waiting(lid("1"))
    desk.choose(bot=True, greeting="RAHASIA")
    with desk.database.write() as conn:
        store_claims.put(conn, desk.books.account_id, conversation, desk.sari.admin_id or 0, "tab", at(-60))
        # whatever the reason: nothing can be queued
        conn.exec_driver_sql(
            "CREATE TRIGGER broken BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'RAHASIA'); END"
        )
    desk.looks(5)
    assert desk.books.rows("claim") == 0
    assert desk.texts(conversation) == ["halo"]
    assert "the bot leaves turn 1 to people: IntegrityError" in caplog.text
    assert "RAHASIA" not in caplog.text
    with desk.database.write() as conn:
        conn.exec_driver_sql("DROP TRIGGER broken")
    # the next customer's is none of that
    other, _ = desk.books.waiting(lid("2"))
    desk.looks(6)
    assert desk.texts(other) == ["halo", "RAHASIA"]


def test_one_turn_that_fails_holds_up_no_other_customer(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.choose(bot=True, greeting="Selamat datang")
    first, _ = desk.books.waiting(lid("1"))
    second, _ = desk.books.waiting(lid("2"))
    with desk.database.write() as conn:
        conn.exec_driver_sql(
            "CREATE TRIGGER broken BEFORE INSERT ON message"
            f" WHEN new.conversation_id = {first} BEGIN SELECT RAISE(ABORT, ''); END"
        )
    desk.looks(5)
    assert desk.texts(first) == ["halo"]
    assert desk.texts(second) == ["halo", "Selamat datang"]
    assert "to people: IntegrityError" in caplog.text


def test_even_a_database_that_cannot_be_read_does_not_end_the_clerk(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    with desk.database.write() as conn:
        conn.exec_driver_sql("ALTER TABLE setting RENAME TO elsewhere")
    assert desk.looks(5) == 0
    assert "the worker's look failed: OperationalError" in caplog.text
    with desk.database.write() as conn:
        conn.exec_driver_sql("ALTER TABLE elsewhere RENAME TO setting")
    desk.choose(bot=True)
    conversation, _ = desk.books.waiting(lid("1"))
    desk.looks(6)
    assert desk.texts(conversation) == ["halo", "Halo"]


def test_a_commit_wakes_the_running_clerk(desk: Desk, running: DeskWorker) -> None:
    now = utc_now().replace(microsecond=0)  # as WhatsApp counts
    with desk.database.write() as conn:
        links.set_state(conn, desk.books.account_id, LinkState.ONLINE, now)
    desk.choose(bot=True)
    conversation = desk.books.conversation(lid("1"), now)
    turn = desk.books.turn(conversation, now)
    desk.books.message(conversation, turn_id=turn, sent_at=now, arrived_at=now)
    wait_until(lambda: desk.texts(conversation) == ["halo", "Halo"])


def test_a_claim_that_expires_while_nobody_writes_is_noticed(desk: Desk, running: DeskWorker) -> None:
    conversation = desk.books.conversation(lid("1"))
    with desk.database.write() as conn:
        since = utc_now() - CLAIM_LASTS + timedelta(seconds=2)
        store_claims.put(conn, desk.books.account_id, conversation, desk.sari.admin_id or 0, "tab", since)
    wait_until(lambda: desk.books.rows("claim") == 0)


def test_only_open_turns_and_claims_bring_work_by_time_alone(desk: Desk) -> None:
    def is_pending() -> bool:
        with desk.database.read() as conn:
            return assignment.is_anything_pending(conn)

    assert not is_pending()
    conversation, turn = desk.books.waiting(lid("1"))
    assert is_pending()
    with desk.database.write() as conn:
        turns.close(conn, turn, Closer(Author.PHONE), None, at(1))
    assert not is_pending()
    with desk.database.write() as conn:
        store_claims.put(conn, desk.books.account_id, conversation, desk.sari.admin_id or 0, "tab", at(1))
    assert is_pending()


def test_a_look_costs_next_to_nothing_while_nothing_happens(desk: Desk) -> None:
    desk.choose(bot=True, assign=Assign.LEAST_BUSY, alarm_after=10, return_after=15)
    looks = 200
    start = time.process_time()
    for _ in range(looks):
        desk.worker.look()
    # one look a second: 2 ms are 0.2 % of a processor (it takes half of that; the rest is for busy machines)
    assert (time.process_time() - start) / looks < 0.004
