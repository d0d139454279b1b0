"""Messages that could not be read: asking for them again, and sending again when asked (whatsmeow retry.go)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.jid import Jid
from tests.whatsapp_server.wire.keys import DJB_TYPE, PreKeyBundle
from tests.whatsapp_server.wire.node import Node, Value
from tests.whatsapp_server.wire.protos import e2e

if TYPE_CHECKING:
    from tests.whatsapp_server.actors.device import DeviceActor

MAX_ATTEMPTS = 5
"""Retry receipts a client sends for one message before it gives up."""

KEYS_FROM_ATTEMPT = 2
"""From this attempt on a retry receipt carries keys for a new session."""


class Retries:
    """One device's side of the retry protocol."""

    def __init__(self, device: DeviceActor) -> None:
        self._device = device
        self._asked: dict[str, int] = {}

    def ask(self, node: Node, sender: Jid) -> None:
        """Ask for a message again that could not be decrypted."""
        attrs: dict[str, Value] = {
            name: node.attrs[name] for name in ("recipient", "participant") if name in node.attrs
        }
        self.request(node.get("id"), sender, node.get("t"), attrs)

    def request(self, message_id: str, sender: Jid, at: str, attrs: dict[str, Value] | None = None) -> None:
        """Send a retry receipt to the device that sent a message; from the second on it carries keys."""
        count = self._asked.get(message_id, 0) + 1
        self._asked[message_id] = count
        if count >= MAX_ATTEMPTS:
            return
        device = self._device
        head: dict[str, Value] = {"to": sender, "id": message_id, "type": "retry"}
        retry: dict[str, Value] = {"count": str(count), "id": message_id, "t": at, "v": "1"}
        registration = struct.pack(">I", device.signal.keys.registration_id)
        content = [Node("retry", retry), Node("registration", {}, registration)]
        if count >= KEYS_FROM_ATTEMPT:
            content.append(self._keys_node())
        device.submit(Node("receipt", {**head, **(attrs or {})}, content))

    def answer(self, receipt: Node, sender: Jid) -> None:
        """Send a message again to the one device that asked for it."""
        retry = receipt.child("retry")
        sent = self._device.sent.get(receipt.get("id"))
        if retry is None or sent is None:
            return
        device, group = self._device, sender if sender.is_group else None
        if group is not None:
            asker = receipt.jid("participant")
            assert asker is not None
            sender = asker
        count = int(retry.get("count") or 1)
        address = device.composer.address_of(sender)
        bundle = read_bundle(receipt)
        if bundle is not None:
            device.signal.start_session(address, bundle)
        elif count >= KEYS_FROM_ATTEMPT:
            device.signal.forget_session(address)
        message = sent.message
        attrs: dict[str, Value] = {}
        if group is not None:
            # the key comes along: it may be what was lacking
            message = e2e.Message()
            message.CopyFrom(sent.message)
            message.MergeFrom(device.group_chats.distribution(group))
        elif device.network.user_of(sender) is device.user:
            message = payload.device_sent(str(sent.chat), message)
            attrs = {"recipient": sent.chat}
        encrypted = device.composer.encrypted_node(sender, message, count=str(count))
        content = [encrypted]
        if encrypted.get("type") == "pkmsg" and device.adv_identity:
            content.append(Node("device-identity", {}, device.adv_identity))
        attrs |= {"participant": sender} if group is not None else {"device_fanout": "false"}
        node = device.composer.message_node(
            group or sender, sent.id, sent.message, content, t=retry.get("t"), **attrs
        )
        device.submit(node)

    def _keys_node(self) -> Node:
        """Build the keys of a retry receipt, with a one-time prekey made for it."""
        device = self._device
        keys = device.signal.keys
        (prekey,) = keys.add_prekeys(1)
        signed = keys.signed_prekey
        content = [
            Node("type", {}, DJB_TYPE),
            Node("identity", {}, keys.identity.public),
            Node("key", {}, _key_parts(prekey.number, prekey.keys.public)),
            Node(
                "skey",
                {},
                [*_key_parts(signed.number, signed.keys.public), Node("signature", {}, signed.signature)],
            ),
        ]
        if device.adv_identity:
            content.append(Node("device-identity", {}, device.adv_identity))
        return Node("keys", {}, content)


def read_bundle(receipt: Node) -> PreKeyBundle | None:
    """Read the keys that a retry receipt brings along, None when it brings none."""
    keys, registration = receipt.child("keys"), receipt.child("registration")
    if keys is None or registration is None:
        return None
    signed, prekey, identity = keys.child("skey"), keys.child("key"), keys.child("identity")
    if signed is None or identity is None:
        return None
    signature = signed.child("signature")
    return PreKeyBundle(
        registration_id=int.from_bytes(registration.data(), "big"),
        identity_key=identity.data(),
        signed_prekey_id=_number(signed),
        signed_prekey=_value(signed),
        signed_prekey_signature=b"" if signature is None else signature.data(),
        prekey_id=None if prekey is None else _number(prekey),
        prekey=None if prekey is None else _value(prekey),
    )


def _key_parts(number: int, public: bytes) -> list[Node]:
    return [Node("id", {}, number.to_bytes(3, "big")), Node("value", {}, public)]


def _number(key: Node) -> int:
    part = key.child("id")
    return 0 if part is None else int.from_bytes(part.data(), "big")


def _value(key: Node) -> bytes:
    part = key.child("value")
    return b"" if part is None else part.data()
