"""One linked number as the supervisor sees it: its session process, its failures, and what to do next."""

import logging
import sys
import time
from datetime import timedelta

from auth_store.place import wipe_session
from daemon.backoff import delay
from daemon.config import Config
from daemon.domain.links import NEXT_STEP, LinkReason, LinkState, NextStep
from daemon.domain.time import Clock
from daemon.room import Room
from daemon.service.children import Child
from daemon.service.pulse import Pulse
from daemon.store import accounts
from daemon.store.accounts import Account, Link
from daemon.store.engine import Database

log = logging.getLogger(__name__)

# a session that was online for so long has no failures behind it; one that came online, only a few
GOOD_LIFE, SHORT_LIFE_FAILURES = timedelta(seconds=10), 2


class AccountWatch:
    """One account: its session process, its failures in a row, and what to do next."""

    def __init__(self, config: Config, database: Database, account_id: int, clock: Clock) -> None:
        self._config = config
        self._database = database
        self._account_id = account_id
        self._clock = clock
        self._room = Room(config, database)
        self._failures = 0
        self._pulse: Pulse | None = None
        self._was_silent = False
        self.child: Child | None = None

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
            log.info("session %d ended with %d", self._account_id, code)
            self._after_end(self.child)
            self.child = None
            if self._pulse is not None:
                self._pulse.close()
                self._pulse = None
        with self._database.read() as conn:
            link, account = accounts.get_link(conn, self._account_id), accounts.get(conn, self._account_id)
        if self._may_start(link, account) and self._has_room(link):
            self._start()

    def _start(self) -> None:
        with self._database.write() as conn:
            accounts.change_link(conn, self._account_id, self._clock(), wish="")
        pulse = Pulse(time.monotonic())
        number = ["--account", str(self._account_id), "--pulse", str(pulse.writer)]
        self.child = Child(
            f"session {self._account_id}",
            [sys.executable, "-m", "daemon.session", *number],
            # Go reads the environment as it was when the process started
            {**self._config.environment(), "NEONIZE_BOT_TAG": "off"},
            self._clock(),
            keeps=(pulse.writer,),
        )
        pulse.started()
        self._pulse = pulse

    def _feel_pulse(self, child: Child) -> None:
        if self._pulse is None:
            return
        now = time.monotonic()
        self._pulse.look(now)
        silent = self._pulse.is_silent(now)
        if silent != self._was_silent:
            self._was_silent = silent
            log.warning("session %d %s", self._account_id, "is silent" if silent else "is back")
        if self._pulse.is_dead(now):
            log.error("session %d shows no sign of life and is killed", self._account_id)
            child.kill()

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

    def _has_room(self, link: Link) -> bool:
        """Whether there is room to receive; says so once if there is not."""
        known = link.reason == LinkReason.DISK_FULL
        if not self._room.is_short(known):
            return True
        if not known:
            with self._database.write() as conn:
                now = self._clock()
                accounts.set_state(conn, self._account_id, LinkState.OFFLINE, now, LinkReason.DISK_FULL)
        return False

    def _unlink_offline(self) -> None:
        wipe_session(self._config.data, self._account_id)
        with self._database.write() as conn:
            now = self._clock()
            accounts.set_state(conn, self._account_id, LinkState.UNLINKED, now, LinkReason.UNLINKED_HERE, wish="")
            accounts.forget_identity(conn, self._account_id)
