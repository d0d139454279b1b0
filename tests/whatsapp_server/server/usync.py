"""usync: who is on WhatsApp, under which hidden id, with which devices (whatsmeow user.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.whatsapp_server.server.records import User, Watcher, participants_hash
from tests.whatsapp_server.wire.jid import PHONE_SERVER, Jid
from tests.whatsapp_server.wire.node import Node, Value

if TYPE_CHECKING:
    from tests.whatsapp_server.server.connection import Connection


def answer(connection: Connection, node: Node) -> list[Node]:
    """Answer one query: for each listed user, each of the protocols asked for."""
    request = node.child("usync")
    query = None if request is None else request.child("query")
    listed = None if request is None else request.child("list")
    if request is None or query is None or listed is None:
        return []
    protocols = query.children()
    users = [_user(connection, entry, protocols) for entry in listed.children("user")]
    summary = Node("result", {}, [Node(protocol.tag) for protocol in protocols])
    attrs: dict[str, Value] = {
        name: request.attrs[name] for name in ("sid", "index", "last", "mode") if name in request.attrs
    }
    return [Node("usync", attrs, [summary, Node("list", {}, users)])]


def _user(connection: Connection, entry: Node, protocols: list[Node]) -> Node:
    contact = entry.child("contact")
    asked = entry.jid("jid")
    if asked is None and contact is not None:
        asked = Jid("".join(filter(str.isdigit, contact.text().partition("@")[0])), PHONE_SERVER)
    user = connection.network.user_of(asked)
    attrs: dict[str, Value] = {} if asked is None else {"jid": asked}
    if contact is not None and asked is not None:
        attrs = _found(connection, user, asked, protocols)
    content: list[Node] = []
    for protocol in protocols:
        if protocol.tag == "contact":
            content.append(_contact(user, contact))
        elif user is None or asked is None:
            content.append(Node(protocol.tag, {}, [Node("error", {"code": "404", "text": "item-not-found"})]))
        else:
            content += _protocol(connection, protocol.tag, user, asked)
    return Node("user", attrs, content)


def _found(connection: Connection, user: User | None, asked: Jid, protocols: list[Node]) -> dict[str, Value]:
    """What a number is called in the answer: by hidden id and number, by number alone, or not at all."""
    manner = connection.endpoint.faults.directory
    by_lid = any(one.tag == "contact" and one.get("addressing_mode") == "lid" for one in protocols)
    if user is None:
        # nobody has a hidden id who is not there
        return {} if manner == "nameless" else {"pn_jid": asked} if by_lid else {"jid": asked}
    if by_lid and manner != "phone":
        return {"jid": user.lid_jid} if manner == "lid" else {"jid": user.lid_jid, "pn_jid": user.phone_jid}
    return {"jid": user.phone_jid, "pn_jid": user.phone_jid}


def _contact(user: User | None, contact: Node | None) -> Node:
    return Node("contact", {"type": "out" if user is None else "in"}, None if contact is None else contact.data())


def _protocol(connection: Connection, protocol: str, user: User, asked: Jid) -> list[Node]:
    if protocol == "devices":
        asker = connection.device
        if asker is not None and asker.user is not user:
            user.watchers.add(Watcher(asker.user.phone, asked.is_lid))
        return [_devices(connection, user, asked)]
    if protocol == "lid":
        return [Node("lid", {"val": user.lid_jid})]
    if protocol == "status":
        return [Node("status", {"t": connection.network.now()}, user.about.encode())]
    if protocol == "disappearing_mode":
        return [Node("disappearing_mode", {"duration": "0", "t": "0"})]
    return [Node(protocol)]


def _devices(connection: Connection, user: User, asked: Jid) -> Node:
    devices = [user.devices[number] for number in sorted(user.devices)]
    listed = []
    for device in devices:
        attrs: dict[str, Value] = {"id": str(device.number)}
        if device.number:
            attrs["key-index"] = str(device.key_index)
        listed.append(Node("device", attrs))
    digest = participants_hash(device.named_like(asked) for device in devices)
    return Node("devices", {}, [Node("device-list", {"hash": digest}, listed)])
