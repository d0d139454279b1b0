"""Signal's sender keys: in a group each device encrypts once, with a chain that it has given to every reader.

A SenderKeyMessage ("skmsg") is signed with the chain's own key; a SenderKeyDistributionMessage carries chain and
public key, and travels inside an ordinary encrypted message. Layouts and derivations are those of libsignal's
`groups`, version 3.
"""

from __future__ import annotations

import secrets
from collections.abc import Hashable
from dataclasses import dataclass, field

from tests.whatsapp_server.wire.fields import MalformedMessage, encode_fields
from tests.whatsapp_server.wire.kdf import hkdf_sha256, hmac_sha256
from tests.whatsapp_server.wire.keys import SIGNATURE_SIZE, InvalidKey, KeyPair, typed, untyped, verify
from tests.whatsapp_server.wire.ratchet import (
    MAX_SKIPPED,
    ChainKey,
    DecryptionFailed,
    DuplicateMessage,
    MessageKeys,
    decrypt_cbc,
    encrypt_cbc,
)
from tests.whatsapp_server.wire.signal_messages import VERSION_BYTE, bytes_field, number_field, versioned_fields

MAX_STATES = 5
"""Chains kept of one sender, the newest first, as in libsignal's SenderKeyRecord."""


class NoSenderKey(DecryptionFailed):
    """The sender's chain was never given to this device."""


def message_keys(chain: ChainKey) -> MessageKeys:
    """Derive the keys of a link's message; it is signed, so there is no MAC key."""
    keys = hkdf_sha256(hmac_sha256(chain.key, b"\x01"), b"WhisperGroup", 48)
    return MessageKeys(keys[16:], b"", keys[:16])


@dataclass(slots=True)
class SenderKeyState:
    """One chain; `signing` is the whole pair for the sender, `public` (32 bytes) is all that readers have."""

    key_id: int
    chain: ChainKey
    public: bytes
    signing: KeyPair | None = None
    skipped: dict[int, MessageKeys] = field(default_factory=dict)

    def keys_for(self, iteration: int) -> MessageKeys:
        """Move on to a message's keys. Raises DuplicateMessage or DecryptionFailed."""
        if iteration < self.chain.index:
            if iteration not in self.skipped:
                raise DuplicateMessage(f"group message {iteration} was read before")
            return self.skipped.pop(iteration)
        if iteration - self.chain.index > MAX_SKIPPED:
            raise DecryptionFailed("the group message lies too far ahead")
        while self.chain.index < iteration:
            self.skipped[self.chain.index] = message_keys(self.chain)
            self.chain = self.chain.next()
        keys, self.chain = message_keys(self.chain), self.chain.next()
        return keys


class SenderKeys:
    """One device's chains: its own by group, the others' by group and sender address."""

    def __init__(self) -> None:
        self._own: dict[str, SenderKeyState] = {}
        self._theirs: dict[tuple[str, Hashable], list[SenderKeyState]] = {}

    def distribution(self, group: str) -> bytes:
        """Give what a reader needs from now on; makes the chain where there is none."""
        if group not in self._own:
            signing = KeyPair.generate()
            key_id = secrets.randbelow(2**31)
            self._own[group] = SenderKeyState(key_id, ChainKey(secrets.token_bytes(32)), signing.public, signing)
        state = self._own[group]
        fields: list[tuple[int, int | bytes | None]]
        fields = [(1, state.key_id), (2, state.chain.index), (3, state.chain.key), (4, typed(state.public))]
        return VERSION_BYTE + encode_fields(fields)

    def renew(self, group: str) -> None:
        """Begin a new chain with the next message: somebody who has the old one has left."""
        self._own.pop(group, None)

    def forget_others(self) -> None:
        """Drop what others gave: their messages can't be read until they give it again."""
        self._theirs.clear()

    def learn(self, group: str, sender: Hashable, data: bytes) -> None:
        """Take a sender's chain. Raises DecryptionFailed for anything else."""
        try:
            fields = versioned_fields(data)
            state = SenderKeyState(
                number_field(fields, 1),
                ChainKey(bytes_field(fields, 3), number_field(fields, 2)),
                untyped(bytes_field(fields, 4)),
            )
        except (MalformedMessage, InvalidKey) as error:
            raise DecryptionFailed(str(error)) from error
        known = [one for one in self._theirs.get((group, sender), []) if one.key_id != state.key_id]
        self._theirs[group, sender] = [state, *known][:MAX_STATES]

    def encrypt(self, group: str, plaintext: bytes) -> bytes:
        """Encrypt for everybody who has the chain."""
        state = self._own[group]
        assert state.signing is not None
        keys = message_keys(state.chain)
        body = VERSION_BYTE + encode_fields(
            [(1, state.key_id), (2, state.chain.index), (3, encrypt_cbc(keys, plaintext))]
        )
        state.chain = state.chain.next()
        return body + state.signing.sign(body)

    def decrypt(self, group: str, sender: Hashable, data: bytes) -> bytes:
        """Read a sender's message. Raises NoSenderKey, DuplicateMessage or DecryptionFailed."""
        body, signature = data[:-SIGNATURE_SIZE], data[-SIGNATURE_SIZE:]
        try:
            fields = versioned_fields(body)
            key_id, iteration, ciphertext = (
                number_field(fields, 1),
                number_field(fields, 2),
                bytes_field(fields, 3),
            )
        except MalformedMessage as error:
            raise DecryptionFailed(str(error)) from error
        states = self._theirs.get((group, sender), [])
        state = next((one for one in states if one.key_id == key_id), None)
        if state is None:
            raise NoSenderKey(f"no chain of {sender} in {group}")
        if not verify(state.public, body, signature):
            raise DecryptionFailed("the signature does not match")
        try:
            return decrypt_cbc(state.keys_for(iteration), ciphertext)
        except MalformedMessage as error:
            raise DecryptionFailed(str(error)) from error
