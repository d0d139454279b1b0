"""What the server knows of users and their devices: public keys, addresses, and what waits for them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.whatsapp_server.server.mailbox import Mailbox
from tests.whatsapp_server.server.pictures import ProfilePicture
from tests.whatsapp_server.wire.jid import LID_SERVER, PHONE_SERVER, Jid
from tests.whatsapp_server.wire.keys import DeviceKeys, PreKeyBundle

LOW_PREKEYS = 10
"""From here on a device is told how many one-time prekeys it has left; whatsmeow refills below 5 (prekeys.go)."""


@dataclass(slots=True)
class DeviceRecord:
    """One device of a user: its public keys (32 raw bytes each), and its mailbox."""

    user: User
    number: int
    identity_key: bytes = b""
    registration_id: int = 0
    signed_prekey_id: int = 0
    signed_prekey: bytes = b""
    signed_prekey_signature: bytes = b""
    prekeys: dict[int, bytes] = field(default_factory=dict)
    adv_identity: bytes | None = None
    key_index: int = 0
    noise_key: bytes | None = None
    platform: str = ""
    mailbox: Mailbox = field(default_factory=Mailbox)

    @property
    def phone_jid(self) -> Jid:
        """The device's address by phone number."""
        return Jid(self.user.phone, PHONE_SERVER, self.number)

    @property
    def lid_jid(self) -> Jid:
        """The device's address by hidden id."""
        return Jid(self.user.lid, LID_SERVER, self.number)

    def named_like(self, other: Jid) -> Jid:
        """Give the device's address in the form (phone number or hidden id) of another address."""
        return self.lid_jid if other.is_lid else self.phone_jid

    @property
    def has_keys(self) -> bool:
        """Tell whether a session with the device can be started: it has uploaded its keys."""
        return bool(self.signed_prekey)

    def set_keys(self, keys: DeviceKeys) -> None:
        """Publish the public half of an in-process device's keys."""
        self.identity_key = keys.identity.public
        self.registration_id = keys.registration_id
        self.signed_prekey_id = keys.signed_prekey.number
        self.signed_prekey = keys.signed_prekey.keys.public
        self.signed_prekey_signature = keys.signed_prekey.signature
        self.prekeys.update({number: prekey.keys.public for number, prekey in keys.prekeys.items()})

    def take_bundle(self) -> PreKeyBundle:
        """Give what starts a session with the device; the lowest one-time prekey is used up by it."""
        number = min(self.prekeys, default=None)
        return PreKeyBundle(
            registration_id=self.registration_id,
            identity_key=self.identity_key,
            signed_prekey_id=self.signed_prekey_id,
            signed_prekey=self.signed_prekey,
            signed_prekey_signature=self.signed_prekey_signature,
            prekey_id=number,
            prekey=None if number is None else self.prekeys.pop(number),
        )


class Watcher(NamedTuple):
    """Who asked for a user's device list: the asker's phone number, and whether it named the user by hidden id."""

    phone: str
    by_lid: bool


@dataclass(slots=True)
class User:
    """An account: its phone number and hidden id (digits), and its devices by number (0 is the phone)."""

    phone: str
    lid: str
    push_name: str = ""
    devices: dict[int, DeviceRecord] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    watchers: set[Watcher] = field(default_factory=set)
    blocked: set[Jid] = field(default_factory=set)
    about: str = ""
    picture: ProfilePicture | None = None

    @property
    def phone_jid(self) -> Jid:
        """The user's address by phone number."""
        return Jid(self.phone, PHONE_SERVER)

    @property
    def lid_jid(self) -> Jid:
        """The user's address by hidden id."""
        return Jid(self.lid, LID_SERVER)

    def named_like(self, other: Jid) -> Jid:
        """Give the user's address in the form of another address."""
        return self.lid_jid if other.is_lid else self.phone_jid


def participants_hash(devices: Iterable[Jid]) -> str:
    """Hash a set of devices as senders and server compare lists (whatsmeow send.go, participantListHashV2)."""
    joined = "".join(sorted(jid.ad_string() for jid in devices))
    return "2:" + base64.b64encode(hashlib.sha256(joined.encode()).digest()[:6]).decode().rstrip("=")
