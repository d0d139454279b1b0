"""The double ratchet of Signal protocol version 3: one session state with its sending and receiving chains."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.whatsapp_server.wire.fields import MalformedMessage
from tests.whatsapp_server.wire.kdf import hkdf_sha256, hmac_sha256
from tests.whatsapp_server.wire.keys import KeyPair
from tests.whatsapp_server.wire.signal_messages import SignalMessage

MAX_SKIPPED = 2000
"""Furthest a message may lie ahead of its chain, as in libsignal."""

MAX_RECEIVING_CHAINS = 5
"""Receiving chains kept for late messages, as in libsignal."""


class DecryptionFailed(ValueError):
    """A message does not belong to this session, or was changed on the way."""


class DuplicateMessage(DecryptionFailed):
    """A message whose key was used before; libsignal's "old counter"."""


@dataclass(frozen=True, slots=True)
class MessageKeys:
    """The keys of one message: AES-256-CBC key and IV, and the MAC key."""

    cipher_key: bytes
    mac_key: bytes
    iv: bytes


@dataclass(frozen=True, slots=True)
class ChainKey:
    """One link of a symmetric chain; `index` is the counter of the message it makes keys for."""

    key: bytes
    index: int = 0

    def next(self) -> ChainKey:
        """Give the following link."""
        return ChainKey(hmac_sha256(self.key, b"\x02"), self.index + 1)

    def message_keys(self) -> MessageKeys:
        """Derive the keys of this link's message."""
        keys = hkdf_sha256(hmac_sha256(self.key, b"\x01"), b"WhisperMessageKeys", 80)
        return MessageKeys(keys[:32], keys[32:64], keys[64:])


@dataclass(frozen=True, slots=True)
class RootKey:
    """The root of the Diffie-Hellman ratchet."""

    key: bytes

    def step(self, ours: KeyPair, theirs: bytes) -> tuple[RootKey, ChainKey]:
        """Turn the ratchet by one Diffie-Hellman agreement: the next root and a fresh chain."""
        derived = hkdf_sha256(ours.agree(theirs), b"WhisperRatchet", 64, salt=self.key)
        return RootKey(derived[:32]), ChainKey(derived[32:])


@dataclass(slots=True)
class ReceivingChain:
    """A chain the other side sends on, and the keys of messages skipped on it."""

    ratchet_key: bytes
    chain: ChainKey
    skipped: dict[int, MessageKeys] = field(default_factory=dict)

    def keys_for(self, counter: int) -> tuple[MessageKeys, ChainKey, dict[int, MessageKeys]]:
        """Find a message's keys and what the chain becomes once it is read; changes nothing itself.

        Raises DuplicateMessage when the key is gone, DecryptionFailed when the counter is too far ahead.
        """
        if counter < self.chain.index:
            if counter not in self.skipped:
                raise DuplicateMessage(f"message {counter} was read before")
            rest = {number: keys for number, keys in self.skipped.items() if number != counter}
            return self.skipped[counter], self.chain, rest
        if counter - self.chain.index > MAX_SKIPPED:
            raise DecryptionFailed("message lies too far ahead")
        chain, skipped = self.chain, self.skipped
        if counter > chain.index:
            skipped = dict(skipped)
            while chain.index < counter:
                skipped[chain.index] = chain.message_keys()
                chain = chain.next()
        return chain.message_keys(), chain.next(), skipped


@dataclass(frozen=True, slots=True)
class PendingPreKey:
    """What an initiator repeats in each message until the other side has answered."""

    prekey_id: int | None
    signed_prekey_id: int
    base_key: bytes


@dataclass(slots=True)
class SessionState:
    """Both directions of one session between two identities (32-byte public keys).

    `base_key` is the initiator's ephemeral key: it names the session on both sides.
    """

    local_identity: bytes
    remote_identity: bytes
    base_key: bytes
    root: RootKey
    sending_ratchet: KeyPair
    sending_chain: ChainKey
    previous_counter: int = 0
    receiving: list[ReceivingChain] = field(default_factory=list)
    pending: PendingPreKey | None = None
    remote_registration_id: int = 0

    def encrypt(self, plaintext: bytes) -> SignalMessage:
        """Encrypt under the sending chain and move it on by one."""
        keys = self.sending_chain.message_keys()
        message = SignalMessage.build(
            ratchet_key=self.sending_ratchet.public,
            counter=self.sending_chain.index,
            previous_counter=self.previous_counter,
            ciphertext=encrypt_cbc(keys, plaintext),
            mac_key=keys.mac_key,
            sender_identity=self.local_identity,
            receiver_identity=self.remote_identity,
        )
        self.sending_chain = self.sending_chain.next()
        return message

    def decrypt(self, message: SignalMessage) -> bytes:
        """Decrypt a message, in whatever order it came; the state moves only if the message is authentic.

        Raises DuplicateMessage or DecryptionFailed.
        """
        chain = next((c for c in self.receiving if c.ratchet_key == message.ratchet_key), None)
        root = None
        if chain is None:
            root, fresh = self.root.step(self.sending_ratchet, message.ratchet_key)
            chain = ReceivingChain(message.ratchet_key, fresh)
        keys, following, skipped = chain.keys_for(message.counter)
        if not message.is_authentic(keys.mac_key, self.remote_identity, self.local_identity):
            raise DecryptionFailed("the MAC does not match")
        try:
            plaintext = decrypt_cbc(keys, message.ciphertext)
        except ValueError as error:
            raise DecryptionFailed("the padding is wrong") from error
        chain.chain, chain.skipped = following, skipped
        while len(chain.skipped) > MAX_SKIPPED:
            del chain.skipped[next(iter(chain.skipped))]
        if root is not None:
            self._turn(root, chain)
        self.pending = None
        return plaintext

    def _turn(self, root: RootKey, chain: ReceivingChain) -> None:
        """Answer the other side's ratchet step with one of ours."""
        self.receiving = [*self.receiving, chain][-MAX_RECEIVING_CHAINS:]
        self.previous_counter = max(self.sending_chain.index - 1, 0)
        self.sending_ratchet = KeyPair.generate()
        self.root, self.sending_chain = root.step(self.sending_ratchet, chain.ratchet_key)


def _cipher(keys: MessageKeys) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(keys.cipher_key), modes.CBC(keys.iv))


def encrypt_cbc(keys: MessageKeys, plaintext: bytes) -> bytes:
    """Encrypt with AES-256-CBC and PKCS #7 padding."""
    fill = 16 - len(plaintext) % 16
    encryptor = _cipher(keys).encryptor()
    return encryptor.update(plaintext + bytes([fill]) * fill) + encryptor.finalize()


def decrypt_cbc(keys: MessageKeys, ciphertext: bytes) -> bytes:
    """The other way round. Raises MalformedMessage."""
    if not ciphertext or len(ciphertext) % 16:
        raise MalformedMessage("ciphertext is not whole blocks")
    decryptor = _cipher(keys).decryptor()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    fill = padded[-1]
    if not 1 <= fill <= 16 or padded[-fill:] != bytes([fill]) * fill:
        raise MalformedMessage("wrong padding")
    return padded[:-fill]
