"""The daemon's life: pure Python that starts, watches and restarts the sessions and the inbox."""

import logging
import os
import select
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timedelta

from auth_store.place import wipe_session
from daemon import jobs
from daemon.backoff import delay
from daemon.children import Child
from daemon.clerk import Clerk
from daemon.config import Config
from daemon.domain.links import NEXT_STEP, LinkReason, LinkState, NextStep
from daemon.domain.time import Clock, utc_now
from daemon.store import accounts
from daemon.store.accounts import Account, Link
from daemon.store.engine import Database
from daemon.store.watch import ChangeWatch

log = logging.getLogger(__name__)

TICK = 0.1
# a session that was online for so long has no failures behind it; one that came online, only a few
GOOD_LIFE, SHORT_LIFE_FAILURES = timedelta(seconds=10), 2
# pairing codes are shown for so long after a start, and as long as somebody looks at the link page
PAIRING_WINDOW = timedelta(minutes=30)
SESSION_ENDS_WITHIN, INBOX_ENDS_WITHIN, CLERK_ENDS_WITHIN = 15.0, 10.0, 5.0


class AccountWatch:
    """One account: its session process, its failures in a row, and what to do next."""

    def __init__(self, config: Config, database: Database, account_id: int, clock: Clock) -> None:
        self._config = config
        self._database = database
        self._account_id = account_id
        self._clock = clock
        self._failures = 0
        self.child: Child | None = None

    def look(self) -> None:
        """Notice the session's end; start a new one when it is time."""
        if self.child is not None:
            code = self.child.exit_code()
            if code is None:
                return
            log.info("session %d ended with %d", self._account_id, code)
            self._after_end(self.child)
            self.child = None
        with self._database.read() as conn:
            link, account = accounts.get_link(conn, self._account_id), accounts.get(conn, self._account_id)
        if self._may_start(link, account):
            self._start()

    def _start(self) -> None:
        with self._database.write() as conn:
            accounts.change_link(conn, self._account_id, self._clock(), wish="")
        self.child = Child(
            f"session {self._account_id}",
            [sys.executable, "-m", "daemon.session", "--account", str(self._account_id)],
            # Go reads the environment as it was when the process started
            {**self._config.environment(), "NEONIZE_BOT_TAG": "off"},
            self._clock(),
        )

    def _after_end(self, child: Child) -> None:
        """Write the truth about a session that could not write it itself; set the next attempt's time."""
        now = self._clock()
        with self._database.write() as conn:
            link = accounts.get_link(conn, self._account_id)
            online = link.online_at is not None and link.online_at > child.started_at
            if online and link.online_at:
                lived = now - link.online_at
                self._failures = 0 if lived > GOOD_LIFE else min(self._failures, SHORT_LIFE_FAILURES)
            state, reason, detail = link.state, link.reason, link.detail
            if NEXT_STEP[state] == NextStep.NOTHING and state != LinkState.STOPPED:
                state, reason, detail = LinkState.OFFLINE, LinkReason.SESSION_DIED, None
            if NEXT_STEP[state] == NextStep.RETRY:
                retry_at = now + delay(self._failures)
                self._failures += 1
                accounts.set_state(conn, self._account_id, state, now, reason, detail=detail, retry_at=retry_at)

    def _may_start(self, link: Link, account: Account) -> bool:
        now = self._clock()
        if link.wish == accounts.WISH_UNLINK:
            self._unlink_offline()
            return False
        if link.wish == accounts.WISH_RECONNECT:
            self._failures = 0
            return True
        match NEXT_STEP[link.state]:
            case NextStep.RETRY | NextStep.WAIT_UNTIL:
                return link.retry_at is None or now >= link.retry_at
            case NextStep.PAIR:
                return link.pair_until is not None and now < link.pair_until
            case NextStep.PERSON:
                return False
        return account.device is not None

    def _unlink_offline(self) -> None:
        wipe_session(self._config.data, self._account_id)
        with self._database.write() as conn:
            now = self._clock()
            accounts.set_state(conn, self._account_id, LinkState.UNLINKED, now, LinkReason.UNLINKED_HERE, wish="")
            accounts.forget_identity(conn, self._account_id)


class Supervisor:
    """Runs until SIGTERM or SIGINT; `on_change` is called whenever the database has changed."""

    def __init__(
        self,
        config: Config,
        database: Database,
        inbox_command: list[str],
        on_change: Callable[[], None] = lambda: None,
        clock: Clock = utc_now,
    ) -> None:
        self._config = config
        self._database = database
        self._inbox_command = inbox_command
        self._on_change = on_change
        self._clock = clock
        self._inbox: Child | None = None
        self._inbox_failures = 0
        self._inbox_next: datetime = clock()
        self._stopping = False
        with database.read() as conn:
            ids = [account.id for account in accounts.every(conn)]
        self._accounts = [AccountWatch(config, database, number, clock) for number in ids]

    def run(self) -> None:
        """Start everything and keep it running; returns after a clean stop."""
        self._prepare()
        wake = _wake_on_signals(self._stop)
        scheduler = jobs.schedule(self._database, self._clock)
        clerk = Clerk(self._database, self._config.timezone, self._config.shop, self._clock)
        clerk.start()
        watch = ChangeWatch(self._database)
        try:
            while not self._stopping:
                self._look_after_inbox()
                for account in self._accounts:
                    account.look()
                if watch.changed():
                    self._on_change()
                if select.select([wake], [], [], TICK)[0]:
                    os.read(wake, 512)
        finally:
            scheduler.shutdown(wait=False)
            clerk.stop()
            self._end_children()
            clerk.join(CLERK_ENDS_WITHIN)
            watch.close()

    def _stop(self) -> None:
        self._stopping = True

    def _prepare(self) -> None:
        """Give every account that was never linked a window for pairing; whoever was online goes on."""
        with self._database.write() as conn:
            now = self._clock()
            for account in accounts.every(conn):
                link = accounts.get_link(conn, account.id)
                if account.device is not None:
                    if NEXT_STEP[link.state] in (NextStep.NOTHING, NextStep.RETRY, NextStep.PERSON):
                        accounts.set_state(conn, account.id, LinkState.OFFLINE, now, LinkReason.NONE)
                elif link.state not in (LinkState.LOGGED_OUT, LinkState.BANNED):
                    accounts.set_state(
                        conn,
                        account.id,
                        LinkState.UNLINKED,
                        now,
                        link.reason if link.state == LinkState.UNLINKED else LinkReason.NONE,
                        pair_until=now + PAIRING_WINDOW,
                    )

    def _look_after_inbox(self) -> None:
        now = self._clock()
        if self._inbox is not None:
            if (code := self._inbox.exit_code()) is None:
                return
            log.warning("the inbox ended with %d", code)
            lived = now - self._inbox.started_at
            self._inbox_failures = 0 if lived > GOOD_LIFE else self._inbox_failures + 1
            self._inbox_next = now + delay(self._inbox_failures)
            self._inbox = None
        if now >= self._inbox_next:
            self._inbox = Child("inbox", self._inbox_command, self._config.environment(), now)

    def _end_children(self) -> None:
        sessions = [account.child for account in self._accounts if account.child is not None]
        for child in [*sessions, *([self._inbox] if self._inbox else [])]:
            child.terminate()
        for child in sessions:
            child.wait(SESSION_ENDS_WITHIN)
        if self._inbox is not None:
            self._inbox.wait(INBOX_ENDS_WITHIN)


def _wake_on_signals(stop: Callable[[], None]) -> int:
    """A file descriptor that becomes readable when a child has ended or somebody asks us to stop."""
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda n, frame: stop())
    return reader
