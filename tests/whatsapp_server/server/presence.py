"""Who is online, and who wants to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.whatsapp_server.server.records import DeviceRecord, User
from tests.whatsapp_server.wire.jid import Jid
from tests.whatsapp_server.wire.node import Node, Value

if TYPE_CHECKING:
    from tests.whatsapp_server.server.network import Network


class PresenceBoard:
    """Keeps the devices that said `available`, and passes changes on to subscribers (whatsmeow presence.go)."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._available: set[Jid] = set()
        self._subscribers: dict[str, dict[Jid, Jid]] = {}
        self._last_seen: dict[str, str] = {}

    def submit(self, sender: DeviceRecord, node: Node) -> None:
        """Take a presence stanza: available, unavailable, subscribe or unsubscribe."""
        kind = node.get("type") or "available"
        if kind in ("subscribe", "unsubscribe"):
            self._subscribe(sender, node.jid("to"), kind == "subscribe")
            return
        name = node.get("name")
        if name and sender.number == 0:
            sender.user.push_name = name
        if kind == "available":
            self._available.add(sender.phone_jid)
        else:
            self._available.discard(sender.phone_jid)
        self._announce(sender.user)

    def went_offline(self, device: DeviceRecord) -> None:
        """A connection has ended: the device is no longer available."""
        if device.phone_jid in self._available:
            self._available.discard(device.phone_jid)
            self._announce(device.user)

    def _subscribe(self, sender: DeviceRecord, to: Jid | None, wanted: bool) -> None:
        user = self._network.user_of(to)
        if user is None or to is None:
            return
        subscribers = self._subscribers.setdefault(user.phone, {})
        if wanted:
            subscribers[sender.phone_jid] = to.bare()
            sender.mailbox.pass_on(self._state(user, to.bare()))
        else:
            subscribers.pop(sender.phone_jid, None)

    def _announce(self, user: User) -> None:
        if not self._is_available(user):
            self._last_seen[user.phone] = self._network.now()
        for subscriber, asked_as in self._subscribers.get(user.phone, {}).items():
            device = self._network.device_at(subscriber)
            if device is not None:
                device.mailbox.pass_on(self._state(user, asked_as))

    def _state(self, user: User, asked_as: Jid) -> Node:
        attrs: dict[str, Value] = {"from": asked_as}
        if not self._is_available(user):
            attrs["type"] = "unavailable"
            attrs["last"] = self._last_seen.get(user.phone, "deny")
        return Node("presence", attrs)

    def _is_available(self, user: User) -> bool:
        return any(device.phone_jid in self._available for device in user.devices.values())
