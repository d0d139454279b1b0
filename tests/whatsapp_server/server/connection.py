"""One client on its websocket: Noise handshake, login or linking, then stanzas both ways."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from tests.whatsapp_server.server import pair_stanzas
from tests.whatsapp_server.server.faults import stream_error
from tests.whatsapp_server.server.pending_link import PairingRefused, PendingLink
from tests.whatsapp_server.server.records import DeviceRecord, User
from tests.whatsapp_server.server.websocket import CLOSE, NORMAL_CLOSURE, WebSocketReader, frame
from tests.whatsapp_server.wire.errors import WireError
from tests.whatsapp_server.wire.frames import FrameBuffer, pack
from tests.whatsapp_server.wire.jid import LID_SERVER, PHONE_SERVER, SERVER, Jid
from tests.whatsapp_server.wire.node import Node, decode, encode
from tests.whatsapp_server.wire.noise import Responder, Transport
from tests.whatsapp_server.wire.protos import wa6

if TYPE_CHECKING:
    from tests.whatsapp_server.server.endpoint import Endpoint

LINGER = 0.5
"""Seconds between the last word to a client and the end of the socket: it acts on the stanza first."""

UNHURRIED = 0.002
"""Seconds that a stanza may wait for company when nobody waits for it."""

BATCH_MAX = 1 << 16
"""Bytes of frames in one websocket message."""


class Connection(asyncio.Protocol):
    """A client's websocket. `device` is set after a login, `link` while it is to be linked."""

    def __init__(self, endpoint: Endpoint, transport: asyncio.Transport) -> None:
        self.endpoint = endpoint
        self.network = endpoint.network
        self.device: DeviceRecord | None = None
        self.link: PendingLink | None = None
        self.active = False
        self._transport = transport
        self._reader = WebSocketReader()
        self._frames = FrameBuffer(expect_header=True)
        self._responder: Responder | None = Responder(endpoint.noise.static, endpoint.noise.chain)
        self._greeted = False
        self._noise: Transport | None = None
        self._out: list[bytes] = []
        self._flush_is_due = False
        self._ended = False
        self._loop = asyncio.get_running_loop()
        endpoint.connections.add(self)

    # --- bytes in ---

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._reader.feed(data):
                for piece in self._frames.feed(message):
                    self._frame_received(piece)
        except Exception as error:
            self.endpoint.log_trouble(f"{type(error).__name__}: {error}")
            self.abort()
            if isinstance(error, (WireError, DecodeError)):
                return
            raise  # a mistake of ours: asyncio logs it
        for reply in self._reader.replies:
            self._transport.write(reply)
        self._reader.replies.clear()
        if self._reader.closed:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()

    def _frame_received(self, piece: bytes) -> None:
        if self._noise is not None:
            if not self._ended:
                self._stanza_received(decode(self._noise.decrypt(piece)))
            return
        assert self._responder is not None
        if not self._greeted:
            self._greeted = True
            self._transport.write(frame(pack(self._responder.answer_hello(piece))))
            return
        self._noise, static, payload = self._responder.finish(piece)
        self._responder = None
        self._introduced(static, wa6.ClientPayload.FromString(payload))

    def _stanza_received(self, node: Node) -> None:
        device = self.device
        self.endpoint.note_stanza(self, node)
        if node.tag == "iq":
            self.endpoint.iq.handle(self, node)
        elif device is not None:
            self.network.router.submit(device, node)

    # --- login and linking ---

    def _introduced(self, static: bytes, payload: Any) -> None:
        """The client has said who it is: an unlinked one sends its keys, a linked one its number and device."""
        if payload.HasField("devicePairingData"):
            self.link = pair_stanzas.start(self, static, payload.devicePairingData)
            return
        self.endpoint.logins.append(time.time())
        failure = self.endpoint.faults.take_failure()
        if failure is not None:
            self.end(failure)
            return
        device = self.network.device_at(Jid(str(payload.username), PHONE_SERVER, payload.device))
        if device is None or device.noise_key != static:
            self.end(Node("failure", {"reason": "401", "location": "frc"}))
            return
        self.endpoint.replace_others(self, device)
        self.device = device
        self.endpoint.logged_in[device.phone_jid] = self
        lid = Jid(device.user.lid, LID_SERVER, device.number)
        self.send(Node("success", {"t": self.network.now(), "lid": lid, "location": "frc"}))
        self.endpoint.on_change()

    def activate(self) -> None:
        """The client wants its stanzas: what waited, between a preview and a count, then live ones."""
        if self.device is None or self.active:
            return
        self.active = True
        waiting = self.device.mailbox.waiting
        counts = {
            tag: str(sum(key.tag == tag for key in waiting)) for tag in ("message", "receipt", "notification")
        }
        total = str(len(waiting))
        preview = Node("offline_preview", {"count": total, "appdata": "0", **counts})
        self.send(Node("ib", {"from": SERVER}, [preview]))
        self.network.attach(self.device.phone_jid, self.send, self.send_encoded)
        self.device.mailbox.pass_behind(Node("ib", {"from": SERVER}, [Node("offline", {"count": total})]))

    def send_pair_success(
        self, link: PendingLink, user: User, number: int, identity: bytes, platform: str
    ) -> None:
        """Offer the client its new identity."""
        self.send(pair_stanzas.pair_success(self, link, user, number, identity, platform))

    def send_primary_hello(self, link: PendingLink, wrapped_primary_ephemeral: bytes, identity: bytes) -> None:
        """Notify the client that the phone has entered a code."""
        self.send(pair_stanzas.primary_hello(self, link, wrapped_primary_ephemeral, identity))

    def send_passkey_request(self) -> None:
        """Ask the client for a passkey."""
        self.send(pair_stanzas.passkey_request(self))

    # --- bytes out ---

    def send(self, node: Node) -> None:
        """Send a stanza."""
        # nobody waits for the ack of a receipt: those of one moment share a write
        self.send_encoded(encode(node), urgent=node.tag != "ack" or node.attrs.get("class") == "message")

    def send_encoded(self, data: bytes, urgent: bool = True) -> None:
        """Send a stanza in binary form.

        Frames are written together at the end of the loop's turn, or a little later.
        """
        if self._noise is None or self._ended:
            return
        if urgent and not self._flush_is_due:
            self._flush_is_due = True
            self._loop.call_soon(self._flush)
        elif not self._out and not urgent:
            self._loop.call_later(UNHURRIED, self._flush)
        self._out.append(pack(self._noise.encrypt(data)))

    def _flush(self) -> None:
        self._flush_is_due = False
        out, self._out = self._out, []
        if self._transport.is_closing() or not out:
            return
        messages: list[bytes] = []
        batch: list[bytes] = []
        size = 0
        for piece in out:
            batch.append(piece)
            size += len(piece)
            if size > BATCH_MAX:
                messages.append(frame(b"".join(batch)))
                batch, size = [], 0
        if batch:
            messages.append(frame(b"".join(batch)))
        self._transport.write(b"".join(messages))

    # --- the end ---

    def end(self, last: Node) -> None:
        """Say one last stanza (a failure or a stream error), then close."""
        if self._ended:
            return
        self.send(last)
        self._flush()
        self._ended = True
        self._leave()
        self._loop.call_later(LINGER, self._close)

    def end_with(self, code: str) -> None:
        """End the stream with a numbered or named stream error."""
        self.end(stream_error(code))

    def abort(self) -> None:
        """Cut the socket without a word."""
        self._ended = True
        self._leave()
        self._transport.abort()

    def _close(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(frame(NORMAL_CLOSURE, CLOSE))
            self._transport.close()

    def _leave(self) -> None:
        """This client is gone: its device goes offline, its link is forgotten. May be called again."""
        self.endpoint.connections.discard(self)
        device, self.device = self.device, None
        if device is not None and self.endpoint.logged_in.get(device.phone_jid) is self:
            del self.endpoint.logged_in[device.phone_jid]
            self.network.detach(device.phone_jid)
        link, self.link = self.link, None
        if link is not None:
            self.network.links.remove(link)
            link.fail(PairingRefused(0, "the client has gone"))
        self.endpoint.on_change()
