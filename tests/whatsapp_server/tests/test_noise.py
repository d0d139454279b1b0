"""The handshake and its certificates, our two sides against each other."""

from __future__ import annotations

import time

import pytest

from tests.whatsapp_server.wire.certificates import NoiseAuthority, trusts_chain
from tests.whatsapp_server.wire.errors import WireError
from tests.whatsapp_server.wire.frames import CONNECTION_HEADER, FrameBuffer, pack
from tests.whatsapp_server.wire.keys import KeyPair
from tests.whatsapp_server.wire.noise import HandshakeFailed, Initiator, Responder, Transport

NOW = time.time()


@pytest.fixture(scope="module")
def authority() -> NoiseAuthority:
    return NoiseAuthority.create(NOW)


def trusting(root: bytes, now: float = NOW):  # type: ignore[no-untyped-def]
    return lambda chain, static: trusts_chain(chain, static, root, now)


def shake(authority: NoiseAuthority, initiator: Initiator) -> tuple[Transport, Transport, bytes, bytes]:
    responder = Responder(authority.static, authority.chain)
    client, finish = initiator.finish(responder.answer_hello(initiator.hello()), b"payload")
    server, static, payload = responder.finish(finish)
    return client, server, static, payload


def test_both_sides_agree_and_frames_go_both_ways(authority: NoiseAuthority) -> None:
    static = KeyPair.generate()
    client, server, seen, payload = shake(authority, Initiator(static, trusting(authority.root.public)))
    assert (seen, payload) == (static.public, b"payload")
    for number in range(3):
        assert server.decrypt(client.encrypt(b"up%d" % number)) == b"up%d" % number
        assert client.decrypt(server.encrypt(b"down%d" % number)) == b"down%d" % number


def test_a_chain_under_another_root_is_refused(authority: NoiseAuthority) -> None:
    with pytest.raises(HandshakeFailed, match="not trusted"):
        shake(authority, Initiator(KeyPair.generate(), trusting(KeyPair.generate().public)))


def test_a_chain_for_another_server_key_is_refused(authority: NoiseAuthority) -> None:
    stranger = Responder(KeyPair.generate(), authority.chain)
    initiator = Initiator(KeyPair.generate(), trusting(authority.root.public))
    with pytest.raises(HandshakeFailed, match="not trusted"):
        initiator.finish(stranger.answer_hello(initiator.hello()), b"")


def test_a_chain_that_has_expired_is_refused(authority: NoiseAuthority) -> None:
    later = NOW + 30 * 365 * 86400
    assert not trusts_chain(authority.chain, authority.static.public, authority.root.public, later)


def test_a_tampered_server_hello_is_refused(authority: NoiseAuthority) -> None:
    initiator = Initiator(KeyPair.generate(), trusting(authority.root.public))
    answer = bytearray(Responder(authority.static, authority.chain).answer_hello(initiator.hello()))
    answer[-1] ^= 1
    with pytest.raises(HandshakeFailed):
        initiator.finish(bytes(answer), b"")


def test_a_client_finish_of_another_handshake_is_refused(authority: NoiseAuthority) -> None:
    first, second = (Responder(authority.static, authority.chain) for _ in range(2))
    initiator = Initiator(KeyPair.generate(), trusting(authority.root.public))
    _, finish = initiator.finish(first.answer_hello(initiator.hello()), b"")
    second.answer_hello(Initiator(KeyPair.generate(), trusting(b"")).hello())
    with pytest.raises(HandshakeFailed):
        second.finish(finish)


@pytest.mark.parametrize("message", [b"", b"\xff", b"no protobuf at all"])
def test_a_hello_that_is_none_is_refused(authority: NoiseAuthority, message: bytes) -> None:
    with pytest.raises(HandshakeFailed):
        Responder(authority.static, authority.chain).answer_hello(message)


def test_a_repeated_frame_does_not_decrypt(authority: NoiseAuthority) -> None:
    client, server, _, _ = shake(authority, Initiator(KeyPair.generate(), trusting(authority.root.public)))
    data = client.encrypt(b"once")
    assert server.decrypt(data) == b"once"
    with pytest.raises(WireError):
        server.decrypt(data)


def test_frames_are_found_however_the_bytes_are_cut() -> None:
    frames = [b"", b"a", b"b" * 1000, b"c" * 70000]
    stream = CONNECTION_HEADER + b"".join(map(pack, frames))
    for step in (1, 3, 7, 4096, len(stream)):
        buffer = FrameBuffer(expect_header=True)
        found = [frame for at in range(0, len(stream), step) for frame in buffer.feed(stream[at : at + step])]
        assert found == frames


def test_a_wrong_connection_header_is_refused() -> None:
    with pytest.raises(WireError, match="header"):
        FrameBuffer(expect_header=True).feed(b"WA\x05\x02" + pack(b"x"))
