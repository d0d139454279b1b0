"""Queries about the account itself: privacy, block list, about text, app state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.whatsapp_server.server.errors import QueryFailed
from tests.whatsapp_server.server.records import participants_hash
from tests.whatsapp_server.wire.node import Node, Value

if TYPE_CHECKING:
    from tests.whatsapp_server.server.connection import Connection

PRIVACY = {
    "groupadd": "all",
    "last": "contacts",
    "status": "contacts",
    "profile": "contacts",
    "readreceipts": "all",
    "online": "all",
    "calladd": "all",
}
"""Settings of a fresh account (names: whatsmeow types/user.go, PrivacySettingType)."""


def accepted(connection: Connection, node: Node) -> list[Node]:
    """Take a setting or report that changes nothing here."""
    return []


def privacy(connection: Connection, node: Node) -> list[Node]:
    """Give the privacy settings, or pass a trusted-contact token on to the contact it is for."""
    tokens = node.child("tokens")
    if tokens is not None:
        for token in tokens.children("token"):
            _pass_token(connection, token)
        return []
    categories = [Node("category", {"name": name, "value": value}) for name, value in PRIVACY.items()]
    return [Node("privacy", {}, categories)]


def _pass_token(connection: Connection, token: Node) -> None:
    network, device = connection.network, connection.device
    to = token.jid("jid")
    user = network.user_of(to)
    if user is None or to is None or device is None:
        return
    attrs: dict[str, Value] = {"type": token.get("type"), "t": token.get("t")}
    content = [Node("tokens", {}, [Node("token", attrs, b"simulated-" + device.user.lid.encode())])]
    sender: dict[str, Value] = {"from": device.user.phone_jid, "sender_lid": device.user.lid_jid}
    for target in user.devices.values():
        if target.noise_key is not None:
            network.notices.send(target, "privacy_token", content, **sender)


def blocklist(connection: Connection, node: Node) -> list[Node]:
    """Give the block list, after a change if one is asked for (whatsmeow user.go, UpdateBlocklist).

    People are blocked by hidden id; the phone number comes along with a block.
    """
    device = connection.device
    assert device is not None
    blocked = device.user.blocked
    for item in node.children("item"):
        user = connection.network.user_of(item.jid("jid"))
        if user is None or user is device.user or item.get("action") not in ("block", "unblock"):
            raise QueryFailed(400, "bad-request")
        (blocked.add if item.get("action") == "block" else blocked.discard)(user.lid_jid)
    items = [Node("item", {"jid": jid}) for jid in sorted(blocked, key=str)]
    return [Node("list", {"dhash": participants_hash(blocked)}, items)]


def about(connection: Connection, node: Node) -> list[Node]:
    """Set the account's about text."""
    status = node.child("status")
    if status is not None and connection.device is not None:
        connection.device.user.about = status.text()
    return []


def app_state(connection: Connection, node: Node) -> list[Node]:
    """Answer with empty collections at the version asked about: there are no patches to fetch."""
    sync = node.child("sync")
    collections = []
    for wanted in [] if sync is None else sync.children("collection"):
        attrs: dict[str, Value] = {"name": wanted.get("name"), "version": wanted.get("version") or "0"}
        collections.append(Node("collection", {**attrs, "type": "result"}))
    return [Node("sync", {}, collections)]


def properties(connection: Connection, node: Node) -> list[Node]:
    """Give the experiment switches: none."""
    return [Node("props", {"protocol": "1", "refresh": "86400"}, [])]
