"""A Signal device: its keys, its sessions, X3DH in both roles, and encrypted messages both ways.

Addresses are opaque to the cryptography; callers use one per device of a person (WhatsApp: LID user and
device number). Version 3 of the protocol with X3DH and no post-quantum part, as WhatsApp speaks it (whatsmeow
uses go.mau.fi/libsignal).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Literal

from tests.whatsapp_server.wire.kdf import hkdf_sha256
from tests.whatsapp_server.wire.keys import DeviceKeys, InvalidKey, KeyPair, PreKeyBundle
from tests.whatsapp_server.wire.ratchet import (
    ChainKey,
    DecryptionFailed,
    DuplicateMessage,
    PendingPreKey,
    ReceivingChain,
    RootKey,
    SessionState,
)
from tests.whatsapp_server.wire.signal_messages import PreKeySignalMessage, SignalMessage

MAX_ARCHIVED_STATES = 40
"""Earlier states of a session kept for late messages, as in libsignal."""

Kind = Literal["msg", "pkmsg"]


class NoSession(DecryptionFailed):
    """There is no session with that device yet."""


@dataclass(frozen=True, slots=True)
class Encrypted:
    """An encrypted message: WhatsApp's `enc type` and the wire bytes."""

    kind: Kind
    data: bytes


@dataclass(slots=True)
class SignalDevice:
    """One device's end of its Signal sessions."""

    keys: DeviceKeys
    _sessions: dict[Hashable, list[SessionState]] = field(default_factory=dict)

    def has_session(self, address: Hashable) -> bool:
        """Tell whether a message can be encrypted to that device without its bundle."""
        return bool(self._sessions.get(address))

    def forget_session(self, address: Hashable) -> None:
        """Drop all states of a session, so that nothing sent on it can be read and the next one is new."""
        self._sessions.pop(address, None)

    def forget_all(self) -> None:
        """Drop every session."""
        self._sessions.clear()

    def remote_identity(self, address: Hashable) -> bytes | None:
        """Give the other side's identity key (32 bytes) as the session knows it."""
        states = self._sessions.get(address)
        return states[0].remote_identity if states else None

    def start_session(self, address: Hashable, bundle: PreKeyBundle) -> None:
        """Start a session from a bundle (X3DH, initiator). Raises InvalidKey when its signature is wrong."""
        if not bundle.is_signed():
            raise InvalidKey("the signed prekey's signature does not verify")
        base = KeyPair.generate()
        secrets = [
            self.keys.identity.agree(bundle.signed_prekey),
            base.agree(bundle.identity_key),
            base.agree(bundle.signed_prekey),
        ]
        if bundle.prekey is not None:
            secrets.append(base.agree(bundle.prekey))
        root, receiving = _master(secrets)
        ratchet = KeyPair.generate()
        root, sending = root.step(ratchet, bundle.signed_prekey)
        state = SessionState(
            local_identity=self.keys.identity.public,
            remote_identity=bundle.identity_key,
            base_key=base.public,
            root=root,
            sending_ratchet=ratchet,
            sending_chain=sending,
            receiving=[ReceivingChain(bundle.signed_prekey, receiving)],
            pending=PendingPreKey(bundle.prekey_id, bundle.signed_prekey_id, base.public),
            remote_registration_id=bundle.registration_id,
        )
        self._put(address, state)

    def encrypt(self, address: Hashable, plaintext: bytes) -> Encrypted:
        """Encrypt to a device: a "pkmsg" until it has answered, then a "msg". Raises NoSession."""
        states = self._sessions.get(address)
        if not states:
            raise NoSession(str(address))
        state = states[0]
        message = state.encrypt(plaintext)
        if state.pending is None:
            return Encrypted("msg", message.serialize())
        wrapped = PreKeySignalMessage(
            registration_id=self.keys.registration_id,
            prekey_id=state.pending.prekey_id,
            signed_prekey_id=state.pending.signed_prekey_id,
            base_key=state.pending.base_key,
            identity_key=self.keys.identity.public,
            message=message,
        )
        return Encrypted("pkmsg", wrapped.serialize())

    def decrypt(self, address: Hashable, kind: Kind, data: bytes) -> bytes:
        """Decrypt a message from a device.

        Raises DuplicateMessage for one read before, NoSession when there is none, and DecryptionFailed for
        anything that cannot be read (also for a prekey message to a prekey that was used up).
        """
        try:
            if kind == "msg":
                return self._decrypt_ratchet(address, SignalMessage.parse(data))
            return self._decrypt_prekey(address, PreKeySignalMessage.parse(data))
        except DecryptionFailed:
            raise
        except ValueError as error:  # malformed bytes, or a public key no secret can be agreed with
            raise DecryptionFailed(str(error)) from error

    def _decrypt_ratchet(self, address: Hashable, message: SignalMessage) -> bytes:
        states = self._sessions.get(address)
        if not states:
            raise NoSession(str(address))
        duplicate: DuplicateMessage | None = None
        for state in states:
            try:
                plaintext = state.decrypt(message)
            except DuplicateMessage as error:
                duplicate = duplicate or error
            except DecryptionFailed:
                continue
            else:
                self._put(address, state)
                return plaintext
        raise duplicate or DecryptionFailed("no state of the session reads this message")

    def _decrypt_prekey(self, address: Hashable, message: PreKeySignalMessage) -> bytes:
        for state in self._sessions.get(address, []):
            if state.base_key == message.base_key:
                plaintext = state.decrypt(message.message)
                self._put(address, state)
                return plaintext
        state = self._answer_session(message)
        plaintext = state.decrypt(message.message)
        self._put(address, state)
        if message.prekey_id is not None:
            del self.keys.prekeys[message.prekey_id]
        return plaintext

    def _answer_session(self, message: PreKeySignalMessage) -> SessionState:
        """Make the responder's state (X3DH) from an initiator's first message."""
        signed = self.keys.signed_prekey
        if message.signed_prekey_id != signed.number:
            raise DecryptionFailed(f"unknown signed prekey {message.signed_prekey_id}")
        secrets = [
            signed.keys.agree(message.identity_key),
            self.keys.identity.agree(message.base_key),
            signed.keys.agree(message.base_key),
        ]
        if message.prekey_id is not None:
            prekey = self.keys.prekeys.get(message.prekey_id)
            if prekey is None:
                raise DecryptionFailed(f"unknown prekey {message.prekey_id}")
            secrets.append(prekey.keys.agree(message.base_key))
        root, sending = _master(secrets)
        return SessionState(
            local_identity=self.keys.identity.public,
            remote_identity=message.identity_key,
            base_key=message.base_key,
            root=root,
            sending_ratchet=signed.keys,
            sending_chain=sending,
            remote_registration_id=message.registration_id,
        )

    def _put(self, address: Hashable, state: SessionState) -> None:
        """Make a state the one to send on; earlier ones stay readable."""
        states = self._sessions.get(address, [])
        if states and states[0] is state:
            return
        others = [other for other in states if other is not state]
        self._sessions[address] = [state, *others][: MAX_ARCHIVED_STATES + 1]


def _master(secrets: list[bytes]) -> tuple[RootKey, ChainKey]:
    # 32 bytes 0xFF keep the input apart from any encoding of a curve point (X3DH specification, section 2.2).
    derived = hkdf_sha256(b"\xff" * 32 + b"".join(secrets), b"WhisperText", 64)
    return RootKey(derived[:32]), ChainKey(derived[32:])
