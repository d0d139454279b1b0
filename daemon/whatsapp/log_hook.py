"""What only the library's log tells: ids before a send, failures without an event, undeliverable stanzas."""

import ctypes
import logging
import os
import re
import threading
from collections.abc import Callable
from typing import NoReturn

from daemon.whatsapp import encryption_gate
from daemon.whatsapp.encryption_gate import EncryptionGate

log = logging.getLogger(__name__)

_ID = re.compile(rb'^[^>]*? id="([^"]+)"')
_FAILURE = re.compile(rb'^<failure\b[^>]*? reason="(\d+)"')
_STREAM_ERROR = re.compile(rb'^<stream:error\b[^>]*? code="(\d+)"')
# the answer to a login carries the server's time, in Unix seconds
_LOGGED_IN = re.compile(rb'^<success\b[^>]*? t="(\d{1,12})"')
_RECEIPT_TYPE = re.compile(rb'^<receipt\b[^>]*? type="([^"]*)"')
# what whatsmeow's autoReconnect says before it sleeps and dials by itself
_RECONNECTING = b"Automatically reconnecting after"
_MEDIA_HOST = re.compile(rb'<host\b[^>]*? hostname="([^"]+)"')
_MEDIA_AUTH = re.compile(rb'<media_conn\b[^>]*? auth="([^"]+)"')
# who changed it and what he calls himself come behind its address
_GROUP_CHANGED = re.compile(rb'^<notification (?:[a-e][a-z_]*="[^"]*" )*from="(\d{1,32}(?:-\d{1,32})?@g\.us)"')
_DIGITS = re.compile(r"\d{4,}")
# the session's exit code when it could not be written down what becomes of a reply
EXIT_UNWRITTEN = 5

# the receipt types that neonize 0.5.2 can hand to Python (its encoder.go); any other ends its event loop
_MAPPED_RECEIPTS = frozenset(
    (b"sender", b"retry", b"read", b"read-self", b"played", b"played-self", b"inactive", b"peer_msg", b"hist_sync")
)
_MAPPED_CHATSTATES = (b"<composing", b"<paused")
_MAPPED_MEDIA = (b"", b"audio")
_MEDIUM = re.compile(rb' media="([^"]*)"')


