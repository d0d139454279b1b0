"""The values a stanza is made of, in binary: strings, bytes, list sizes and addresses.

The format is whatsmeow's binary/decoder.go and encoder.go: strings are dictionary tokens, packed digits (nibble),
packed upper-case hex, or raw bytes; addresses have forms of their own.
"""

from __future__ import annotations

import re

from tests.whatsapp_server.wire import tokens
from tests.whatsapp_server.wire.errors import WireError
from tests.whatsapp_server.wire.jid import LID_SERVER, PHONE_SERVER, Jid

LIST_EMPTY, INTEROP_JID, FB_JID, AD_JID, LIST_8, LIST_16 = 0, 245, 246, 247, 248, 249
JID_PAIR, HEX_8, BINARY_8, BINARY_20, BINARY_32, NIBBLE_8 = 250, 251, 252, 253, 254, 255
INTEROP_SERVER, FB_SERVER = "interop", "msgr"
DOMAIN_OF_SERVER = {PHONE_SERVER: 0, LID_SERVER: 1, "hosted": 128, "hosted.lid": 129}
SERVER_OF_DOMAIN = {number: server for server, number in DOMAIN_OF_SERVER.items()}

_NIBBLES = re.compile(r"[0-9\-.]{1,127}", re.ASCII).fullmatch
_HEX = re.compile(r"[0-9A-F]{1,127}", re.ASCII).fullmatch
_TO_HEX = str.maketrans("-.", "AB")
_FROM_HEX = str.maketrans("ab", "-.")

Value = str | Jid
"""What an attribute may be."""


def write_list_start(out: bytearray, size: int) -> None:
    """Write how many items follow. Raises WireError beyond 65,535."""
    if size == 0:
        out.append(LIST_EMPTY)
    elif size < 256:
        out += bytes((LIST_8, size))
    elif size < 65536:
        out.append(LIST_16)
        out += size.to_bytes(2, "big")
    else:
        raise WireError(f"{size} items in one list")


def write_bytes(out: bytearray, value: bytes) -> None:
    """Write content: its length in one, three or four bytes, then the bytes."""
    length = len(value)
    if length < 256:
        out += bytes((BINARY_8, length))
    elif length < 1 << 20:
        out.append(BINARY_20)
        out += length.to_bytes(3, "big")
    else:
        out.append(BINARY_32)
        out += length.to_bytes(4, "big")
    out += value


def write_string(out: bytearray, value: str, dictionary: dict[str, bytes]) -> None:
    """Write text in its shortest form; `dictionary` is Tokens.encoded."""
    token = dictionary.get(value)
    if token is not None:
        out += token
    elif _NIBBLES(value):
        _write_packed(out, NIBBLE_8, value.translate(_TO_HEX))
    elif _HEX(value):
        _write_packed(out, HEX_8, value)
    else:
        write_bytes(out, value.encode())


def _write_packed(out: bytearray, kind: int, digits: str) -> None:
    odd = len(digits) & 1
    packed = bytes.fromhex(digits + "F" if odd else digits)
    out += bytes((kind, len(packed) | odd << 7))
    out += packed


def write_jid(out: bytearray, jid: Jid, dictionary: dict[str, bytes]) -> None:
    """Write an address in the form of its server. Raises WireError for a device number beyond 255."""
    domain = DOMAIN_OF_SERVER.get(jid.server)
    if domain is not None and (jid.device or domain >= 128):
        if not 0 <= jid.device < 256:
            raise WireError(f"device number {jid.device}")
        out += bytes((AD_JID, domain, jid.device))
        write_string(out, jid.user, dictionary)
    elif jid.server in (FB_SERVER, INTEROP_SERVER):
        out.append(FB_JID if jid.server == FB_SERVER else INTEROP_JID)
        write_string(out, jid.user, dictionary)
        out += jid.device.to_bytes(2, "big")
        if jid.server == INTEROP_SERVER:
            out += jid.integrator.to_bytes(2, "big")
        write_string(out, jid.server, dictionary)
    else:
        out.append(JID_PAIR)
        if jid.user:
            write_string(out, jid.user, dictionary)
        else:
            out.append(LIST_EMPTY)
        write_string(out, jid.server, dictionary)


