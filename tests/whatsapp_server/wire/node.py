"""Stanzas: the tree of tags that both ends exchange, and its binary form.

A node is a list of tag, attribute pairs and optional content (whatsmeow binary/decoder.go and encoder.go).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from tests.whatsapp_server.wire import tokens
from tests.whatsapp_server.wire.binary import (
    BINARY_8,
    BINARY_32,
    LIST_8,
    LIST_16,
    LIST_EMPTY,
    Value,
    ValueReader,
    write_bytes,
    write_jid,
    write_list_start,
    write_string,
)
from tests.whatsapp_server.wire.errors import WireError
from tests.whatsapp_server.wire.jid import Jid

__all__ = ["Node", "Value", "WireError", "decode", "encode"]

COMPRESSED_FLAG = 2
"""Bit of a frame's first byte: the rest is compressed with zlib (whatsmeow binary/unpack.go)."""


@dataclass(slots=True)
class Node:
    """One stanza or part of one: a tag, attributes, and either bytes or child nodes or nothing."""

    tag: str
    attrs: dict[str, Value] = field(default_factory=dict)
    content: bytes | list[Node] | None = None

    def child(self, tag: str) -> Node | None:
        """Give the first child with this tag."""
        if isinstance(self.content, list):
            for node in self.content:
                if node.tag == tag:
                    return node
        return None

    def children(self, tag: str | None = None) -> list[Node]:
        """Give all children, or those with this tag."""
        if not isinstance(self.content, list):
            return []
        return self.content if tag is None else [node for node in self.content if node.tag == tag]

    def data(self) -> bytes:
        """Give the content bytes, empty when there are none."""
        return self.content if isinstance(self.content, bytes) else b""

    def text(self) -> str:
        """Give the content bytes as text."""
        return self.data().decode("utf-8", "replace")

    def get(self, name: str) -> str:
        """Give an attribute as text, empty when it is missing."""
        value = self.attrs.get(name)
        return "" if value is None else str(value)

    def jid(self, name: str) -> Jid | None:
        """Give an attribute as an address, None when it is missing."""
        value = self.attrs.get(name)
        return Jid.parse(value) if isinstance(value, str) else value


def encode(node: Node) -> bytes:
    """Write a node, with the leading flag byte (0: not compressed).

    Raises WireError for what has no binary form.
    """
    out = bytearray(1)
    _write_node(out, node, tokens.load().encoded)
    return bytes(out)


def decode(data: bytes) -> Node:
    """Read a node that starts with its flag byte.

    Raises WireError for anything malformed, trailing bytes included.
    """
    if not data:
        raise WireError("empty frame")
    if data[0] & COMPRESSED_FLAG:
        try:
            data = b"\0" + zlib.decompress(data[1:])
        except zlib.error as error:
            raise WireError(f"bad compression: {error}") from error
    try:
        node, end = _Reader(data).node(1)
    except (IndexError, UnicodeDecodeError, RecursionError, TypeError) as error:
        raise WireError(f"malformed node: {error}") from error
    if end != len(data):
        raise WireError(f"{len(data) - end} bytes after the node")
    return node


def _write_node(out: bytearray, node: Node, dictionary: dict[str, bytes]) -> None:
    content = node.content
    attrs = node.attrs
    write_list_start(out, 1 + 2 * len(attrs) + (content is not None))
    write_string(out, node.tag, dictionary)
    for name, value in attrs.items():
        write_string(out, name, dictionary)
        if isinstance(value, str):
            write_string(out, value, dictionary)
        elif isinstance(value, Jid):
            write_jid(out, value, dictionary)
        else:
            raise WireError(f"attribute {name} of <{node.tag}> is a {type(value).__name__}")
    if content is None:
        return
    if isinstance(content, list):
        write_list_start(out, len(content))
        for child in content:
            _write_node(out, child, dictionary)
    else:
        write_bytes(out, content)


class _Reader(ValueReader):
    """Reads whole nodes."""

    __slots__ = ()

    def node(self, at: int) -> tuple[Node, int]:
        size, at = self.list_size(at)
        tag, at = self.string(at)
        if not size or not tag:
            raise WireError("a node without tag")
        attrs: dict[str, Value] = {}
        for _ in range((size - 1) >> 1):
            name, at = self.string(at)
            attrs[name], at = self.value(at)
        if size & 1:
            return Node(tag, attrs), at
        content, at = self.content(at)
        return Node(tag, attrs, content), at

    def content(self, at: int) -> tuple[bytes | list[Node] | None, int]:
        kind = self.data[at]
        if kind in (LIST_8, LIST_16):
            size, at = self.list_size(at)
            nodes = []
            for _ in range(size):
                node, at = self.node(at)
                nodes.append(node)
            return nodes, at
        if kind == LIST_EMPTY:
            return None, at + 1
        if BINARY_8 <= kind <= BINARY_32:
            return self.raw(at)
        # a client may write textual content as a token, packed digits or an address
        value, at = self.value(at)
        return str(value).encode(), at
