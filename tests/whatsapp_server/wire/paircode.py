"""Linking by an eight-letter code: the cryptography of both sides (whatsmeow pair-code.go).

The companion shows a code and wraps its ephemeral public key under it; the phone, where the code is typed,
wraps its own. Both then share a secret, under which the companion sends its identity key, and from which the
ADV secret comes.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.whatsapp_server.wire.kdf import hkdf_sha256
from tests.whatsapp_server.wire.keys import KeyPair

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTVWXYZ"
"""Base 32 without 0, I, O and U."""

ROUNDS = 2 << 16
"""PBKDF2-HMAC-SHA256 rounds between code and wrapping key."""

_BUNDLE_INFO = b"link_code_pairing_key_bundle_encryption_key"
_ADV_INFO = b"adv_secret"


class WrongCode(ValueError):
    """The two sides do not have the same code."""


def normalize(code: str) -> str:
    """Give the eight letters of a code as typed ("abcd-efgh"). Raises WrongCode for anything else."""
    letters = code.replace("-", "").replace(" ", "").upper()
    if len(letters) != 8 or any(letter not in ALPHABET for letter in letters):
        raise WrongCode("a linking code has eight letters or digits")
    return letters


def new_code() -> str:
    """Make a code: eight letters, without the dash."""
    return "".join(secrets.choice(ALPHABET) for _ in range(8))


def wrap(public: bytes, code: str) -> bytes:
    """Wrap an ephemeral public key (32 bytes) under a code: salt 32, IV 16, ciphertext 32."""
    salt, iv = secrets.token_bytes(32), secrets.token_bytes(16)
    return salt + iv + _ctr(code, salt, iv, public)


def unwrap(wrapped: bytes, code: str) -> bytes:
    """Unwrap an ephemeral public key; a wrong code gives a wrong key, which shows only later."""
    if len(wrapped) != 80:
        raise WrongCode("a wrapped key has 80 bytes")
    return _ctr(code, wrapped[:32], wrapped[32:48], wrapped[48:])


@dataclass(slots=True)
class PhoneSide:
    """The phone's side of one linking: made when the code is typed, finished when the companion answers."""

    code: str
    identity: KeyPair
    companion_ephemeral: bytes
    ephemeral: KeyPair = field(default_factory=KeyPair.generate)

    @classmethod
    def start(cls, code: str, identity: KeyPair, wrapped_companion_key: bytes) -> PhoneSide:
        """Begin with the code as typed and what the companion sent in companion_hello."""
        letters = normalize(code)
        return cls(letters, identity, unwrap(wrapped_companion_key, letters))

    def wrapped_key(self) -> bytes:
        """Give link_code_pairing_wrapped_primary_ephemeral_pub."""
        return wrap(self.ephemeral.public, self.code)

    def finish(self, wrapped_bundle: bytes) -> tuple[bytes, bytes]:
        """Open companion_finish: the companion's identity key and the ADV secret. Raises WrongCode."""
        try:
            shared = self.ephemeral.agree(self.companion_ephemeral)
            key = hkdf_sha256(shared, _BUNDLE_INFO, 32, salt=wrapped_bundle[:32])
            bundle = AESGCM(key).decrypt(wrapped_bundle[32:44], wrapped_bundle[44:], None)
        except (InvalidTag, ValueError) as error:
            raise WrongCode("the companion has another code") from error
        companion, phone, random = bundle[:32], bundle[32:64], bundle[64:]
        if phone != self.identity.public:
            raise WrongCode("the companion answers another phone")
        return companion, _adv_secret(shared, self.identity.agree(companion), random)


@dataclass(slots=True)
class CompanionSide:
    """The companion's side of one linking."""

    identity: KeyPair
    code: str = field(default_factory=new_code)
    ephemeral: KeyPair = field(default_factory=KeyPair.generate)

    def wrapped_key(self) -> bytes:
        """Give link_code_pairing_wrapped_companion_ephemeral_pub."""
        return wrap(self.ephemeral.public, self.code)

    def finish(self, wrapped_phone_key: bytes, phone_identity: bytes) -> tuple[bytes, bytes]:
        """Answer the phone: the wrapped key bundle for companion_finish and the ADV secret."""
        shared = self.ephemeral.agree(unwrap(wrapped_phone_key, self.code))
        salt, nonce, random = secrets.token_bytes(32), secrets.token_bytes(12), secrets.token_bytes(32)
        key = hkdf_sha256(shared, _BUNDLE_INFO, 32, salt=salt)
        sealed = AESGCM(key).encrypt(nonce, self.identity.public + phone_identity + random, None)
        return salt + nonce + sealed, _adv_secret(shared, self.identity.agree(phone_identity), random)


def _adv_secret(shared: bytes, identities: bytes, random: bytes) -> bytes:
    return hkdf_sha256(shared + identities + random, _ADV_INFO, 32)


def _ctr(code: str, salt: bytes, iv: bytes, data: bytes) -> bytes:
    key = hashlib.pbkdf2_hmac("sha256", code.encode(), salt, ROUNDS, 32)
    cipher = Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor()
    return cipher.update(data) + cipher.finalize()
