"""One account as the supervisor sees it: its session process, its failures, and what to do next."""

import logging
import sys
import time
from datetime import datetime, timedelta

from auth_store.files import wipe_session
from daemon.config import Config
from daemon.desk import pairing
from daemon.domain.links import NEXT_STEP, LinkReason, LinkState, NextStep
from daemon.domain.login_attempts import THEN_EVERY
from daemon.domain.time import Clock
from daemon.heartbeat import UNFORESEEN, Pulse
from daemon.maintenance.disk_space import DiskSpace
from daemon.store import accounts, links
from daemon.store.accounts import Account
from daemon.store.engine import Database
from daemon.store.links import Link
from daemon.supervisor.backoff import delay
from daemon.supervisor.child_process import ChildProcess

log = logging.getLogger(__name__)

SESSION_DIES_WITHIN = 5.0
# a session that ran for so long can run
GOOD_LIFE = timedelta(minutes=1)


class SessionWatch:
    """One account: its session process, its failures in a row, and what to do next."""

    def __init__(self, config: Config, database: Database, account_id: int, clock: Clock) -> None:
        self._config = config
        self._database = database
        self.account_id = account_id
        self._clock = clock
        self._disk = DiskSpace(config, database)
        self._pulse: Pulse | None = None
        self._was_silent = False
        # a session has ended, and the link's row does not say so yet
        self._is_unsettled = False
        # sessions in a row that soon met what nobody foresaw
        self._unforeseen = 0
        self.child: ChildProcess | None = None

    @property
    def is_well(self) -> bool:
        """Whether the session that runs shows signs of life; a link that is down is no illness."""
        return self._pulse is None or not self._pulse.is_silent(time.monotonic())

    def look(self) -> None:
        """Notice the session's end or silence; start a new one when it is time."""
        if self.child is not None:
            code = self.child.exit_code()
            if code is None:
                self._feel_pulse(self.child)
                return
            log.info("session %d ended with %d", self.account_id, code)
            self._count(code, self._clock() - self.child.started_at)
            self.child = None
            self._is_unsettled = True
            if self._pulse is not None:
                self._pulse.close()
                self._pulse = None
        if self._is_unsettled:
            self._after_end()
            self._is_unsettled = False
        with self._database.read() as conn:
            link, account = links.get(conn, self.account_id), accounts.get(conn, self.account_id)
        if self._may_start(link, account) and self._has_room(link):
            self._start(link)

    def end(self) -> None:
        """The account is gone: end its session at once and delete its keys."""
        if self.child is not None:
            self.child.kill()
            self.child.wait(SESSION_DIES_WITHIN)
            self.child = None
        if self._pulse is not None:
            self._pulse.close()
            self._pulse = None
        wipe_session(self._config.data, self.account_id)

    def _start(self, link: Link) -> None:
        now = self._clock()
        with self._database.write() as conn:
            if links.get(conn, self.account_id).wish != link.wish:
                return  # somebody has asked for something this very moment: the next look sees it
            links.change(conn, self.account_id, now, wish="")
            links.keep_attempts(conn, self.account_id, link.attempts.tried(now))
        pulse = Pulse(time.monotonic())
        arguments = ["--account", str(self.account_id), "--pulse", str(pulse.writer)]
        try:
            self.child = ChildProcess(
                f"session {self.account_id}",
                [sys.executable, "-m", "daemon.session", *arguments],
                # Go reads the environment as it was when the process started
                {**self._config.environment(), "NEONIZE_BOT_TAG": "off"},
                now,
                keeps=(pulse.writer,),
            )
        except OSError:
            pulse.close()
            raise
        finally:
            pulse.started()
        self._pulse = pulse

    def _feel_pulse(self, child: ChildProcess) -> None:
        if self._pulse is None:
            return
        now = time.monotonic()
        self._pulse.look(now)
        silent = self._pulse.is_silent(now)
        if silent != self._was_silent:
            self._was_silent = silent
            log.warning("session %d %s", self.account_id, "is silent" if silent else "is back")
        if self._pulse.is_dead(now):
            log.error("session %d shows no sign of life and is killed", self.account_id)
            child.kill()
            # said once, although it takes some moments to be gone
            self._pulse.close()
            self._pulse = None

    def _count(self, code: int, lived: timedelta) -> None:
        soon = code == UNFORESEEN and lived < GOOD_LIFE
        self._unforeseen = self._unforeseen + 1 if soon else 0

    def _after_end(self) -> None:
        """Write the truth about a session that could not write it itself; set the next attempt's time."""
        now = self._clock()
        with self._database.write() as conn:
            link = links.get(conn, self.account_id)
            state, reason, detail = link.state, link.reason, link.detail
            if (state, reason) == (LinkState.LINKING, LinkReason.SAME_NUMBER):
                # killed before it could log itself out: without keys nothing more of that account comes in
                wipe_session(self._config.data, self.account_id)
                links.set_state(conn, self.account_id, LinkState.UNLINKED, now, reason)
                return
            if NEXT_STEP[state] == NextStep.NOTHING and state != LinkState.STOPPED:
                state, reason, detail = LinkState.OFFLINE, LinkReason.SESSION_DIED, None
            if NEXT_STEP[state] == NextStep.RETRY:
                retry_at = self._next_attempt(link, reason, now)
                links.set_state(conn, self.account_id, state, now, reason, detail=detail, retry_at=retry_at)

    def _next_attempt(self, link: Link, reason: LinkReason, now: datetime) -> datetime:
        if link.tries_in_vain:
            found = now + delay(link.tries_in_vain - 1)
        elif reason == LinkReason.SESSION_DIED and self._unforeseen < 2:
            # it was online: nobody but us has a reason to wait
            found = now
        elif reason == LinkReason.SESSION_DIED:
            # what ends one life after the other must not log in every second
            found = now + delay(self._unforeseen - 1)
        else:
            found = now + delay(0)
        if link.tried_at is None or link.attempts.may_go_on(found):
            return found
        return link.tried_at + THEN_EVERY

    def _may_start(self, link: Link, account: Account) -> bool:
        now = self._clock()
        if link.wish == links.WISH_UNLINK:
            self._unlink_offline()
            return False
        if not link.attempts.may_go_on(now):
            return False
        step = NEXT_STEP[link.state]
        # a date that WhatsApp has set is waited for, whoever is impatient
        if link.wish == links.WISH_RECONNECT and step != NextStep.WAIT_UNTIL:
            return True
        match step:
            case NextStep.RETRY | NextStep.WAIT_UNTIL:
                return link.retry_at is None or now >= link.retry_at
            case NextStep.PAIR:
                return pairing.is_awaited(link, now)
            case NextStep.PERSON:
                return False
        return account.device is not None

    def _has_room(self, link: Link) -> bool:
        """Whether there is room to receive; says so once if there is not."""
        known = link.reason == LinkReason.DISK_FULL
        if not self._disk.is_short(known):
            return True
        if not known:
            with self._database.write() as conn:
                now = self._clock()
                links.set_state(conn, self.account_id, LinkState.OFFLINE, now, LinkReason.DISK_FULL)
        return False

    def _unlink_offline(self) -> None:
        wipe_session(self._config.data, self.account_id)
        with self._database.write() as conn:
            now = self._clock()
            links.set_state(conn, self.account_id, LinkState.UNLINKED, now, LinkReason.UNLINKED_HERE, wish="")
            accounts.forget_identity(conn, self.account_id)
