"""The handshake of every connection: Noise_XX_25519_AESGCM_SHA256, both sides (whatsmeow handshake.go, socket/).

Differences from the Noise specification, as the real client has them: the empty payload of the first message is
not hashed, and the messages travel in protobuf (HandshakeMessage).
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.whatsapp_server.wire.errors import WireError
from tests.whatsapp_server.wire.frames import CONNECTION_HEADER
from tests.whatsapp_server.wire.keys import KeyPair
from tests.whatsapp_server.wire.protos import wa6

PATTERN = b"Noise_XX_25519_AESGCM_SHA256\0\0\0\0"


class HandshakeFailed(WireError):
    """The other end sent something that does not decrypt, is malformed, or proves the wrong identity."""


class Transport:
    """A connection after the handshake: each direction has its key and counts its frames."""

    __slots__ = ("_read", "_read_count", "_write", "_write_count")

    def __init__(self, write_key: bytes, read_key: bytes) -> None:
        self._write, self._read = AESGCM(write_key), AESGCM(read_key)
        self._write_count = self._read_count = 0

    def encrypt(self, plaintext: bytes) -> bytes:
        """Encrypt the next frame to the other end."""
        nonce = self._write_count.to_bytes(12, "big")
        self._write_count += 1
        return self._write.encrypt(nonce, plaintext, None)

    def decrypt(self, frame: bytes) -> bytes:
        """Decrypt the next frame from the other end. Raises WireError when it is not genuine or out of order."""
        nonce = self._read_count.to_bytes(12, "big")
        self._read_count += 1
        try:
            return self._read.decrypt(nonce, frame, None)
        except InvalidTag as error:
            raise WireError("a frame that does not decrypt") from error


class _SymmetricState:
    """The running hash and key of a handshake."""

    def __init__(self) -> None:
        self._hash = self._salt = self._key = PATTERN
        self._count = 0
        self.mix_hash(CONNECTION_HEADER)

    def mix_hash(self, data: bytes) -> None:
        digest = hashes.Hash(hashes.SHA256())
        digest.update(self._hash + data)
        self._hash = digest.finalize()

    def mix_key(self, secret: bytes) -> None:
        self._salt, self._key = self._expand(secret)
        self._count = 0

    def encrypt(self, plaintext: bytes) -> bytes:
        ciphertext = AESGCM(self._key).encrypt(self._nonce(), plaintext, self._hash)
        self.mix_hash(ciphertext)
        return ciphertext

    def decrypt(self, ciphertext: bytes) -> bytes:
        try:
            plaintext = AESGCM(self._key).decrypt(self._nonce(), ciphertext, self._hash)
        except InvalidTag as error:
            raise HandshakeFailed("a handshake message that does not decrypt") from error
        self.mix_hash(ciphertext)
        return plaintext

    def split(self) -> tuple[bytes, bytes]:
        return self._expand(b"")

    def _nonce(self) -> bytes:
        nonce = self._count.to_bytes(12, "big")
        self._count += 1
        return nonce

    def _expand(self, secret: bytes) -> tuple[bytes, bytes]:
        material = HKDF(hashes.SHA256(), length=64, salt=self._salt, info=b"").derive(secret)
        return material[:32], material[32:]


class Responder:
    """The server's side. `certificate` is sent with the static key and proves it to the client."""

    def __init__(self, static: KeyPair, certificate: bytes, ephemeral: KeyPair | None = None) -> None:
        self._static, self._certificate = static, certificate
        self._ephemeral = ephemeral or KeyPair.generate()
        self._state = _SymmetricState()

    def answer_hello(self, message: bytes) -> bytes:
        """Take the client's first message and give the server's. Raises HandshakeFailed."""
        theirs = _key(_parse(message).clientHello.ephemeral)
        state, ephemeral = self._state, self._ephemeral
        state.mix_hash(theirs)
        state.mix_hash(ephemeral.public)
        state.mix_key(ephemeral.agree(theirs))
        static = state.encrypt(self._static.public)
        state.mix_key(self._static.agree(theirs))
        payload = state.encrypt(self._certificate)
        hello = wa6.HandshakeMessage.ServerHello(ephemeral=ephemeral.public, static=static, payload=payload)
        return bytes(wa6.HandshakeMessage(serverHello=hello).SerializeToString())

    def finish(self, message: bytes) -> tuple[Transport, bytes, bytes]:
        """Take the client's second message: the transport, its static key, and its payload (a ClientPayload)."""
        finish = _parse(message).clientFinish
        theirs = _key(self._state.decrypt(finish.static))
        self._state.mix_key(self._ephemeral.agree(theirs))
        payload = self._state.decrypt(finish.payload)
        from_client, to_client = self._state.split()
        return Transport(to_client, from_client), theirs, payload


class Initiator:
    """The client's side. `trusts(certificate, static_key)` decides whether the server is who it should be."""

    def __init__(self, static: KeyPair, trusts: Callable[[bytes, bytes], bool]) -> None:
        self._static, self._trusts = static, trusts
        self._ephemeral = KeyPair.generate()
        self._state = _SymmetricState()

    def hello(self) -> bytes:
        """Give the first message."""
        self._state.mix_hash(self._ephemeral.public)
        hello = wa6.HandshakeMessage.ClientHello(ephemeral=self._ephemeral.public)
        return bytes(wa6.HandshakeMessage(clientHello=hello).SerializeToString())

    def finish(self, message: bytes, payload: bytes) -> tuple[Transport, bytes]:
        """Take the server's message: the transport, and the second message to send. Raises HandshakeFailed."""
        hello = _parse(message).serverHello
        state, ephemeral = self._state, self._ephemeral
        theirs = _key(hello.ephemeral)
        state.mix_hash(theirs)
        state.mix_key(ephemeral.agree(theirs))
        server = _key(state.decrypt(hello.static))
        state.mix_key(ephemeral.agree(server))
        if not self._trusts(state.decrypt(hello.payload), server):
            raise HandshakeFailed("the server's certificate is not trusted")
        static = state.encrypt(self._static.public)
        state.mix_key(self._static.agree(theirs))
        finish = wa6.HandshakeMessage.ClientFinish(static=static, payload=state.encrypt(payload))
        to_server, from_server = state.split()
        return Transport(to_server, from_server), bytes(
            wa6.HandshakeMessage(clientFinish=finish).SerializeToString()
        )


def _parse(message: bytes):  # type: ignore[no-untyped-def]  # generated protobuf classes are untyped
    from google.protobuf.message import DecodeError

    try:
        return wa6.HandshakeMessage.FromString(message)
    except DecodeError as error:
        raise HandshakeFailed("not a handshake message") from error


def _key(value: bytes) -> bytes:
    if len(value) != 32:
        raise HandshakeFailed(f"a key of {len(value)} bytes")
    return value
