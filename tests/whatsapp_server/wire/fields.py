"""The two field kinds of protobuf that Signal's messages use: varints and byte strings.

Signal's two wire messages have ten fields between them, so they are written by hand instead of generated.
"""

from __future__ import annotations

from collections.abc import Iterable

_VARINT, _BYTES = 0, 2


class MalformedMessage(ValueError):
    """Bytes that are not the message they should be."""


def encode_fields(fields: Iterable[tuple[int, int | bytes | None]]) -> bytes:
    """Encode (number, value) pairs in the order given; a value of None is left out."""
    out = bytearray()
    for number, value in fields:
        if value is None:
            continue
        if isinstance(value, int):
            out += _varint(number << 3 | _VARINT) + _varint(value)
        else:
            out += _varint(number << 3 | _BYTES) + _varint(len(value)) + value
    return bytes(out)


def decode_fields(data: bytes) -> dict[int, int | bytes]:
    """Decode to number -> value, the last one winning.

    Raises MalformedMessage for other wire types or short data.
    """
    fields: dict[int, int | bytes] = {}
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        if key & 7 == _VARINT:
            fields[key >> 3], at = _read_varint(data, at)
        elif key & 7 == _BYTES:
            size, at = _read_varint(data, at)
            if at + size > len(data):
                raise MalformedMessage("a byte string runs past the end")
            fields[key >> 3] = data[at : at + size]
            at += size
        else:
            raise MalformedMessage(f"unexpected wire type {key & 7}")
    return fields


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise MalformedMessage("a varint does not end")
