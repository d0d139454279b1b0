"""Curve25519 keys as WhatsApp uses them: key pairs, XEdDSA signatures, prekeys and prekey bundles.

Public keys are 32 raw bytes everywhere in this package. Signal's wire format puts the type byte 0x05 before them
(`DJB_TYPE`); only `typed` and `untyped` add or remove it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from xeddsa import bindings as xeddsa

DJB_TYPE = b"\x05"
"""Type byte of a Curve25519 public key in Signal's serialisation."""

SIGNATURE_SIZE = 64
_SIGN_BIT = 0x80


class InvalidKey(ValueError):
    """A key has the wrong size or type, or a signature over it does not verify."""


def typed(public: bytes) -> bytes:
    """Put Signal's type byte before a raw 32-byte public key."""
    return DJB_TYPE + public


def untyped(serialized: bytes) -> bytes:
    """Take Signal's type byte off a 33-byte public key. Raises InvalidKey for anything else."""
    if len(serialized) != 33 or serialized[:1] != DJB_TYPE:
        raise InvalidKey("not a 33-byte Curve25519 public key")
    return serialized[1:]


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a 64-byte XEdDSA signature over `message` was made by the owner of `public` (32 bytes).

    libsignal keeps the sign bit of the Edwards form of the key in the top bit of the signature's last byte.
    """
    if len(public) != 32 or len(signature) != SIGNATURE_SIZE:
        return False
    sign = bool(signature[63] & _SIGN_BIT)
    plain = signature[:63] + bytes([signature[63] & ~_SIGN_BIT & 0xFF])
    return bool(xeddsa.ed25519_verify(plain, xeddsa.curve25519_pub_to_ed25519_pub(public, sign), message))


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An X25519 key pair: both halves 32 raw bytes."""

    private: bytes = field(repr=False)
    public: bytes

    @classmethod
    def generate(cls) -> KeyPair:
        """Make a fresh pair."""
        return cls.of_private(X25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def of_private(cls, private: bytes) -> KeyPair:
        """Make the pair that belongs to 32 private bytes."""
        return cls(private, X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw())

    def agree(self, public: bytes) -> bytes:
        """Diffie-Hellman with another public key (32 bytes): 32 shared bytes."""
        theirs = X25519PublicKey.from_public_bytes(public)
        return X25519PrivateKey.from_private_bytes(self.private).exchange(theirs)

    def sign(self, message: bytes) -> bytes:
        """Sign with XEdDSA: 64 bytes, sign bit 0, as libsignal verifies it."""
        return xeddsa.ed25519_priv_sign(xeddsa.priv_force_sign(self.private, False), message)


@dataclass(frozen=True, slots=True)
class PreKey:
    """A one-time prekey; the number travels in three bytes."""

    number: int
    keys: KeyPair


@dataclass(frozen=True, slots=True)
class SignedPreKey:
    """A medium-term prekey with the identity's 64-byte signature over its typed public key."""

    number: int
    keys: KeyPair
    signature: bytes

    @classmethod
    def generate(cls, number: int, identity: KeyPair) -> SignedPreKey:
        """Make a fresh one, signed by `identity`."""
        keys = KeyPair.generate()
        return cls(number, keys, identity.sign(typed(keys.public)))


@dataclass(frozen=True, slots=True)
class PreKeyBundle:
    """What a sender fetches to start a session: public keys of one device; `prekey` None when they ran out."""

    registration_id: int
    identity_key: bytes
    signed_prekey_id: int
    signed_prekey: bytes
    signed_prekey_signature: bytes
    prekey_id: int | None = None
    prekey: bytes | None = None

    def is_signed(self) -> bool:
        """Tell whether the identity really signed the signed prekey."""
        return verify(self.identity_key, typed(self.signed_prekey), self.signed_prekey_signature)


@dataclass(slots=True)
class DeviceKeys:
    """The private side of a device: identity, registration number, signed prekey and its one-time prekeys."""

    identity: KeyPair
    registration_id: int
    signed_prekey: SignedPreKey
    prekeys: dict[int, PreKey] = field(default_factory=dict)
    made: int = 0

    @classmethod
    def generate(cls, prekey_count: int = 20) -> DeviceKeys:
        """Make a device's keys with `prekey_count` one-time prekeys numbered from 1."""
        identity = KeyPair.generate()
        # 14 bits, never 0: libsignal's registration ids.
        registration_id = 1 + secrets.randbelow(16380)
        keys = cls(identity, registration_id, SignedPreKey.generate(1, identity))
        keys.add_prekeys(prekey_count)
        return keys

    def add_prekeys(self, count: int) -> list[PreKey]:
        """Make more one-time prekeys, under numbers never used before."""
        fresh = [PreKey(self.made + n, KeyPair.generate()) for n in range(1, count + 1)]
        self.made += count
        self.prekeys.update({prekey.number: prekey for prekey in fresh})
        return fresh

    def bundle(self, prekey_number: int | None = None) -> PreKeyBundle:
        """Give the public bundle, with one of the one-time prekeys or without."""
        prekey = None if prekey_number is None else self.prekeys[prekey_number]
        return PreKeyBundle(
            registration_id=self.registration_id,
            identity_key=self.identity.public,
            signed_prekey_id=self.signed_prekey.number,
            signed_prekey=self.signed_prekey.keys.public,
            signed_prekey_signature=self.signed_prekey.signature,
            prekey_id=None if prekey is None else prekey.number,
            prekey=None if prekey is None else prekey.keys.public,
        )
