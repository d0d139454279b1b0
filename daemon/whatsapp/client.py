"""One linked device: neonize's client with its callbacks guarded and its end under control."""

import ctypes
import logging
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

# go_library first: it keeps out what neonize would load for nothing
from daemon.whatsapp import go_library  # noqa: F401

# isort: split
from neonize.client import DeviceProps
from neonize.events import (
    CallAcceptEv,
    CallOfferEv,
    CallOfferNoticeEv,
    CallTerminateEv,
    ChatPresenceEv,
    ClientOutdatedEv,
    ConnectedEv,
    ConnectFailureEv,
    DisconnectedEv,
    HistorySyncEv,
    KeepAliveRestoredEv,
    KeepAliveTimeoutEv,
    LoggedOutEv,
    MessageEv,
    OfflineSyncCompletedEv,
    OfflineSyncPreviewEv,
    PairStatusEv,
    ReceiptEv,
    StreamErrorEv,
    StreamReplacedEv,
    TemporaryBanEv,
    UndecryptableMessageEv,
)
from neonize.exc import NeonizeError, PairPhoneError
from neonize.utils.enum import ClientType

from daemon.domain.ids import Address
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
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Event, MessageReceived, Nothing
from daemon.whatsapp import calls, secret_edits, translate
from daemon.whatsapp.arrival_journal import ArrivalJournal
from daemon.whatsapp.arrivals import view_once_id
from daemon.whatsapp.encryption_gate import EncryptionGate
from daemon.whatsapp.go_library import NewClient, check_environment, install_log_hook
from daemon.whatsapp.log_hook import LogHook
from daemon.whatsapp.wire_text import identifier, word

log = logging.getLogger(__name__)

# pasted by neonize into `file:%s?_foreign_keys=on`; WAL triples its speed, FULL keeps the ratchet safe
_SQLITE_OPTIONS = "?_journal_mode=WAL&_busy_timeout=10000&_synchronous=FULL&_foreign_keys=on&z="
_QUIET = 0.25
_LONGEST_DRAIN = 10.0
# seconds for an acknowledgement to be logged, and from its log entry to the socket
_LONGEST_ACK, _FRAME_WRITE = 2.0, 0.1

# messages to be viewed once between the library's reader and our callback
_MOST_UNAVAILABLE = 2_048
# WhatsApp's login failure codes (whatsmeow's ConnectFailureReason), by neonize's enum
_LOGGED_OUT = {2: LinkReason.UNLINKED_BY_PHONE, 4: LinkReason.PHONE_GONE, 5: LinkReason.ACCOUNT_BLOCKED}
_LOGIN_STATUS = {
    "timeout": LinkReason.CODES_EXPIRED,
    "err-client-outdated": LinkReason.NONE,
    "error": LinkReason.PAIR_ERROR,
}


