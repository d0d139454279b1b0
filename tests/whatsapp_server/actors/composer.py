"""How a device builds what it sends: encryption for each receiver, and the stanza around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.whatsapp_server.server.network import User
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.jid import LID_SERVER, Jid
from tests.whatsapp_server.wire.node import Node, Value
from tests.whatsapp_server.wire.signal import Encrypted

if TYPE_CHECKING:
    from tests.whatsapp_server.actors.device import DeviceActor


class Composer:
    """Builds one device's message stanzas; the stanzas' shapes are those of whatsmeow send.go."""

    def __init__(self, device: DeviceActor) -> None:
        self._device = device

    def address_of(self, jid: Jid) -> tuple[str, int]:
        """Give the Signal address of a device: hidden id and device number, by whichever name it was called."""
        user = self._device.network.user_of(jid)
        if user is None:
            raise LookupError(f"no account {jid}")
        return user.lid, jid.device

    def encrypt(self, target: Jid, message: Any) -> Encrypted:
        """Encrypt for one device, starting a session where there is none.

        Raises LookupError for one without keys.
        """
        signal, address = self._device.signal, self.address_of(target)
        if not signal.has_session(address):
            signal.start_session(address, self._device.network.take_bundle(target))
        return signal.encrypt(address, payload.pad(message.SerializeToString()))

    def encrypted_node(self, target: Jid, message: Any, *, damaged: bool = False, **attrs: Value) -> Node:
        """Build the `enc` part for one device; a damaged one cannot be decrypted."""
        encrypted = self.encrypt(target, message)
        data = encrypted.data
        if damaged:
            data = data[:-1] + bytes([data[-1] ^ 1]) if encrypted.kind == "msg" else data[: len(data) // 2]
        head: dict[str, Value] = {"v": "2", "type": encrypted.kind}
        kind = payload.media_type(message)
        if kind:
            head["mediatype"] = kind
        return Node("enc", {**head, **attrs}, data)

    def message_node(self, to: Jid, message_id: str, message: Any, content: list[Node], **attrs: Value) -> Node:
        """Build a message stanza around its encrypted parts."""
        head: dict[str, Value] = {"to": to, "id": message_id, "type": payload.stanza_type(message)}
        edit = payload.edit_attribute(message)
        if edit:
            head["edit"] = edit
        user = self._device.network.user_of(to)
        if to.is_lid and user is not None:
            head["peer_recipient_pn"] = user.phone_jid
        if head["type"] == "poll":
            content = [*content, Node("meta", {"polltype": "creation"})]
        return Node("message", {**head, **attrs}, content)

    def fan_out(
        self, user: User, chat: Jid, message: Any, *, hide: bool = False, damaged: bool = False
    ) -> list[Node]:
        """Build the parts for all devices of a user and for the sender's own other ones."""
        device = self._device
        attrs: dict[str, Value] = {"decrypt-fail": "hide"} if hide or payload.edit_attribute(message) else {}
        own = payload.device_sent(str(chat), message)
        theirs = [] if user is device.user else device.network.devices_of(user)
        ours = [jid for jid in device.network.devices_of(device.user) if jid.device != device.number]
        copies = []
        for target, content in [(jid, message) for jid in theirs] + [(jid, own) for jid in ours]:
            named = self._named_by_lid(target) if chat.is_lid else target
            try:
                part = self.encrypted_node(named, content, damaged=damaged, **attrs)
            except LookupError:
                continue  # linked, but it has not published its keys yet
            copies.append(Node("to", {"jid": named}, [part]))
        parts = [part for copy in copies for part in copy.children("enc")]
        return [Node("participants", {}, copies), *self.identity_nodes(parts)]

    def identity_nodes(self, parts: list[Node]) -> list[Node]:
        """A companion shows its signed identity to whoever it starts a session with."""
        identity = self._device.adv_identity
        starts = any(part.get("type") == "pkmsg" for part in parts)
        return [Node("device-identity", {}, identity)] if starts and identity else []

    def _named_by_lid(self, device: Jid) -> Jid:
        return Jid(self.address_of(device)[0], LID_SERVER, device.device)