class ValueReader:
    """Reads from one frame; every method takes a position and gives a value and the position after it."""

    __slots__ = ("data", "double", "single")

    def __init__(self, data: bytes) -> None:
        dictionary = tokens.load()
        self.data = data
        self.single = dictionary.single
        self.double = dictionary.double

    def list_size(self, at: int) -> tuple[int, int]:
        """Read how many items follow."""
        data, kind = self.data, self.data[at]
        if kind == LIST_8:
            return data[at + 1], at + 2
        if kind == LIST_16:
            return data[at + 1] << 8 | data[at + 2], at + 3
        if kind == LIST_EMPTY:
            return 0, at + 1
        raise WireError(f"list size of kind {kind}")

    def raw(self, at: int) -> tuple[bytes, int]:
        """Read content bytes."""
        data, kind = self.data, self.data[at]
        if kind == BINARY_8:
            start = at + 2
            length = data[at + 1]
        elif kind == BINARY_20:
            start = at + 4
            length = (data[at + 1] & 15) << 16 | data[at + 2] << 8 | data[at + 3]
        else:
            start = at + 5
            length = int.from_bytes(data[at + 1 : start], "big")
        end = start + length
        if end > len(data):
            raise WireError("content ends early")
        return data[start:end], end

    def string(self, at: int) -> tuple[str, int]:
        """Read text; an address is refused."""
        kind = self.data[at]
        if 0 < kind < tokens.SINGLE_COUNT:
            return self.single[kind], at + 1
        value, at = self.value(at)
        if not isinstance(value, str):
            raise WireError("an address where a string belongs")
        return value, at

    def value(self, at: int) -> tuple[Value, int]:
        """Read text or an address."""
        data, kind = self.data, self.data[at]
        if 0 < kind < tokens.SINGLE_COUNT:
            return self.single[kind], at + 1
        if kind in (NIBBLE_8, HEX_8):
            return self._packed(at)
        if kind == JID_PAIR:
            user, at = ("", at + 2) if data[at + 1] == LIST_EMPTY else self.string(at + 1)
            server, at = self.string(at)
            return Jid(user, server), at
        if kind == AD_JID:
            user, end = self.string(at + 3)
            ad_server = SERVER_OF_DOMAIN.get(data[at + 1])
            if ad_server is None:
                raise WireError(f"address domain {data[at + 1]}")
            return Jid(user, ad_server, data[at + 2]), end
        if BINARY_8 <= kind <= BINARY_32:
            raw, at = self.raw(at)
            return raw.decode(), at
        if tokens.DICTIONARY_0 <= kind < tokens.DICTIONARY_0 + tokens.DOUBLE_TABLES:
            return self.double[kind - tokens.DICTIONARY_0][data[at + 1]], at + 2
        if kind in (FB_JID, INTEROP_JID):
            return self._foreign_jid(at)
        if kind == LIST_EMPTY:
            return "", at + 1
        raise WireError(f"token {kind} at {at}")

    def _packed(self, at: int) -> tuple[str, int]:
        data = self.data
        start = at + 2
        size = data[at + 1]
        end = start + (size & 127)
        if end > len(data):
            raise WireError("packed digits end early")
        digits = data[start:end].hex()
        if size & 128:
            digits = digits[:-1]
        if data[at] == HEX_8:
            return digits.upper(), end
        digits = digits.translate(_FROM_HEX)
        if digits and not _NIBBLES(digits):
            raise WireError("packed digits that are none")
        return digits, end

    def _foreign_jid(self, at: int) -> tuple[Jid, int]:
        data = self.data
        interop = data[at] == INTEROP_JID
        user, at = self.string(at + 1)
        device = data[at] << 8 | data[at + 1]
        at += 2
        integrator = 0
        if interop:
            integrator = data[at] << 8 | data[at + 1]
            at += 2
        server, at = self.string(at)
        if server != (INTEROP_SERVER if interop else FB_SERVER):
            raise WireError(f"foreign address at {server!r}")
        return Jid(user, server, device, integrator), at