class LogHook:
    """Looks at each log entry on the thread that wrote it, before the library goes on.

    A stanza that neonize can't map would end its event delivery while the socket keeps acknowledging
    messages. The hook sees such a stanza before the library handles it: it holds the reader back until
    everything earlier has been committed (`drain`), lets this one through so that it is acknowledged
    and does not come back, and keeps everything later out; the session must then end (`poisoned`).
    """

    def __init__(
        self,
        drain: Callable[[], None],
        on_passkey: Callable[[], None],
        on_reconnect: Callable[[], None],
        gate: EncryptionGate,
    ) -> None:
        self.last_failure: str | None = None
        # where WhatsApp keeps attachments, as it last told the library (whatsmeow's mediaconn.go)
        self.media_hosts: tuple[str, ...] = ()
        # the word that lets us bring some, a secret, and what is told of a new one
        self.media_auth = ""
        self.on_media_auth: Callable[[], None] = lambda: None
        self.on_message: Callable[[bytes], None] = lambda node: None
        self.on_receipt: Callable[[bytes], None] = lambda node: None
        self.on_call: Callable[[bytes], None] = lambda node: None
        # a group has changed: its address
        self.on_group: Callable[[str], None] = lambda address: None
        self.on_time: Callable[[int], None] = lambda seconds: None
        self._drain = drain
        self._on_passkey = on_passkey
        self._on_reconnect = on_reconnect
        self._gate = gate
        self._sending: dict[int, Callable[[str], None]] = {}
        self._poison_id: bytes | None = None
        self._poisoned = threading.Event()
        self._poison_acked = threading.Event()
        self._never = threading.Event()

    @property
    def poisoned(self) -> bool:
        """Whether an undeliverable stanza was let in: nothing that comes after it is read."""
        return self._poisoned.is_set()

    def wait_for_ack(self, timeout: float) -> bool:
        """Wait until the undeliverable stanza's acknowledgement is being written."""
        return self._poison_acked.wait(timeout)

    def expect_id(self, callback: Callable[[str], None]) -> None:
        """Call `callback` with the id of the next message this thread sends, before its frame leaves.

        Whatever goes wrong here on this thread until then ends the process: the library would write the frame.
        """
        self._sending[threading.get_ident()] = callback

    def expect_nothing(self) -> None:
        """Stop watching this thread's sends."""
        self._sending.pop(threading.get_ident(), None)

    def __call__(self, address: int, size: int) -> None:
        """One entry: protobuf LogEntry{1: message, 2: level, 3: name}; the name ends the buffer."""
        try:
            if not address or size < 16:
                return
            entry = ctypes.string_at(address, size)
            if entry.endswith(b"Client/Recv"):
                self._received(_message_of(entry))
            elif entry.endswith(b"Client/Send"):
                self._sent(_message_of(entry))
            elif entry.startswith(_RECONNECTING, 2) or entry.startswith(_RECONNECTING, 3):
                # the retry is ours, with a cap and jitter, by a new process: this goroutine never goes on. Its
                # memory of sent messages is lost with it, but its reconnect would send a cut-off reply twice.
                self._on_reconnect()
                self._never.wait()
            else:
                if entry.startswith(encryption_gate.LOGGED, 2) or entry.startswith(encryption_gate.LOGGED, 3):
                    self._gate.logged(_message_of(entry))
                if b"\x12\x05ERROR\x1a" in entry[-40:] or b"\x12\x04WARN\x1a" in entry[-40:]:
                    _write(_message_of(entry))
        except Exception:
            log.exception("the library's log could not be read")
            if threading.get_ident() in self._sending:
                end_process("a reply would leave without its id on disk")

    def _sent(self, node: bytes) -> None:
        if node.startswith(b"<message") and (callback := self._sending.get(threading.get_ident())):
            match = _ID.match(node)
            if match is None:
                raise ValueError("a message without an id")
            callback(match[1].decode())
            self.expect_nothing()
            return
        self._gate.left(node)
        if self._poison_id and node.startswith(b"<ack") and self._poison_id in node:
            self._poison_acked.set()

    def _received(self, node: bytes) -> None:
        if self._poisoned.is_set():
            # what comes after the poison must not be acknowledged: WhatsApp sends it again to the next session
            self._never.wait()
        if node.startswith(b"<message"):
            self._gate.arrived(node)
            self.on_message(node)
            return
        if node.startswith(b"<receipt"):
            kind = _RECEIPT_TYPE.match(node)
            if kind and kind[1] not in _MAPPED_RECEIPTS:
                self._let_only_this_in(node)
            else:
                self.on_receipt(node)
        elif node.startswith(b"<call "):
            self.on_call(node)
        elif node.startswith(b"<chatstate"):
            medium = _MEDIUM.search(node)
            known_medium = medium is None or medium[1] in _MAPPED_MEDIA
            if not known_medium or not any(state in node for state in _MAPPED_CHATSTATES):
                self._let_only_this_in(node)
        elif node.startswith(b"<iq") and b"<media_conn" in node:
            self.media_hosts = tuple(host.decode(errors="replace") for host in _MEDIA_HOST.findall(node))
            if match := _MEDIA_AUTH.search(node):
                self.media_auth = match[1].decode(errors="replace")
                self.on_media_auth()
        elif match := _FAILURE.match(node) or _STREAM_ERROR.match(node):
            self.last_failure = match[1].decode()
        elif node.startswith(b"<success"):
            self._gate.begin_stream()
            if match := _LOGGED_IN.match(node):
                self.on_time(int(match[1]))
        elif node.startswith(b"<notification"):
            if match := _GROUP_CHANGED.match(node):
                self.on_group(match[1].decode())
            elif b"passkey" in node:
                self._on_passkey()

    def _let_only_this_in(self, node: bytes) -> None:
        log.warning("a stanza that the library can't deliver: the session will start anew")
        # a handler that waits for its turn would look idle
        self._gate.open()
        self._drain()
        match = _ID.match(node)
        self._poison_id = b'id="' + match[1] + b'"' if match else None
        self._poisoned.set()


def end_process(why: str) -> NoReturn:
    """End the session at once, before the library's next step; its next life finds everything on disk."""
    log.error("the session ends: %s", why)
    logging.shutdown()
    os._exit(EXIT_UNWRITTEN)


def _message_of(entry: bytes) -> bytes:
    """Field 1 of the entry: a tag byte, a varint length, the text."""
    position = 1
    while entry[position] & 0x80:
        position += 1
    return entry[position + 1 :]


def _write(message: bytes) -> None:
    """Put the library's own warnings into our log, without numbers, ids or stanzas."""
    text = message.split(b"\x12", 1)[0].decode(errors="replace").split("<", 1)[0]
    log.warning("whatsmeow: %s", _DIGITS.sub("…", text)[:160])
