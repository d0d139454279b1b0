"""The binary form of stanzas."""

from __future__ import annotations

import contextlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.whatsapp_server.wire import tokens
from tests.whatsapp_server.wire.binary import HEX_8, NIBBLE_8
from tests.whatsapp_server.wire.jid import SERVER, Jid
from tests.whatsapp_server.wire.node import Node, WireError, decode, encode

digits = st.text("0123456789", min_size=1, max_size=20)
strings = st.one_of(
    st.text(min_size=1, max_size=300),
    st.text("0123456789-.", min_size=1, max_size=140),
    st.text("0123456789ABCDEF", min_size=1, max_size=140),
    st.sampled_from(["message", "receipt", "read-self", "reject", "s.whatsapp.net", "lid", "type"]),
)
jids = st.one_of(
    st.builds(
        Jid, digits, st.sampled_from(["s.whatsapp.net", "lid", "hosted", "hosted.lid"]), st.integers(0, 255)
    ),
    st.builds(Jid, st.one_of(st.just(""), digits), st.sampled_from(["g.us", "c.us", "broadcast", "bot"])),
    st.builds(Jid, digits, st.just("msgr"), st.integers(0, 65535)),
    st.builds(Jid, digits, st.just("interop"), st.integers(0, 65535), st.integers(0, 65535)),
    st.just(SERVER),
)
attributes = st.dictionaries(strings, st.one_of(strings, jids), max_size=5)
leaves = st.builds(Node, strings, attributes, st.one_of(st.none(), st.binary(max_size=400)))
nodes = st.recursive(
    leaves,
    lambda inner: st.builds(Node, strings, attributes, st.lists(inner, min_size=1, max_size=4)),
    max_leaves=12,
)


@given(nodes)
def test_every_node_round_trips(node: Node) -> None:
    assert decode(encode(node)) == node


@given(nodes)
def test_a_compressed_node_is_read_like_a_plain_one(node: Node) -> None:
    plain = encode(node)
    assert decode(b"\x02" + zlib.compress(plain[1:])) == node


@given(st.binary(max_size=200))
def test_arbitrary_bytes_give_a_node_or_a_wire_error(data: bytes) -> None:
    with contextlib.suppress(WireError):
        decode(b"\0" + data)


@pytest.mark.parametrize(("text", "kind"), [("62812-3.4", NIBBLE_8), ("3EB0AF", HEX_8), ("3EB0AF1", HEX_8)])
def test_digits_are_packed_two_to_a_byte(text: str, kind: int) -> None:
    data = encode(Node("message", {"id": text}))
    at = data.index(kind)
    assert data[at + 1] == (len(text) + 1) // 2 | (len(text) & 1) << 7
    assert decode(data).get("id") == text


def test_a_number_of_exactly_127_digits_is_packed_and_one_more_is_not() -> None:
    assert len(encode(Node("message", {"id": "1" * 127}))) < 80
    assert len(encode(Node("message", {"id": "1" * 128}))) > 128


def test_the_server_is_written_as_a_pair_with_an_empty_user() -> None:
    dictionary = tokens.load().encoded
    data = encode(Node("iq", {"from": SERVER}))
    assert data.endswith(b"\xfa\x00" + dictionary["s.whatsapp.net"])


def test_a_device_is_written_with_its_domain_and_number() -> None:
    assert b"\xf7\x01\x05" in encode(Node("to", {"jid": Jid("12345", "lid", 5)}))


def test_textual_content_arrives_as_bytes_however_it_was_written() -> None:
    single = tokens.load().encoded["message"]
    assert decode(b"\0\xf8\x02" + single + single).content == b"message"
    assert decode(b"\0\xf8\x02" + single + b"\xff\x01\x12").content == b"12"


def test_large_content_uses_wider_lengths() -> None:
    for size in (255, 256, 1 << 20):
        node = Node("enc", {}, bytes(size))
        assert decode(encode(node)) == node


def test_more_than_255_children_round_trip() -> None:
    node = Node("list", {}, [Node("item", {"id": str(number)}) for number in range(812)])
    assert decode(encode(node)) == node


@pytest.mark.parametrize("cut", [1, 2, 5, 9])
def test_a_truncated_node_is_refused(cut: int) -> None:
    data = encode(Node("message", {"id": "3EB0AF", "to": Jid("12345", "lid")}, b"content"))
    with pytest.raises(WireError):
        decode(data[:-cut])


def test_bytes_behind_the_node_are_refused() -> None:
    with pytest.raises(WireError, match="after the node"):
        decode(encode(Node("message")) + b"\0")


def test_an_attribute_that_is_no_string_or_address_is_refused() -> None:
    with pytest.raises(WireError, match="is a int"):
        encode(Node("message", {"t": 5}))  # type: ignore[dict-item]


def test_the_dictionary_has_all_tables_of_its_version() -> None:
    dictionary = tokens.load()
    assert dictionary.single[:4] == ("", "xmlstreamstart", "xmlstreamend", "s.whatsapp.net")
    assert len(dictionary.single) == tokens.SINGLE_COUNT
    assert [len(table) for table in dictionary.double] == [tokens.DOUBLE_COUNT] * tokens.DOUBLE_TABLES
    assert all(token for table in dictionary.double for token in table)


@pytest.mark.parametrize(
    "text", ["628123@s.whatsapp.net", "628123:5@s.whatsapp.net", "111:2@lid", "s.whatsapp.net", "1-2@g.us"]
)
def test_an_address_reads_back_from_its_text(text: str) -> None:
    assert str(Jid.parse(text)) == text


def test_the_agent_part_of_a_long_address_is_dropped() -> None:
    jid = Jid.parse("628123.0:5@s.whatsapp.net")
    assert jid == Jid("628123", device=5)
    assert jid.ad_string() == "628123.0:5@s.whatsapp.net"
