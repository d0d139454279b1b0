"""A device in its groups: keys given once, messages encrypted once, and read (whatsmeow send.go, message.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.whatsapp_server.actors.values import Sent
from tests.whatsapp_server.server.groups import Group
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.jid import Jid
from tests.whatsapp_server.wire.node import Node, Value
from tests.whatsapp_server.wire.protos import e2e
from tests.whatsapp_server.wire.sender_keys import SenderKeys
from tests.whatsapp_server.wire.signal import Kind

if TYPE_CHECKING:
    from tests.whatsapp_server.actors.device import DeviceActor

Address = tuple[str, int]


class GroupChats:
    """One device's side of all its groups. `keyless` are those whose keys are not given to others (a fault)."""

    def __init__(self, device: DeviceActor) -> None:
        self._device = device
        self.keys = SenderKeys()
        self.keyless: set[Jid] = set()
        # who has the key that this device encrypts with, by group
        self._told: dict[Jid, set[Address]] = {}

    def group(self, jid: Jid) -> Group:
        """Find a group. Raises LookupError."""
        return self._device.network.groups.by_jid[jid]

    def send(self, jid: Jid, message: Any, message_id: str, *, hide: bool = False, damaged: bool = False) -> str:
        """Send a message to all devices of all members; give its id."""
        device, group = self._device, self.group(jid)
        addresses = {(one.user.lid, one.number) for one in group.devices()}
        own = device.user.lid, device.number
        told = self._told.setdefault(jid, set())
        if told - addresses:
            # who has left must not read on
            self.keys.renew(str(jid))
            told.clear()
        copies = []
        distribution = self.distribution(jid)
        for one in group.devices():
            address = one.user.lid, one.number
            if address == own or address in told or jid in self.keyless:
                continue
            named = group.name_of_device(one)
            try:
                part = device.composer.encrypted_node(named, distribution)
            except LookupError:
                continue  # linked, but it has not published its keys yet
            told.add(address)
            copies.append(Node("to", {"jid": named}, [part]))
        data = self.keys.encrypt(str(jid), payload.pad(message.SerializeToString()))
        head: dict[str, Value] = {"v": "2", "type": "skmsg"}
        if kind := payload.media_type(message):
            head["mediatype"] = kind
        if hide or payload.edit_attribute(message):
            head["decrypt-fail"] = "hide"
        for_all = Node("enc", head, data[:-1] + bytes([data[-1] ^ 1]) if damaged else data)
        parts = [part for copy in copies for part in copy.children("enc")]
        content = [Node("participants", {}, copies), *device.composer.identity_nodes(parts), for_all]
        mode = "lid" if group.by_lid else "pn"
        device.submit(
            device.composer.message_node(
                jid, message_id, message, content, phash=group.digest, addressing_mode=mode
            )
        )
        device.sent[message_id] = Sent(message_id, jid, message)
        device.on_sent(device.sent[message_id])
        return message_id

    def distribution(self, jid: Jid) -> Any:
        """Build the message that gives somebody this device's key of a group."""
        data = self.keys.distribution(str(jid))
        part = e2e.SenderKeyDistributionMessage(groupID=str(jid), axolotlSenderKeyDistributionMessage=data)
        return e2e.Message(senderKeyDistributionMessage=part)

    def read(self, node: Node, sender: Jid) -> tuple[Any, int]:
        """Decrypt all parts of a group's message; give the last that says something, and its attempt.

        Raises DecryptionFailed or BadPadding.
        """
        chat = node.jid("from")
        assert chat is not None
        address = self._device.composer.address_of(sender)
        message, attempt = e2e.Message(), 0
        for part in node.children("enc"):
            if part.get("type") == "skmsg":
                padded = self.keys.decrypt(str(chat), address, part.data())
            else:
                kind: Kind = "pkmsg" if part.get("type") == "pkmsg" else "msg"
                padded = self._device.signal.decrypt(address, kind, part.data())
            message, attempt = e2e.Message.FromString(payload.unpad(padded)), int(part.get("count") or 0)
            if message.HasField("senderKeyDistributionMessage"):
                given = message.senderKeyDistributionMessage.axolotlSenderKeyDistributionMessage
                self.keys.learn(str(chat), address, given)
        return message, attempt
