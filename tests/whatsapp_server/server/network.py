"""The network without sockets: users, devices, prekeys, offline queues, and the way from one device to another.

All methods are plain calls on the one asyncio loop of the simulator. Wire clients and in-process actors are the
same to it: something attaches to a device's mailbox and submits stanzas in that device's name.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

from tests.whatsapp_server.server.groups import Groups
from tests.whatsapp_server.server.mailbox import Deliver, DeliverEncoded, Key
from tests.whatsapp_server.server.notices import Notices
from tests.whatsapp_server.server.pending_link import PendingLink, PendingLinks
from tests.whatsapp_server.server.records import DeviceRecord, User
from tests.whatsapp_server.server.routing import Router
from tests.whatsapp_server.wire.jid import LID_SERVER, Jid
from tests.whatsapp_server.wire.keys import DeviceKeys, PreKeyBundle
from tests.whatsapp_server.wire.node import Node

__all__ = ["DeviceRecord", "Network", "User"]


class Network:
    """The whole service: see the module's docstring.

    `clock` gives Unix seconds and may be replaced at any time.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.by_phone: dict[str, User] = {}
        self.by_lid: dict[str, User] = {}
        self.links = PendingLinks()
        self.router = Router(self)
        self.notices = Notices(self)
        self.groups = Groups(self)
        self.removal_hooks: list[Callable[[DeviceRecord], None]] = []
        self._numbers = itertools.count(1)

    # --- directory ---

    def add_user(self, phone: str, lid: str, push_name: str = "") -> User:
        """Register an account. Raises ValueError when the number or the hidden id is taken."""
        if phone in self.by_phone or lid in self.by_lid:
            raise ValueError("that phone number or hidden id is taken")
        user = User(phone, lid, push_name)
        self.by_phone[phone] = self.by_lid[lid] = user
        return user

    def user_of(self, jid: Jid | None) -> User | None:
        """Find the account an address belongs to, by phone number or hidden id; None for groups and strangers."""
        if jid is None:
            return None
        if jid.server == LID_SERVER:
            return self.by_lid.get(jid.user)
        return self.by_phone.get(jid.user) if jid.server in ("s.whatsapp.net", "c.us") else None

    def device_at(self, jid: Jid | None) -> DeviceRecord | None:
        """Find the device at an address."""
        user = self.user_of(jid)
        return None if user is None or jid is None else user.devices.get(jid.device)

    def devices_of(self, user: User) -> list[Jid]:
        """List the addresses (by phone number) of an account's devices."""
        return [user.devices[number].phone_jid for number in sorted(user.devices)]

    def add_device(
        self,
        user: User,
        number: int,
        *,
        keys: DeviceKeys | None = None,
        adv_identity: bytes | None = None,
        key_index: int = 0,
    ) -> DeviceRecord:
        """Add a device; its owner's other devices and the people who write to it are told."""
        if number in user.devices:
            raise ValueError(f"device {number} exists")
        device = DeviceRecord(user, number, adv_identity=adv_identity, key_index=key_index)
        if keys is not None:
            device.set_keys(keys)
        user.devices[number] = device
        user.removed.discard(number)
        self.notices.devices_changed(user, "add", device)
        return device

    def next_device_number(self, user: User) -> int:
        """Give a number never used by the account before; companions count from 1 on."""
        return max([0, *user.devices, *user.removed]) + 1

    def remove_device(self, user: User, number: int) -> None:
        """Unlink a device: it is told if connected (stream error device_removed); later logins fail with 401."""
        device = user.devices.pop(number, None)
        if device is None:
            return
        user.removed.add(number)
        for hook in list(self.removal_hooks):
            hook(device)
        device.mailbox.detach()
        device.mailbox.waiting.clear()
        self.notices.devices_changed(user, "remove", device)

    # --- stanzas ---

    def attach(self, jid: Jid, deliver: Deliver, deliver_encoded: DeliverEncoded | None = None) -> None:
        """Bring a device online: what waits for it is delivered first (with `offline`), then live stanzas.

        A stanza leaves the queue when the device submits its answer: a `receipt` or an `ack` for a message, an
        `ack` for a receipt or a notification.
        """
        self._device(jid).mailbox.attach(deliver, deliver_encoded)

    def detach(self, jid: Jid) -> None:
        """Take a device offline; its stanzas queue up. A removed device is ignored."""
        device = self.device_at(jid)
        if device is not None:
            device.mailbox.detach()
            self.router.went_offline(device)

    def submit(self, jid: Jid, node: Node) -> None:
        """Take a stanza (message, receipt, ack, chatstate, presence) from a device and route it."""
        self.router.submit(self._device(jid), node)

    def put_encoded(self, jid: Jid, key: Key, data: bytes) -> None:
        """Deliver a message in binary form to one device; `key` is what the device will answer."""
        self._device(jid).mailbox.put_encoded(key, data)

    def take_bundle(self, jid: Jid) -> PreKeyBundle:
        """Give what starts a session with a device; a one-time prekey is used up.

        Raises LookupError without keys.
        """
        device = self._device(jid)
        if not device.has_keys:
            raise LookupError(f"{jid} has uploaded no keys")
        bundle = device.take_bundle()
        self.notices.prekeys_taken(device)
        return bundle

    def add_prekeys(self, jid: Jid, prekeys: dict[int, bytes]) -> None:
        """Publish more one-time prekeys of a device: number -> 32 public bytes."""
        self._device(jid).prekeys.update(prekeys)

    def stanza_id(self) -> str:
        """Give a fresh id for a stanza of the server's own."""
        return f"{int(self.clock())}-{next(self._numbers)}"

    def now(self) -> str:
        """Give the time as stanzas carry it: Unix seconds in digits."""
        return str(int(self.clock()))

    # --- pairing ---

    def pending_by_ref(self, ref: str) -> PendingLink:
        """Find the unlinked client that shows a QR code with this reference. Raises LookupError."""
        return self.links.by_ref(ref)

    def pending_by_code(self, phone: str) -> PendingLink:
        """Find the unlinked client that asked for a code for this phone number. Raises LookupError."""
        return self.links.by_phone(phone)

    def _device(self, jid: Jid) -> DeviceRecord:
        device = self.device_at(jid)
        if device is None:
            raise LookupError(f"no device {jid}")
        return device
