"""A day of failing logins as one account's watch lives it: real processes, a real database, a clock that is moved.

The session processes can't even start (their Python finds no library), or the test plays what they would have
written; every one that is started counts as an attempt.
"""

import dataclasses
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from daemon.config import Config
from daemon.domain.links import LinkReason, LinkState
from daemon.store import accounts, links
from daemon.store.engine import Database
from daemon.store.links import Link
from daemon.supervisor.process import Supervisor
from daemon.supervisor.session_watch import SessionWatch
from tests.support.books import Books
from tests.support.builders import NOON

MINUTE = timedelta(minutes=1)


class Day:
    """One account whose sessions fail, and the moments at which they were started."""

    def __init__(self, config: Config, database: Database, account_id: int) -> None:
        self._config = config
        self.database = database
        self.account_id = account_id
        self.now = NOON
        self.attempts: list[datetime] = []
        self.watch = SessionWatch(config, database, account_id, lambda: self.now)

    def restart(self) -> None:
        """Another supervisor, which knows what the database says and nothing else."""
        supervisor = Supervisor(self._config, self.database, ["true"], clock=lambda: self.now)
        supervisor._prepare()
        self.watch = SessionWatch(self._config, self.database, self.account_id, lambda: self.now)

    def link(self) -> Link:
        with self.database.read() as conn:
            return links.get(conn, self.account_id)

    def becomes(
        self, state: LinkState, reason: LinkReason = LinkReason.NONE, until: datetime | None = None
    ) -> None:
        """Write what the session would have written."""
        with self.database.write() as conn:
            assert links.set_state(conn, self.account_id, state, self.now, reason, retry_at=until)

    def is_online_for(self, life: timedelta) -> None:
        """The present session gets in, and time passes."""
        for state in (LinkState.CONNECTING, LinkState.CATCHING_UP, LinkState.ONLINE):
            self.becomes(state)
        self.now += life

    def press(self) -> None:
        """Somebody presses “connect now”."""
        with self.database.write() as conn:
            links.change(conn, self.account_id, self.now, wish=links.WISH_RECONNECT)

    def look(self) -> bool:
        """Whether a session was started; if so, it has failed meanwhile."""
        self.watch.look()
        child = self.watch.child
        if child is None:
            return False
        self.attempts.append(self.now)
        child.wait(20)
        return True


@pytest.fixture
def day(books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Day:
    """A linked account on the morning of its bad day."""
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    config = Config.from_env({"BALAS_DATA": str(folder)})
    with books.database.write() as conn:
        accounts.set_identity(conn, books.account_id, "6281200000001", "100001", 7, NOON)
    found = Day(dataclasses.replace(config, database_url=books.database.url), books.database, books.account_id)
    for state in (LinkState.CONNECTING, LinkState.ONLINE, LinkState.STOPPED):
        found.becomes(state)
    found.restart()
    return found


def test_a_day_in_which_no_session_gets_in_has_ten_attempts_and_then_one_a_minute_at_most(day: Day) -> None:
    while day.now < NOON + timedelta(days=1):
        if day.look():
            day.watch.look()
            if len(day.attempts) in (6, 40, 200):
                day.restart()
            assert day.link().state == LinkState.OFFLINE
            day.now = max(day.link().retry_at or day.now, day.now)
        else:
            day.now += timedelta(seconds=1)
    assert all(b - a >= MINUTE for a, b in pairwise(day.attempts[9:]))
    # quick while it may be a hiccup, and never asleep
    assert day.attempts[3] - NOON < timedelta(seconds=10)
    assert all(b - a <= 6 * MINUTE for a, b in pairwise(day.attempts))


def test_an_admin_who_presses_every_second_gets_one_attempt_a_minute(day: Day) -> None:
    while day.now < NOON + timedelta(minutes=15):
        day.press()
        if day.look():
            day.watch.look()
            if len(day.attempts) == 12:
                day.restart()
        day.now += timedelta(seconds=1)
    assert all(b - a >= MINUTE for a, b in pairwise(day.attempts[9:]))
    # the first ten at once, then one each minute
    assert 10 + 13 <= len(day.attempts) <= 10 + 15


def test_nobody_can_hurry_a_ban(day: Day) -> None:
    end = NOON + timedelta(hours=2)
    day.becomes(LinkState.CONNECTING)
    day.becomes(LinkState.BANNED, until=end)
    while day.now < end:
        day.press()
        if day.now.minute == 30:
            day.restart()
        assert not day.look()
        day.now += MINUTE
    assert day.look()


@pytest.mark.parametrize("state", [LinkState.OUTDATED, LinkState.REPLACED])
def test_what_only_a_person_can_mend_is_not_tried_at_all(day: Day, state: LinkState) -> None:
    day.becomes(LinkState.CONNECTING)
    day.becomes(state)
    for _ in range(60):
        assert not day.look()
        day.now += timedelta(hours=1)
    day.press()
    assert day.look()


def test_a_link_that_is_up_for_eleven_seconds_at_a_time_is_tried_once_a_minute_in_the_end(day: Day) -> None:
    with day.database.write() as conn:
        before = dataclasses.replace(day.link().attempts, earlier=95)
        links.keep_attempts(conn, day.account_id, before)
    while day.now < NOON + timedelta(minutes=30):
        if day.look():
            day.is_online_for(timedelta(seconds=11))
            day.becomes(LinkState.OFFLINE, LinkReason.DROPPED)
            day.watch.look()
            assert day.watch.child is None
        day.now += timedelta(seconds=1)
    assert len(day.attempts) > 25
    assert all(b - a >= MINUTE for a, b in pairwise(day.attempts[5:]))


def test_a_session_that_died_online_is_replaced_at_once_and_a_dropped_one_after_a_moment(day: Day) -> None:
    assert day.look()
    day.is_online_for(timedelta(hours=1))
    assert day.link().state == LinkState.ONLINE
    first = day.watch.child
    day.watch.look()
    assert day.watch.child not in (None, first)
    assert (day.link().reason, day.link().tries_in_vain) == (LinkReason.SESSION_DIED, 1)
    day.watch.child.wait(20)
    day.is_online_for(timedelta(hours=1))
    day.becomes(LinkState.OFFLINE, LinkReason.DROPPED)
    assert not day.look()
    retry_at = day.link().retry_at
    assert retry_at is not None
    assert timedelta(0) < retry_at - day.now <= timedelta(seconds=0.5)
