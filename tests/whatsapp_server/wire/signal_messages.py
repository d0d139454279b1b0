"""Signal's two wire messages, version 3: SignalMessage ("msg") and PreKeySignalMessage ("pkmsg").

Layout: one version byte (current and minimum version in its two halves), then a protobuf; a SignalMessage
ends with 8 bytes of MAC. Source: the Signal protocol's published `WhisperTextProtocol` and the bytes
whatsmeow accepts.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from tests.whatsapp_server.wire.fields import MalformedMessage, decode_fields, encode_fields
from tests.whatsapp_server.wire.kdf import hmac_sha256
from tests.whatsapp_server.wire.keys import InvalidKey, typed, untyped

VERSION_BYTE = b"\x33"
MAC_SIZE = 8


@dataclass(frozen=True, slots=True)
class SignalMessage:
    """A ratchet message: `body` is the signed part (version byte and protobuf), `mac` the 8 bytes after it."""

    ratchet_key: bytes
    counter: int
    previous_counter: int
    ciphertext: bytes
    body: bytes
    mac: bytes

    @classmethod
    def build(
        cls,
        *,
        ratchet_key: bytes,
        counter: int,
        previous_counter: int,
        ciphertext: bytes,
        mac_key: bytes,
        sender_identity: bytes,
        receiver_identity: bytes,
    ) -> SignalMessage:
        """Put a message together and sign it for the two identities (32 bytes each)."""
        body = VERSION_BYTE + encode_fields(
            [(1, typed(ratchet_key)), (2, counter), (3, previous_counter), (4, ciphertext)]
        )
        mac = _mac(mac_key, sender_identity, receiver_identity, body)
        return cls(ratchet_key, counter, previous_counter, ciphertext, body, mac)

    @classmethod
    def parse(cls, data: bytes) -> SignalMessage:
        """Read a message. Raises MalformedMessage."""
        fields = versioned_fields(data[:-MAC_SIZE])
        return cls(
            ratchet_key=_key(fields, 1),
            counter=number_field(fields, 2),
            previous_counter=number_field(fields, 3, default=0),
            ciphertext=bytes_field(fields, 4),
            body=data[:-MAC_SIZE],
            mac=data[-MAC_SIZE:],
        )

    def is_authentic(self, mac_key: bytes, sender_identity: bytes, receiver_identity: bytes) -> bool:
        """Compare the MAC."""
        return hmac.compare_digest(self.mac, _mac(mac_key, sender_identity, receiver_identity, self.body))

    def serialize(self) -> bytes:
        """Give the wire bytes."""
        return self.body + self.mac


@dataclass(frozen=True, slots=True)
class PreKeySignalMessage:
    """The first messages of a session: a SignalMessage with what the receiver needs to start its side."""

    registration_id: int
    prekey_id: int | None
    signed_prekey_id: int
    base_key: bytes
    identity_key: bytes
    message: SignalMessage

    @classmethod
    def parse(cls, data: bytes) -> PreKeySignalMessage:
        """Read a message. Raises MalformedMessage."""
        fields = versioned_fields(data)
        return cls(
            registration_id=number_field(fields, 5, default=0),
            prekey_id=number_field(fields, 1) if 1 in fields else None,
            signed_prekey_id=number_field(fields, 6),
            base_key=_key(fields, 2),
            identity_key=_key(fields, 3),
            message=SignalMessage.parse(bytes_field(fields, 4)),
        )

    def serialize(self) -> bytes:
        """Give the wire bytes."""
        return VERSION_BYTE + encode_fields(
            [
                (1, self.prekey_id),
                (2, typed(self.base_key)),
                (3, typed(self.identity_key)),
                (4, self.message.serialize()),
                (5, self.registration_id),
                (6, self.signed_prekey_id),
            ]
        )


def _mac(key: bytes, sender: bytes, receiver: bytes, body: bytes) -> bytes:
    return hmac_sha256(key, typed(sender) + typed(receiver) + body)[:MAC_SIZE]


def versioned_fields(data: bytes) -> dict[int, int | bytes]:
    """Read what stands behind the byte of the version; raises MalformedMessage."""
    # The upper half is the sender's version; a newer minimum than 3 would be in the lower half.
    if not data or data[0] >> 4 != 3:
        raise MalformedMessage("not a version 3 message")
    return decode_fields(data[1:])


def bytes_field(fields: dict[int, int | bytes], number: int) -> bytes:
    """Give a field of bytes; raises MalformedMessage."""
    value = fields.get(number)
    if not isinstance(value, bytes):
        raise MalformedMessage(f"field {number} is missing")
    return value


def _key(fields: dict[int, int | bytes], number: int) -> bytes:
    try:
        return untyped(bytes_field(fields, number))
    except InvalidKey as error:
        raise MalformedMessage(f"field {number}: {error}") from error


def number_field(fields: dict[int, int | bytes], number: int, default: int | None = None) -> int:
    """Give a field that is a number; raises MalformedMessage if it is missing and has no default."""
    value = fields.get(number, default)
    if not isinstance(value, int):
        raise MalformedMessage(f"field {number} is missing")
    return value
