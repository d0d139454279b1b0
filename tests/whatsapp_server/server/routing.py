"""The way of a stanza from one device to others: fan-out of messages, acks, receipts, typing and presence.

What a client expects to see is read from whatsmeow's message.go (parseMessageSource), receipt.go, send.go and
presence.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.whatsapp_server.server.group_routing import GroupRouter
from tests.whatsapp_server.server.mailbox import Key, key_of_answer
from tests.whatsapp_server.server.presence import PresenceBoard
from tests.whatsapp_server.server.records import DeviceRecord, User, participants_hash
from tests.whatsapp_server.wire.jid import LID_SERVER, Jid
from tests.whatsapp_server.wire.node import Node, Value

if TYPE_CHECKING:
    from tests.whatsapp_server.server.network import Network

NOT_PASSED_ON = {"participants", "enc", "tctoken", "cstoken", "reporting", "device-identity"}
"""Parts of a sent message that are for the server, or for one device, and not copied to every receiver."""

PASSED_ATTRS = ("edit", "category", "push_priority")
REMEMBERED_SENDS = 5000
BAD_RECIPIENT = "404"


class Router:
    """Takes stanzas that devices send.

    Faults: `hold_acks` keeps the acks of messages back until it is lifted; `refusals` are the error codes that the
    next messages are answered with, each with the device it is meant for (None: whichever comes first).
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._presence = PresenceBoard(network)
        self._groups = GroupRouter(network)
        self._seen: dict[tuple[Jid, str], None] = {}
        self._held_acks: list[tuple[DeviceRecord, Node]] = []
        self.hold_acks = False
        self.refusals: list[tuple[str, DeviceRecord | None]] = []
        self._handlers = {
            "message": self._message,
            "receipt": self._receipt,
            "ack": self._ack,
            "chatstate": self._chatstate,
            "presence": self._presence.submit,
        }

    def submit(self, sender: DeviceRecord, node: Node) -> None:
        """Route one stanza; a tag that is not routed is dropped, as the real server does with telemetry."""
        handler = self._handlers.get(node.tag)
        if handler is not None:
            handler(sender, node)

    def went_offline(self, device: DeviceRecord) -> None:
        """A device has left: those who watch its owner are told."""
        self._presence.went_offline(device)

    def release_acks(self) -> None:
        """Send the acks that were held back, and hold no more."""
        self.hold_acks = False
        held, self._held_acks = self._held_acks, []
        for device, ack in held:
            device.mailbox.pass_on(ack)

    # --- messages ---

    def _message(self, sender: DeviceRecord, node: Node) -> None:
        to = node.jid("to")
        recipient = self._network.user_of(to)
        if to is None or (recipient is None and to.server in (LID_SERVER, "s.whatsapp.net")):
            self._acknowledge(sender, node, error=BAD_RECIPIENT)
            return
        if self.refusals and self.refusals[0][1] in (None, sender):
            self._acknowledge(sender, node, error=self.refusals.pop(0)[0])
            return
        if recipient is not None and sender.user.lid_jid in recipient.blocked:
            # it looks sent, and never arrives
            self._acknowledge(sender, node)
            return
        fan_out = node.child("participants")
        remembered = (sender.phone_jid, node.get("id"))
        if fan_out is not None:
            # a client repeats the frame after a reconnect when the ack was lost (whatsmeow request.go, retryFrame)
            if remembered in self._seen:
                self._acknowledge(sender, node)
                return
            self._remember(remembered)
            if to.is_group:
                self._acknowledge(sender, node, **self._groups.message(sender, node, to))
                return
            delivered = self._fan_out(sender, node, to, fan_out)
            self._acknowledge(sender, node, phash=self._corrected_hash(sender, recipient, to, delivered))
            return
        if to.is_group:
            # a resend, for one device
            self._acknowledge(sender, node, **self._groups.message(sender, node, to))
            return
        encrypted = node.child("enc")
        target = self._network.device_at(to)
        if encrypted is not None and target is not None and target is not sender:
            target.mailbox.put(self._addressed(sender, node, to, target, encrypted))
        self._acknowledge(sender, node)

    def _fan_out(self, sender: DeviceRecord, node: Node, to: Jid, participants: Node) -> set[Jid]:
        delivered = set()
        for entry in participants.children("to"):
            jid = entry.jid("jid")
            target = self._network.device_at(jid)
            encrypted = entry.child("enc")
            if jid is None or target is None or encrypted is None:
                continue
            delivered.add(jid)
            target.mailbox.put(self._addressed(sender, node, to, target, encrypted, form=jid))
        return delivered

    def _addressed(
        self,
        sender: DeviceRecord,
        node: Node,
        to: Jid,
        target: DeviceRecord,
        encrypted: Node,
        form: Jid | None = None,
    ) -> Node:
        """Build what one device receives: the sender, named as the sender named it, and its own ciphertext."""
        form = form or to
        own_copy = target.user is sender.user
        attrs: dict[str, Value] = {
            "from": sender.named_like(form),
            "id": node.get("id"),
            "type": node.get("type") or "text",
            "t": self._network.now(),
        }
        if sender.user.push_name:
            attrs["notify"] = sender.user.push_name
        for name in PASSED_ATTRS:
            if name in node.attrs:
                attrs[name] = node.attrs[name]
        if own_copy:
            self._name_chat(attrs, node, to, sender)
        elif form.is_lid:
            attrs["addressing_mode"] = "lid"
            attrs["sender_pn"] = sender.user.phone_jid
        else:
            attrs["sender_lid"] = sender.user.lid_jid
        content = [encrypted]
        identity = node.child("device-identity")
        if identity is not None and encrypted.get("type") == "pkmsg":
            content.append(identity)
        content += [child for child in node.children() if child.tag not in NOT_PASSED_ON]
        return Node("message", attrs, content)

    def _name_chat(self, attrs: dict[str, Value], node: Node, to: Jid, sender: DeviceRecord) -> None:
        """A copy for the sender's own device says which chat it belongs to."""
        chat = node.jid("recipient") or to.bare()
        other = self._network.user_of(chat)
        if other is None or (other is sender.user and node.get("category") == "peer"):
            return
        attrs["recipient"] = chat
        if chat.is_lid:
            attrs["addressing_mode"] = "lid"
            attrs["peer_recipient_pn"] = other.phone_jid
        else:
            attrs["peer_recipient_lid"] = other.lid_jid

    def _corrected_hash(self, sender: DeviceRecord, recipient: User | None, to: Jid, delivered: set[Jid]) -> str:
        """Give the right participants hash when the sender's device list was out of date, else an empty string."""
        if recipient is None:
            return ""
        expected = {device.named_like(to) for user in (recipient, sender.user) for device in user.devices.values()}
        own = sender.named_like(to)
        return "" if delivered | {own} == expected else participants_hash(expected)

    def _remember(self, sent: tuple[Jid, str]) -> None:
        self._seen[sent] = None
        if len(self._seen) > REMEMBERED_SENDS:
            del self._seen[next(iter(self._seen))]

    def _acknowledge(self, sender: DeviceRecord, node: Node, error: str = "", phash: str = "") -> None:
        attrs: dict[str, Value] = {"class": "message", "id": node.get("id"), "t": self._network.now()}
        if "to" in node.attrs:
            attrs["from"] = node.attrs["to"]
        if error:
            attrs["error"] = error
        if phash:
            attrs["phash"] = phash
        ack = Node("ack", attrs)
        if self.hold_acks:
            self._held_acks.append((sender, ack))
        else:
            sender.mailbox.pass_on(ack)

    # --- answers ---

    def _ack(self, sender: DeviceRecord, node: Node) -> None:
        key = key_of_answer(node)
        if key is not None:
            sender.mailbox.settle(key)

    def _receipt(self, sender: DeviceRecord, node: Node) -> None:
        attrs = node.attrs
        to = attrs.get("to")
        if not isinstance(to, Jid):
            return
        kind = node.get("type")
        ids = [node.get("id")]
        listed = node.child("list")
        if listed is not None:
            ids += [item.get("id") for item in listed.children("item")]
        for message_id in ids:
            sender.mailbox.settle(Key("message", message_id, to))
        ack: dict[str, Value] = {"class": "receipt", "id": ids[0], "from": to}
        if kind:
            ack["type"] = kind
        if "participant" in attrs:
            ack["participant"] = attrs["participant"]
        sender.mailbox.pass_on(Node("ack", ack))
        if to.is_group:
            self._groups.receipt(sender, node, to)
            return
        user = self._network.user_of(to)
        if user is not None:
            self._pass_receipt(sender, node, to, user, kind)

    def _pass_receipt(self, sender: DeviceRecord, node: Node, to: Jid, user: User, kind: str) -> None:
        forwarded = Node("receipt", self._receipt_attrs(sender, node, to), node.content)
        if user is sender.user or kind == "retry":
            # peer receipts, receipts for a copy of an own message, and retries are for one device
            target = user.devices.get(to.device)
            if target is not None and target is not sender:
                target.mailbox.put(forwarded)
            return
        if kind != "read-self":
            for target in user.devices.values():
                target.mailbox.put(forwarded)
        if kind in ("read", "read-self", "played"):
            self._tell_own_devices(sender, forwarded, to)

    def _receipt_attrs(self, sender: DeviceRecord, node: Node, to: Jid) -> dict[str, Value]:
        attrs: dict[str, Value] = {"from": sender.named_like(to), "id": node.get("id")}
        for name in ("type", "recipient", "participant", "category"):
            if name in node.attrs:
                attrs[name] = node.attrs[name]
        attrs["t"] = self._network.now()
        return attrs

    def _tell_own_devices(self, sender: DeviceRecord, receipt: Node, chat: Jid) -> None:
        """What was read on one device is read on all: the others get the receipt with the chat as recipient."""
        for device in sender.user.devices.values():
            if device is not sender:
                device.mailbox.put(Node("receipt", {**receipt.attrs, "recipient": chat.bare()}, receipt.content))

    # --- typing ---

    def _chatstate(self, sender: DeviceRecord, node: Node) -> None:
        to = node.jid("to")
        user = self._network.user_of(to)
        if to is not None and to.is_group:
            self._groups.chatstate(sender, node, to)
        if user is None or to is None:
            return
        for device in user.devices.values():
            device.mailbox.pass_on(Node("chatstate", {"from": sender.user.named_like(to)}, node.content))
