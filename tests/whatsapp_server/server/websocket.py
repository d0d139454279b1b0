"""The server's side of a websocket (RFC 6455), without input or output of its own and without extensions.

Hand-written because every frame of a benchmark passes here: reading is one XOR on integers, writing is a header.
"""

from __future__ import annotations

import base64
import hashlib

from tests.whatsapp_server.wire.errors import WireError

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MESSAGE_MAX = 1 << 25
NORMAL_CLOSURE = (1000).to_bytes(2, "big")
_ACCEPT_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_key(key: bytes) -> str:
    """Give Sec-WebSocket-Accept for a client's Sec-WebSocket-Key."""
    return base64.b64encode(hashlib.sha1(key + _ACCEPT_GUID, usedforsecurity=False).digest()).decode()


def frame(payload: bytes, opcode: int = BINARY) -> bytes:
    """Give one unmasked frame that is a whole message."""
    length = len(payload)
    if length < 126:
        head = bytes((0x80 | opcode, length))
    elif length < 65536:
        head = bytes((0x80 | opcode, 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 127)) + length.to_bytes(8, "big")
    return head + payload


class WebSocketReader:
    """Cuts what a client sends into messages.

    After `feed`, `replies` are to be written and `closed` tells its farewell.
    """

    __slots__ = ("_buffer", "_parts", "closed", "replies")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self.replies: list[bytes] = []
        self.closed = False

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they arrive and give the payloads of complete data messages. Raises WireError."""
        buffer = self._buffer
        buffer += data
        messages: list[bytes] = []
        at = 0
        while len(buffer) - at >= 6:
            length, start = buffer[at + 1] & 127, at + 2
            if length >= 126:
                size = 2 if length == 126 else 8
                length = int.from_bytes(buffer[start : start + size], "big")
                start += size
            end = start + 4 + length
            if not buffer[at + 1] & 128 or length > MESSAGE_MAX:
                raise WireError("an unmasked or oversized websocket frame")
            if end > len(buffer):
                break
            payload = _unmask(buffer[start : start + 4], buffer[start + 4 : end])
            self._take(buffer[at], payload, messages)
            at = end
        del buffer[:at]
        return messages

    def _take(self, first: int, payload: bytes, messages: list[bytes]) -> None:
        opcode, final = first & 15, first & 128
        if first & 0x70:
            raise WireError("a websocket extension nobody agreed on")
        if opcode in (BINARY, TEXT, CONTINUATION):
            if final and not self._parts:
                messages.append(payload)
                return
            self._parts.append(payload)
            if final:
                messages.append(b"".join(self._parts))
                self._parts.clear()
        elif opcode == PING:
            self.replies.append(frame(payload, PONG))
        elif opcode == CLOSE:
            self.closed = True
            self.replies.append(frame(payload[:2], CLOSE))


def _unmask(mask: bytearray, payload: bytearray) -> bytes:
    length = len(payload)
    repeated = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(length, "big")
