"""Notifications that the server itself sends: changed device lists, prekeys that run low."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.whatsapp_server.server.records import LOW_PREKEYS, DeviceRecord, User, participants_hash
from tests.whatsapp_server.wire.jid import SERVER
from tests.whatsapp_server.wire.node import Node, Value

if TYPE_CHECKING:
    from tests.whatsapp_server.server.network import Network


class Notices:
    """Builds notifications and puts them into mailboxes (whatsmeow notification.go)."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def devices_changed(self, user: User, change: str, device: DeviceRecord) -> None:
        """Tell the owner's other devices, and those who asked for the list: `add` or `remove`."""
        for number, other in user.devices.items():
            if number != device.number:
                other.mailbox.put(self._account_sync(user))
        for watched in user.watchers:
            watcher = self._network.by_phone.get(watched.phone)
            for other in () if watcher is None else watcher.devices.values():
                other.mailbox.put(self._contact_devices(user, change, device, by_lid=watched.by_lid))

    def prekeys_taken(self, device: DeviceRecord) -> None:
        """Tell a device how many one-time prekeys it has left, when they are few."""
        left = len(device.prekeys)
        if left < LOW_PREKEYS:
            self.send(device, "encrypt", [Node("count", {"value": str(left)})])

    def send(self, device: DeviceRecord, kind: str, content: list[Node], **attrs: Value) -> None:
        """Put a notification of the server's own into one device's mailbox."""
        device.mailbox.put(self.build(kind, content, **attrs))

    def build(self, kind: str, content: list[Node], **attrs: Value) -> Node:
        """Build a notification; `attrs` may replace the sender."""
        network = self._network
        head: dict[str, Value] = {"from": SERVER, "type": kind, "id": network.stanza_id(), "t": network.now()}
        return Node("notification", {**head, **attrs}, content)

    def _account_sync(self, user: User) -> Node:
        devices = [user.devices[number] for number in sorted(user.devices)]
        listed = [Node("device", _device_attrs(device)) for device in devices]
        digest = participants_hash(device.phone_jid for device in devices)
        content = [Node("devices", {"dhash": digest}, listed)]
        return self.build("account_sync", content, **{"from": user.phone_jid})

    def _contact_devices(self, user: User, change: str, device: DeviceRecord, *, by_lid: bool) -> Node:
        """Name the user as the list was asked for: a client changes only the list it keeps under that name."""
        like = user.lid_jid if by_lid else user.phone_jid
        digest = participants_hash(other.named_like(like) for other in user.devices.values())
        listed = Node("device", {**_device_attrs(device), "jid": device.named_like(like)})
        return self.build("devices", [Node(change, {"device_hash": digest}, [listed])], **{"from": like})


def _device_attrs(device: DeviceRecord) -> dict[str, Value]:
    attrs: dict[str, Value] = {"jid": device.phone_jid}
    if device.number:
        attrs["key-index"] = str(device.key_index)
    return attrs
