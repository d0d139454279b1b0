"""The wire's token dictionary, read from the installed client library.

The library is a Go program, and Go lays a `[...]string` array out as (pointer, length) pairs whose pointers are
filled in by relative relocations. The single-byte tokens are the array that starts "", "xmlstreamstart",
"xmlstreamend"; the four double-byte tables are arrays of 256 strings, the first starting "read-self".
"""

from __future__ import annotations

import functools
import importlib.util
import struct
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile

from tests.whatsapp_server.wire.errors import WireError

DICTIONARY_VERSION = 3
"""Last byte of the connection header; it names this dictionary (whatsmeow binary/token/token.go)."""

SINGLE_COUNT = 236
DOUBLE_TABLES = 4
DOUBLE_COUNT = 256
DICTIONARY_0 = 236

_RELATIVE = {8, 1027}  # R_X86_64_RELATIVE, R_AARCH64_RELATIVE


@dataclass(frozen=True, slots=True)
class Tokens:
    """Both directions of the dictionary: `single[n]`, `double[table][n]` and token -> its one or two bytes."""

    single: tuple[str, ...]
    double: tuple[tuple[str, ...], ...]
    encoded: dict[str, bytes]


@functools.cache
def load() -> Tokens:
    """Read the dictionary from the library of the installed neonize, once in a process (about 80 ms)."""
    image = _Image(library_path())
    single = image.strings_at(image.find_array("xmlstreamstart", "xmlstreamend", SINGLE_COUNT) - 16, SINGLE_COUNT)
    double = _double_tables(image)
    encoded: dict[str, bytes] = {}
    for table, tokens in enumerate(double):
        encoded.update({token: bytes((DICTIONARY_0 + table, index)) for index, token in enumerate(tokens)})
    encoded.update({token: bytes((index,)) for index, token in enumerate(single) if token})
    return Tokens(single, double, encoded)


def library_path() -> Path:
    """Find the client library of the installed neonize without importing neonize (an import would start Go)."""
    spec = importlib.util.find_spec("neonize")
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    for folder in folders:
        for library in sorted(Path(folder).glob("neonize-*.so")):
            return library
    raise FileNotFoundError("neonize's library is not installed: pip install neonize")


def _double_tables(image: _Image) -> tuple[tuple[str, ...], ...]:
    first = image.find_array("read-self", None, DOUBLE_TABLES * DOUBLE_COUNT)
    size = DOUBLE_COUNT * 16
    return tuple(image.strings_at(first + table * size, DOUBLE_COUNT) for table in range(DOUBLE_TABLES))


class _Image:
    """The library's file, seen through its virtual addresses and relocations."""

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()
        with path.open("rb") as file:
            elf = ELFFile(file)
            self._segments = [
                (segment["p_vaddr"], segment["p_offset"], segment["p_filesz"])
                for segment in elf.iter_segments()
                if segment["p_type"] == "PT_LOAD"
            ]
            relocations = elf.get_section_by_name(".rela.dyn").data()
        self._pointers = {
            offset: addend
            for offset, info, addend in struct.iter_unpack("<QQq", relocations)
            if info & 0xFFFFFFFF in _RELATIVE
        }

    def find_array(self, first: str, second: str | None, count: int) -> int:
        """Give the address of the pair whose string is `first`, in an array of at least `count` strings."""
        length = len(first)
        wanted = {self._address(position) for position in self._occurrences(first.encode())}
        for place, target in self._pointers.items():
            if target in wanted and self._length_at(place) == length:
                if second is not None and self._string_at(place + 16) != second:
                    continue
                if self._is_array(place, min(count, 64)):
                    return place
        raise WireError(f"no token table that starts with {first!r} in the library")

    def strings_at(self, address: int, count: int) -> tuple[str, ...]:
        """Read `count` consecutive strings."""
        return tuple(self._string_at(address + 16 * index) or "" for index in range(count))

    def _is_array(self, place: int, count: int) -> bool:
        return all(0 < self._length_at(place + 16 * index) < 64 for index in range(count))

    def _occurrences(self, needle: bytes) -> list[int]:
        found, position = [], self._data.find(needle)
        while position >= 0:
            found.append(position)
            position = self._data.find(needle, position + 1)
        return found

    def _string_at(self, place: int) -> str | None:
        target, length = self._pointers.get(place), self._length_at(place)
        if target is None or not 0 < length < 64:
            return None
        start = self._offset(target)
        return self._data[start : start + length].decode("ascii", "replace")

    def _length_at(self, place: int) -> int:
        start = self._offset(place + 8)
        return int.from_bytes(self._data[start : start + 8], "little")

    def _offset(self, address: int) -> int:
        for base, offset, size in self._segments:
            if base <= address < base + size:
                return int(address - base + offset)
        return len(self._data)

    def _address(self, position: int) -> int:
        for base, offset, size in self._segments:
            if offset <= position < offset + size:
                return int(position - offset + base)
        return -1
