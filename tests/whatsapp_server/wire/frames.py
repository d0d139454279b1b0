"""Frames on the websocket: three length bytes, then the frame; a header comes first (whatsmeow socket/)."""

from __future__ import annotations

from tests.whatsapp_server.wire.errors import WireError
from tests.whatsapp_server.wire.tokens import DICTIONARY_VERSION

CONNECTION_HEADER = bytes([*b"WA", 6, DICTIONARY_VERSION])
"""What a client sends before its first frame; it is also the Noise prologue. 6 is the protocol's version."""

LENGTH_SIZE = 3
FRAME_MAX = 1 << 24


def pack(frame: bytes) -> bytes:
    """Put the length before a frame. Raises WireError for a frame of 16 MiB or more."""
    if len(frame) >= FRAME_MAX:
        raise WireError("frame too large")
    return len(frame).to_bytes(LENGTH_SIZE, "big") + frame


class FrameBuffer:
    """Cuts a stream of bytes into frames, after the header if the other end is to send one."""

    __slots__ = ("_buffer", "_header")

    def __init__(self, expect_header: bool) -> None:
        self._buffer = bytearray()
        self._header = len(CONNECTION_HEADER) if expect_header else 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they arrive and give the frames that are complete. Raises WireError for a wrong header."""
        buffer = self._buffer
        buffer += data
        if self._header:
            if len(buffer) < self._header:
                return []
            if bytes(buffer[: self._header]) != CONNECTION_HEADER:
                raise WireError(f"connection header {bytes(buffer[: self._header])!r}")
            del buffer[: self._header]
            self._header = 0
        frames, at = [], 0
        while len(buffer) - at >= LENGTH_SIZE:
            end = at + LENGTH_SIZE + int.from_bytes(buffer[at : at + LENGTH_SIZE], "big")
            if end > len(buffer):
                break
            frames.append(bytes(buffer[at + LENGTH_SIZE : end]))
            at = end
        if at:
            del buffer[:at]
        return frames
