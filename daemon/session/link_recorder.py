"""Writes what the session learns about its link, and tells the session when it is over."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from queue import Queue

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from daemon.desk import message_changes, other_devices, primary_phone
from daemon.domain.link_events import (
    BacklogBegun,
    BacklogEnded,
    CodeShown,
    Connected,
    LinkEnded,
    LinkEvent,
    PairCodeShown,
    Paired,
    Unstable,
)
from daemon.domain.links import LinkReason, LinkState
from daemon.domain.primary_phone import PhoneLimits
from daemon.domain.time import Clock
from daemon.store import accounts, links
from daemon.store.busy import is_busy, until_taken
from daemon.store.engine import Database

log = logging.getLogger(__name__)

# what went wrong with the last code stays on the page beside the new one
_STILL_TRUE = {
    LinkReason.CODES_EXPIRED,
    LinkReason.CODE_REFUSED,
    LinkReason.FULL,
    LinkReason.PASSKEY,
    LinkReason.PAIR_ERROR,
    LinkReason.SAME_NUMBER,
}
REFUSED = LinkEnded(LinkState.UNLINKED, LinkReason.SAME_NUMBER)
# the first code of a set is valid longer than the others (WhatsApp's own client: 60 s, then 20 s)
FIRST_CODE, NEXT_CODE = timedelta(seconds=60), timedelta(seconds=20)


class LinkRecorder:
    """Turns signals into rows of the link, in the order in which they come."""

    def __init__(
        self, database: Database, account_id: int, clock: Clock, limits: PhoneLimits | None = None
    ) -> None:
        # no SimpleQueue: its get() waits for ever when a signal's handler outlasts the timeout (seen with 3.11)
        self.ended: Queue[LinkEnded] = Queue()
        self.connected = threading.Event()
        # set while replies may leave: the backlog of the time away is in, so that it is known what the phone has
        # answered, and WhatsApp answers us
        self.ready = threading.Event()
        self.pairing = False
        # the phone that scanned belongs to another account here: nothing of what arrives may be kept
        self.refused = False
        self._refused_since: float | None = None
        self._database = database
        self._account_id = account_id
        self._clock = clock
        self._limits = limits or PhoneLimits()
        self._codes = 0
        # messages that the server has announced
        self.backlog_total = 0
        self._catching_up = False
        self._backlog_ended = False
        # pings are not answered: what we think of the link is old
        self._unanswered = False
        self._connected_since: float | None = None
        self._over = False
        self._lock = threading.Lock()

    @property
    def catching_up(self) -> bool:
        """Whether the backlog of the time away is still arriving."""
        return self._catching_up

    @property
    def unanswered(self) -> bool:
        """Whether WhatsApp does not answer now: its silence says nothing."""
        return self._unanswered

    @property
    def waits_for_backlog(self) -> float:
        """Seconds since the login in which the server has said nothing about a backlog; 0 once it has."""
        since = self._connected_since
        return 0.0 if since is None or self._backlog_ended else time.monotonic() - since

    @property
    def refused_for(self) -> float:
        """Seconds since another account's phone has scanned our code; 0 if none has."""
        since = self._refused_since
        return 0.0 if since is None else time.monotonic() - since

    def leave(self) -> None:
        """We end the link ourselves: the broken connection that follows is no news."""
        with self._lock:
            self._over = True

    def handle(self, signal: LinkEvent, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Record one signal, however long the database is busy; called on the library's threads."""
        until_taken(lambda: self.try_to_handle(signal), "what happened to the link", meanwhile)

    def try_to_handle(self, signal: LinkEvent) -> None:
        """Record one signal, or raise that the database is busy: for whoever may not wait."""
        # an attempt at a time: the link's end is heard while another signal waits for the database
        with self._lock:
            if self._over:
                return  # the first reason is the cause, what comes later its consequences
            now = self._clock()
            if isinstance(signal, LinkEnded):
                self._end(signal, now)
                return
            with self._database.write() as conn:
                self._apply(conn, signal, now)
            if self.refused and isinstance(signal, Connected):
                # only a device that is logged in can log itself out: the session does that as its last act
                self.connected.set()
                self._over = True
                self.ended.put(REFUSED)

    def _apply(self, conn: Connection, signal: LinkEvent, now: datetime) -> None:
        def state(to: LinkState, **values: object) -> None:
            links.set_state(conn, self._account_id, to, now, **values)  # type: ignore[arg-type]

        match signal:
            case CodeShown(text):
                self.pairing = True
                self._codes += 1
                life = FIRST_CODE if self._codes == 1 else NEXT_CODE
                before = links.get(conn, self._account_id).reason
                why = before if before in _STILL_TRUE else LinkReason.NONE
                state(LinkState.PAIRING, reason=why, qr=text, qr_expires_at=now + life)
            case PairCodeShown(code):
                links.change(conn, self._account_id, now, pair_code=code)
            case Paired(address):
                self.pairing = False
                # decided here, because messages may arrive before the login is complete
                self.refused = not self._take_identity(conn, address.user, None, address.device, now)
                self._refused_since = time.monotonic() if self.refused else None
                why = LinkReason.SAME_NUMBER if self.refused else LinkReason.NONE
                state(LinkState.LINKING, reason=why, pair_phone=None)
            case Connected(address, lid):
                self.pairing = False
                whose = address.user, lid, address.device
                self.refused = self.refused or not self._take_identity(conn, *whose, now)
                if self.refused:
                    return
                state(LinkState.ONLINE if self._backlog_ended else LinkState.CATCHING_UP, pair_until=None)
                self._connected_since = time.monotonic()
                self._unanswered = False
                self.connected.set()
                if self._backlog_ended:
                    self.ready.set()
            case BacklogBegun(0):
                pass
            case BacklogBegun(messages):
                self._catching_up = True
                self.backlog_total = messages
                # the library may have logged in anew by itself (515): the phone may have answered in between
                self._backlog_ended = False
                self.ready.clear()
                state(LinkState.CATCHING_UP, backlog_total=messages, backlog_done=0)
            case BacklogEnded():
                self._catching_up = False
                self._backlog_ended = True
                if self.connected.is_set() and not self._unanswered:
                    state(LinkState.ONLINE)
                    self.ready.set()
            case Unstable(answered):
                back = LinkState.ONLINE if self._backlog_ended else LinkState.CATCHING_UP
                state(back if answered else LinkState.UNSTABLE)
                self._unanswered = not answered
                if not answered:
                    self.ready.clear()
                elif self._backlog_ended and self.connected.is_set():
                    self.ready.set()

    def _take_identity(
        self, conn: Connection, phone: str | None, lid: str | None, device: int, now: datetime
    ) -> bool:
        before = accounts.get(conn, self._account_id).device
        if not accounts.take_identity(conn, self._account_id, phone, lid, device, now):
            return False
        if device != before:
            other_devices.device_changed(conn, self._account_id, now)
            message_changes.device_changed(conn, self._account_id, now)
        return True

    def _end(self, signal: LinkEnded, now: datetime) -> None:
        self._over = True
        self.connected.clear()
        self.ready.clear()
        if self.refused:
            self.ended.put(REFUSED)
            return
        try:
            if signal.reason == LinkReason.UNLINKED_BY_PHONE:
                with self._database.read() as conn:
                    reason = primary_phone.reason_of_end(conn, self._account_id, self._limits, now)
                signal = replace(signal, reason=reason)
            log.info("the link ended: %s %s %s", signal.state.value, signal.reason.value, signal.detail or "")
            # a refused account is not asked for again by the next session: WhatsApp counts the attempts
            refused = {"pair_phone": None} if signal.reason == LinkReason.CODE_REFUSED else {}
            with self._database.write() as conn:
                links.set_state(
                    conn,
                    self._account_id,
                    signal.state,
                    now,
                    signal.reason,
                    detail=signal.detail,
                    retry_at=signal.until,
                    **refused,
                )
        except OperationalError as error:
            if not is_busy(error):
                raise
            # the session writes it once more, as its last act
        finally:
            # last: the session ends the process as soon as it has this
            self.ended.put(signal)
