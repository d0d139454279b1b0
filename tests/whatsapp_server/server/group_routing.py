"""The way of stanzas within a group: messages for all, resends for one, receipts for whoever wrote.

What a client expects to see: whatsmeow message.go (parseMessageSource), receipt.go and retry.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.whatsapp_server.server.groups import Group
from tests.whatsapp_server.server.records import DeviceRecord
from tests.whatsapp_server.wire.jid import Jid
from tests.whatsapp_server.wire.node import Node, Value

if TYPE_CHECKING:
    from tests.whatsapp_server.server.network import Network

NOT_IN_GROUP = "403"
PASSED_ATTRS = ("edit", "phash")
NOT_PASSED_ON = {"participants", "enc", "device-identity", "reporting"}


class GroupRouter:
    """Takes stanzas that are for a group."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def message(self, sender: DeviceRecord, node: Node, to: Jid) -> dict[str, str]:
        """Give everybody what is for him; gives the acknowledgement's attributes: an error, or another hash."""
        group = self._network.groups.by_jid.get(to)
        if group is None or not group.may_write(sender.user):
            return {"error": NOT_IN_GROUP}
        if (one := node.jid("participant")) is not None:
            target, part = self._network.device_at(one), node.child("enc")
            if target is not None and part is not None:
                target.mailbox.put(self._addressed(group, sender, node, [part]))
            return {}
        fan_out, for_all = node.child("participants"), node.children("enc")
        parts: dict[tuple[str, int], Node] = {}
        for entry in fan_out.children("to") if fan_out is not None else []:
            target, part = self._network.device_at(entry.jid("jid")), entry.child("enc")
            if target is not None and part is not None:
                parts[target.user.lid, target.number] = part
        for device in group.devices():
            if device is sender:
                continue
            own = parts.get((device.user.lid, device.number))
            device.mailbox.put(self._addressed(group, sender, node, [*([own] if own else []), *for_all]))
        digest = group.digest
        return {} if node.get("phash") == digest else {"phash": digest}

    def _addressed(self, group: Group, sender: DeviceRecord, node: Node, parts: list[Node]) -> Node:
        attrs: dict[str, Value] = {
            "from": group.jid,
            "id": node.get("id"),
            "type": node.get("type") or "text",
            "t": self._network.now(),
            **group.writer_attrs(sender),
        }
        if sender.user.push_name:
            attrs["notify"] = sender.user.push_name
        attrs |= {name: node.attrs[name] for name in PASSED_ATTRS if name in node.attrs}
        content = list(parts)
        identity = node.child("device-identity")
        if identity is not None and any(part.get("type") == "pkmsg" for part in parts):
            content.append(identity)
        content += [child for child in node.children() if child.tag not in NOT_PASSED_ON]
        return Node("message", attrs, content)

    def receipt(self, sender: DeviceRecord, node: Node, to: Jid) -> None:
        """Pass a receipt on to whoever wrote the message, all his devices, or the one that is to send it again."""
        group, author = self._network.groups.by_jid.get(to), node.jid("participant")
        user = self._network.user_of(author)
        if group is None or author is None or user is None:
            return
        kind = node.get("type")
        attrs: dict[str, Value] = {"from": to, "id": node.get("id"), "t": self._network.now()}
        attrs |= group.writer_attrs(sender)
        if kind:
            attrs["type"] = kind
        if user is sender.user or kind == "retry":
            target = user.devices.get(author.device)
            if target is not None and target is not sender:
                target.mailbox.put(Node("receipt", attrs, node.content))
            return
        if kind != "read-self":
            for target in user.devices.values():
                target.mailbox.put(Node("receipt", attrs, node.content))
        if kind in ("read", "read-self", "played"):
            for device in sender.user.devices.values():
                if device is not sender:
                    device.mailbox.put(Node("receipt", {**attrs, "recipient": author.bare()}, node.content))

    def chatstate(self, sender: DeviceRecord, node: Node, to: Jid) -> None:
        """Show everybody else who types."""
        group = self._network.groups.by_jid.get(to)
        if group is None or not group.has(sender.user):
            return
        attrs: dict[str, Value] = {"from": to, "participant": group.name_of(sender.user)}
        for device in group.devices():
            if device.user is not sender.user:
                device.mailbox.pass_on(Node("chatstate", attrs, node.content))
