"""Prekeys: storing what a device uploads, giving out what starts a session with one (whatsmeow prekeys.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.whatsapp_server.server.records import DeviceRecord
from tests.whatsapp_server.wire.keys import DJB_TYPE
from tests.whatsapp_server.wire.node import Node, Value

if TYPE_CHECKING:
    from tests.whatsapp_server.server.network import Network


def store(device: DeviceRecord, node: Node) -> bool:
    """Take an upload (registration, type, identity, list, skey).

    Tells whether it was complete and of this device.
    """
    parts = {child.tag: child for child in node.children()}
    if not {"registration", "identity", "list", "skey"} <= parts.keys():
        return False
    if parts["identity"].data() != device.identity_key:
        return False
    number, value = _key(parts["skey"])
    signature = parts["skey"].child("signature")
    device.registration_id = int.from_bytes(parts["registration"].data(), "big")
    device.signed_prekey_id, device.signed_prekey = number, value
    device.signed_prekey_signature = b"" if signature is None else signature.data()
    device.prekeys.update(_key(child) for child in parts["list"].children("key"))
    return True


def bundles(network: Network, wanted: Node) -> list[Node]:
    """Answer `<key><user jid=…/>…</key>`: one bundle, or one error, per device."""
    answers = []
    for entry in wanted.children("user"):
        attrs: dict[str, Value] = {"jid": entry.attrs.get("jid", "")}
        device = network.device_at(entry.jid("jid"))
        if device is None or not device.has_keys:
            answers.append(Node("user", attrs, [Node("error", {"code": "404", "text": "item-not-found"})]))
            continue
        bundle = network.take_bundle(device.phone_jid)
        content = [
            Node("registration", {}, bundle.registration_id.to_bytes(4, "big")),
            Node("type", {}, DJB_TYPE),
            Node("identity", {}, bundle.identity_key),
            _key_node("skey", bundle.signed_prekey_id, bundle.signed_prekey, bundle.signed_prekey_signature),
        ]
        if bundle.prekey_id is not None and bundle.prekey is not None:
            content.append(_key_node("key", bundle.prekey_id, bundle.prekey))
        if device.adv_identity:
            content.append(Node("device-identity", {}, device.adv_identity))
        answers.append(Node("user", attrs, content))
    return answers


def _key(node: Node) -> tuple[int, bytes]:
    number, value = node.child("id"), node.child("value")
    return (0 if number is None else int.from_bytes(number.data(), "big")), (
        b"" if value is None else value.data()
    )


def _key_node(tag: str, number: int, value: bytes, signature: bytes | None = None) -> Node:
    content = [Node("id", {}, number.to_bytes(3, "big")), Node("value", {}, value)]
    if signature is not None:
        content.append(Node("signature", {}, signature))
    return Node(tag, {}, content)