class WhatsApp:
    """The link of one session process.

    `on_event` gets what customers and devices did, `on_signal` what happened to the link; both are called
    serially on the library's thread, except the codes of pairing, which come on threads of their own.
    `on_failure` gets what nobody foresaw, and ends the process: the library would count the event as delivered.
    """

    def __init__(
        self,
        session_file: str,
        device_name: str,
        on_event: Callable[[Event], None],
        on_signal: Callable[[LinkEvent], None],
        arrivals: ArrivalJournal,
        on_failure: Callable[[Exception], None],
    ) -> None:
        check_environment()
        self._on_event = on_event
        self._on_signal = on_signal
        self._on_failure = on_failure
        self._busy_since: float | None = None
        self._last_callback = time.monotonic()
        self._passkey_asked = False
        # message stanzas handed over since the backlog began, whatever is in them: so the server counts them, too
        self.received = 0
        self.gate = EncryptionGate()
        self.hook = LogHook(self.drain, self._passkey, lambda: self._on_signal(self._dropped()), self.gate)
        self._arrivals = arrivals
        self._view_once: deque[str] = deque(maxlen=_MOST_UNAVAILABLE)
        self.hook.on_message = self._or_fail(self._arrived)
        self.hook.on_receipt = self._or_fail(arrivals.note_receipt)
        self.hook.on_call = self._or_fail(arrivals.note_call)
        self.client = NewClient(
            session_file + _SQLITE_OPTIONS,
            props=DeviceProps(os=device_name, platformType=DeviceProps.DESKTOP),
            uuid="balas",
        )
        self._register()

    def run(self) -> None:
        """Connect and stay; returns or raises only when this session is over (then end the process)."""
        install_log_hook(self.hook)
        try:
            self.client.connect()
        except NeonizeError:
            # either the first dial failed, or an event that neonize can't map ended its delivery
            if self.hook.poisoned:
                self.hook.wait_for_ack(_LONGEST_ACK)
                time.sleep(_FRAME_WRITE)
            self._on_signal(self._ended_by_library())
        else:
            self._on_signal(LinkEnded(LinkState.OFFLINE, LinkReason.DROPPED))

    def drain(self) -> None:
        """Wait until the library has handed over everything it has acknowledged so far."""
        deadline = time.monotonic() + _LONGEST_DRAIN
        while time.monotonic() < deadline:
            quiet = time.monotonic() - self._last_callback
            if self._busy_since is None and quiet >= _QUIET:
                return
            time.sleep(0.02 if self._busy_since is not None else max(0.01, _QUIET - quiet))

    def close(self) -> None:
        """Leave without losing what was acknowledged: disconnect, drain, stop (in this order)."""
        self.client.disconnect()
        self._last_callback = time.monotonic()
        self.drain()
        self.client.stop()

    def busy_for(self) -> float:
        """Seconds that the current callback has been running; 0 between callbacks."""
        since = self._busy_since
        return time.monotonic() - since if since is not None else 0.0

    def quiet_for(self) -> float:
        """Seconds since the last callback ended."""
        return time.monotonic() - self._last_callback

    def logout(self) -> None:
        """Unlink this device on WhatsApp's side and forget its keys; raises LogoutError."""
        self.client.logout()

    def _register(self) -> None:
        event = self.client.event
        event.qr(self._qr)
        self.client._NewClient__onLoginStatus = self._login_status
        for kind, handler in (
            (MessageEv, self._message),
            (ReceiptEv, lambda e: self._on_event(translate.translate_receipt(e))),
            (ChatPresenceEv, lambda e: self._on_event(translate.translate_typing(e))),
            (CallOfferEv, lambda e: self._on_event(calls.translate_offer(e))),
            (CallOfferNoticeEv, lambda e: self._on_event(calls.translate_offer(e))),
            (CallAcceptEv, lambda e: self._on_event(calls.translate_accept(e))),
            (CallTerminateEv, lambda e: self._on_event(calls.translate_terminate(e))),
            (HistorySyncEv, lambda e: self._on_event(translate.translate_history(e))),
            (UndecryptableMessageEv, self._unreadable),
            (ConnectedEv, self._connected),
            (PairStatusEv, self._pair_status),
            (KeepAliveTimeoutEv, lambda e: self._on_signal(Unstable(answered=False))),
            (KeepAliveRestoredEv, lambda e: self._on_signal(Unstable(answered=True))),
            (OfflineSyncPreviewEv, self._backlog_begins),
            (OfflineSyncCompletedEv, lambda e: self._on_signal(BacklogEnded())),
            (DisconnectedEv, lambda e: self._on_signal(self._dropped())),
            (LoggedOutEv, self._logged_out),
            (StreamReplacedEv, lambda e: self._on_signal(LinkEnded(LinkState.REPLACED))),
            (TemporaryBanEv, self._banned),
            (ClientOutdatedEv, lambda e: self._on_signal(LinkEnded(LinkState.OUTDATED))),
            (ConnectFailureEv, lambda e: self._on_signal(self._refused())),
            (StreamErrorEv, self._stream_error),
        ):
            event(kind)(self._guarded(handler))

    def _guarded(self, handler: Callable[[Any], None]) -> Callable[[Any, Any], None]:
        handle = self._or_fail(handler)

        def call(client: Any, event: Any) -> None:
            self._busy_since = time.monotonic()
            try:
                handle(event)
            finally:
                self._last_callback = time.monotonic()
                self._busy_since = None

        return call

    def _or_fail(self, work: Callable[[Any], None]) -> Callable[[Any], None]:
        # neonize drops a handler's exception and the message counts as delivered
        def call(given: Any) -> None:
            try:
                work(given)
            except Exception as error:
                self._on_failure(error)

        return call

    def _arrived(self, node: bytes) -> None:
        self._arrivals.note(node)
        if wa_id := view_once_id(node):
            self._view_once.append(wa_id)

    def _message(self, event: Any) -> None:
        self.gate.handed_over(event.Info.ID)
        try:
            found = translate.translate_message(event)
        except Exception as error:
            # without its traceback, which may quote what the customer wrote
            log.error("a message could not be read (%s): it is kept raw", type(error).__name__)
            origin = translate.translate_info(event.Info)
            if origin is None:
                return
            raw = translate.raw_of(event.Message)
            found = MessageReceived(identifier(event.Info.ID), origin, MessageKind.UNKNOWN, None, raw=raw)
        if isinstance(found, MessageReceived) and found.kind == MessageKind.LOST_CHANGE:
            found = secret_edits.open_edit(event, found.origin, self._arrivals.keys) or found
        self._take(found, event)

    def _unreadable(self, event: Any) -> None:
        self.gate.handed_over(event.Info.ID)
        is_view_once = identifier(event.Info.ID) in self._view_once
        self._take(translate.translate_unreadable(event, is_view_once), event)

    def _take(self, found: Event, event: Any) -> None:
        self._on_event(found)
        wa_id = identifier(event.Info.ID)
        if isinstance(found, Nothing) and self._arrivals.has_more(wa_id):
            # a group's writer has given his key; what he says comes next, from the same stanza
            return
        self.received += 1
        self._arrivals.handed_over(wa_id)
        if not isinstance(found, MessageReceived):
            self._arrivals.settle(wa_id)

    def _backlog_begins(self, event: Any) -> None:
        self.received = 0
        self._on_signal(BacklogBegun(event.Message))

    def _qr(self, client: Any, data: bytes) -> None:
        self._on_signal(CodeShown(data.decode()))

    def ask_pair_code(self, phone: str) -> None:
        """Ask for the eight letters instead of a QR code; only while codes are shown. Blocks for one request."""
        try:
            code = self.client.PairPhone(phone, True, client_type=ClientType.CHROME)
        except PairPhoneError:
            self._on_signal(LinkEnded(LinkState.UNLINKED, LinkReason.CODE_REFUSED))
        else:
            self._on_signal(PairCodeShown(code))

    def _login_status(self, uuid: int, status: int) -> None:
        word = ctypes.string_at(status).decode(errors="replace")
        if word == "success":
            return
        reason = _LOGIN_STATUS.get(word, LinkReason.PAIR_ERROR)
        if self._passkey_asked:
            reason = LinkReason.PASSKEY
        state = LinkState.OUTDATED if word == "err-client-outdated" else LinkState.UNLINKED
        self._on_signal(LinkEnded(state, reason, word[:64]))

    def _passkey(self) -> None:
        self._passkey_asked = True
        self._on_signal(LinkEnded(LinkState.UNLINKED, LinkReason.PASSKEY))

    def _pair_status(self, event: Any) -> None:
        if event.Status == 1:  # PairStatus.ERROR
            self._on_signal(LinkEnded(LinkState.UNLINKED, LinkReason.PAIR_ERROR))
        else:
            self._on_signal(Paired(translate.address_of(event.ID) or Address("", "")))

    def _connected(self, event: Any) -> None:
        self.hook.last_failure = None
        me = self.client.get_me()
        address = translate.address_of(me.JID) or Address("", "")
        self._on_signal(Connected(address, me.LID.User or None))

    def _dropped(self) -> LinkEnded:
        code = self.hook.last_failure
        if code in ("500", "503"):
            return LinkEnded(LinkState.OFFLINE, LinkReason.SERVER_BUSY, code)
        return LinkEnded(LinkState.OFFLINE, LinkReason.DROPPED, code)

    def _refused(self) -> LinkEnded:
        return LinkEnded(LinkState.REFUSED, LinkReason.UNKNOWN_CODE, self.hook.last_failure)

    def _logged_out(self, event: Any) -> None:
        reason = _LOGGED_OUT.get(event.Reason, LinkReason.UNLINKED_BY_PHONE)
        self._on_signal(LinkEnded(LinkState.LOGGED_OUT, reason, self.hook.last_failure))

    def _banned(self, event: Any) -> None:
        until = datetime.now(UTC) + timedelta(seconds=event.Expire)
        self._on_signal(LinkEnded(LinkState.BANNED, detail=str(100 + event.Code), until=until))

    def _stream_error(self, event: Any) -> None:
        self._on_signal(LinkEnded(LinkState.OFFLINE, LinkReason.DROPPED, word(event.Code, 64)))

    def _ended_by_library(self) -> LinkEnded:
        if self.hook.poisoned:
            return LinkEnded(LinkState.OFFLINE, LinkReason.SESSION_DIED)
        code = self.hook.last_failure
        if code == "402":  # a temporary ban with a code that neonize can't map
            return LinkEnded(LinkState.BANNED, detail=code, until=datetime.now(UTC) + timedelta(hours=1))
        if code in ("500", "503"):
            return self._dropped()
        if code is not None:
            return self._refused()
        return LinkEnded(LinkState.OFFLINE, LinkReason.NETWORK)
