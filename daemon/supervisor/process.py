"""The daemon's life: pure Python that starts, watches and restarts the sessions and the inbox."""

import logging
import os
import select
import signal
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import NoResultFound

from daemon.config import Config
from daemon.desk import pairing
from daemon.domain.links import NEXT_STEP, LinkReason, LinkState, NextStep
from daemon.domain.time import Clock, utc_now
from daemon.heartbeat import SUPERVISOR, Vitals
from daemon.logs import Guard
from daemon.store import accounts, links
from daemon.store.change_watch import ChangeWatch
from daemon.store.engine import Database
from daemon.supervisor.backoff import delay
from daemon.supervisor.child_process import ChildProcess
from daemon.supervisor.helpers import Helpers
from daemon.supervisor.inbox_probe import InboxProbe
from daemon.supervisor.session_watch import SessionWatch
from daemon.supervisor.systemd import ServiceManager

log = logging.getLogger(__name__)

# seconds between two looks, and until what failed is tried again
TICK, RETRY_AFTER = 0.1, 1.0
# an inbox that ran for so long can run
GOOD_LIFE = timedelta(seconds=10)
SESSION_ENDS_WITHIN, INBOX_ENDS_WITHIN = 15.0, 10.0


class Supervisor:
    """Runs until SIGTERM or SIGINT; `on_change` is called whenever the database has changed.

    It looks after its children several times a second, so its `database` is best one that waits briefly.
    """

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
        self._inbox: ChildProcess | None = None
        self._inbox_failures = 0
        self._inbox_next: datetime = clock()
        self._probe = InboxProbe(config)
        self._notifier = ServiceManager()
        self._vitals = Vitals(config.data, SUPERVISOR)
        self._helpers = Helpers(config, clock, lambda: self._probe.answers)
        self._guarded = Guard(log, "the supervisor's")
        self._watch: ChangeWatch | None = None
        self._has_news = True
        self._is_prepared = False
        self._is_ready = False
        self._sign_at = 0.0
        self._stopping = False
        self._watches: list[SessionWatch] = []

    def run(self) -> None:
        """Start everything and keep it running, whatever goes wrong; returns after a clean stop."""
        wake = _wake_on_signals(self._stop)
        while not (self._is_prepared or self._stopping):
            self._vitals.beat()
            with self._guarded("preparation"):
                self._prepare()
                self._is_prepared = True
            self._rest(wake)
        self._probe.start()
        try:
            while not self._stopping:
                self._look()
                self._rest(wake)
        finally:
            self._end()

    def _look(self) -> None:
        """Look after everything once, each for itself: what fails is tried again, and holds up nothing else."""
        self._vitals.beat()
        with self._guarded("look at the accounts"):
            if self._watch is None:
                self._watch = ChangeWatch(self._database)
            self._has_news |= self._watch.changed()
            if self._has_news:
                self._meet_accounts()
        # the session first: it takes longer to be of use
        for watch in self._watches:
            with self._guarded(f"look at session {watch.account_id}"):
                self._look_after_session(watch)
            # an attempt in vain takes two seconds
            self._vitals.beat()
        with self._guarded("look at the inbox"):
            self._look_after_inbox()
        # after the children: they take longest. What helps us has time, and is half of what we have to import.
        with self._guarded("look at its helpers"):
            self._helpers.look()
        with self._guarded("word to the service manager"):
            self._tell_service_manager()
        if self._has_news:
            with self._guarded("news"):
                self._on_change()
            with self._guarded("summary"):
                self._notifier.status(self._summary())
                self._has_news = self._guarded.failed

    def _rest(self, wake: int) -> None:
        """Wait for the next look, or for a signal."""
        pause = RETRY_AFTER if self._guarded.failed else TICK
        self._guarded.failed = False
        if select.select([wake], [], [], pause)[0]:
            os.read(wake, 512)

    def _end(self) -> None:
        self._notifier.stopping()
        self._probe.stop()
        with self._guarded("word to its helpers"):
            self._helpers.stop()
        self._end_children()
        self._helpers.join()
        if self._watch is not None:
            self._watch.close()

    def _stop(self) -> None:
        self._stopping = True

    def _prepare(self) -> None:
        """Show codes for every account that is not linked, as if somebody looked; whoever was online goes on."""
        with self._database.write() as conn:
            now = self._clock()
            for account in accounts.every(conn):
                link = links.get(conn, account.id)
                if account.device is not None:
                    if NEXT_STEP[link.state] in (NextStep.NOTHING, NextStep.RETRY, NextStep.PERSON):
                        links.set_state(conn, account.id, LinkState.OFFLINE, now, LinkReason.NONE)
                elif link.state not in (LinkState.LOGGED_OUT, LinkState.BANNED):
                    reason = link.reason if link.state == LinkState.UNLINKED else LinkReason.NONE
                    links.set_state(conn, account.id, LinkState.UNLINKED, now, reason)
                    pairing.keep_codes_coming(conn, account.id, now)

    def _meet_accounts(self) -> None:
        """Watch over accounts that are new, and let go of those that were removed."""
        with self._database.read() as conn:
            ids = [account.id for account in accounts.every(conn)]
        for gone in [watch for watch in self._watches if watch.account_id not in ids]:
            gone.end()
            self._watches.remove(gone)
        known = {watch.account_id for watch in self._watches}
        new = [account_id for account_id in ids if account_id not in known]
        self._watches += [
            SessionWatch(self._config, self._database, account_id, self._clock) for account_id in new
        ]

    def _look_after_session(self, watch: SessionWatch) -> None:
        try:
            watch.look()
        except NoResultFound:
            log.info("account %d is being removed", watch.account_id)

    def _look_after_inbox(self) -> None:
        now = self._clock()
        if self._inbox is not None:
            if (code := self._inbox.exit_code()) is None:
                if self._probe.is_dead:
                    log.error("the inbox does not answer and is killed")
                    self._probe.begin_anew()
                    self._inbox.kill()
                return
            log.warning("the inbox ended with %d", code)
            lived = now - self._inbox.started_at
            self._inbox_failures = 0 if lived > GOOD_LIFE else self._inbox_failures + 1
            # one that ran and died comes back at once, one that can't run ever more slowly
            self._inbox_next = now + delay(self._inbox_failures - 1) if self._inbox_failures else now
            self._inbox = None
        if now >= self._inbox_next:
            self._probe.begin_anew()
            self._inbox = ChildProcess("inbox", self._inbox_command, self._config.environment(), now)

    def _summary(self) -> str:
        """The state of every link, by account: everybody on this machine may read it."""
        with self._database.read() as conn:
            found = [links.get(conn, account.id) for account in accounts.every(conn)]
        return ", ".join(f"link {link.account_id}: {link.state.value}" for link in found)

    def _tell_service_manager(self) -> None:
        """Ready once everything was started and the inbox answers; alive only while that is so."""
        well = self._probe.answers and all(watch.is_well for watch in self._watches)
        if well and not self._is_ready:
            self._is_ready = True
            self._notifier.ready()
        every, now = self._notifier.every, time.monotonic()
        if well and every is not None and now >= self._sign_at:
            # the inbox is asked every few seconds, so more often would say nothing new
            self._sign_at = now + every
            self._notifier.alive()

    def _end_children(self) -> None:
        sessions = [watch.child for watch in self._watches if watch.child is not None]
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
