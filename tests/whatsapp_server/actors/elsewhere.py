"""What reaches the shop besides one-to-one messages: a group that nobody knows of, status updates, newsletters,
calls, and hidden content.

The stanzas go straight into the shop's mailboxes, as stories and channels are not modelled (groups: `group.py`).
What clients read in them: whatsmeow message.go (parseMessageSource, decryptMessages) and call.go.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from tests.whatsapp_server.server.network import Network, User
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.jid import Jid
from tests.whatsapp_server.wire.node import Node, Value

if TYPE_CHECKING:
    from tests.whatsapp_server.actors.customer import Customer

GROUP = "120363000000000001@g.us"
STATUS = Jid("status", "broadcast")
NEWSLETTER = Jid("120363000000000002", "newsletter")


def in_chat(author: Customer, chat: Jid, message: Any) -> str:
    """Send a message in a group or as a status, encrypted for each device by itself as clients do for a few
    readers.
    """
    message_id = author.new_message_id()
    payload.with_secret(message)
    for device in author.shop.devices.values():
        part = author.composer.encrypted_node(device.lid_jid, message)
        attrs: dict[str, Value] = {
            "from": chat,
            "participant": author.user.lid_jid,
            "participant_pn": author.user.phone_jid,
            "addressing_mode": "lid",
            "id": message_id,
            "type": payload.stanza_type(message),
            "t": author.network.now(),
            "notify": author.user.push_name,
        }
        device.mailbox.put(Node("message", attrs, [part]))
    return message_id


def unavailable(author: Customer, message: Any, kind: str) -> str:
    """Send a message to the shop's phone, and to its linked devices only the word that they cannot have it."""
    message_id = author.new_message_id()
    payload.with_secret(message)
    for device in author.shop.devices.values():
        attrs: dict[str, Value] = {
            "from": author.user.lid_jid,
            "addressing_mode": "lid",
            "sender_pn": author.user.phone_jid,
            "id": message_id,
            "type": payload.stanza_type(message),
            "t": author.network.now(),
            "notify": author.user.push_name,
        }
        part = (
            Node("unavailable", {"type": kind})
            if device.number
            else author.composer.encrypted_node(device.lid_jid, message)
        )
        device.mailbox.put(Node("message", attrs, [part]))
    return message_id


def ring(caller: Customer, *, is_video: bool = False, group: str = "") -> str:
    """Ring all devices of the shop, which one of them may take; give the call's id."""
    call_id = secrets.token_hex(16).upper()
    media = [Node("audio", {"enc": "opus", "rate": "16000"})]
    media += [Node("video", {"enc": "vp8", "orientation": "0"})] if is_video else []
    if group:
        kind = "video" if is_video else "audio"
        more: dict[str, Value] = {"media": kind, "type": "group", "group-jid": Jid.parse(group)}
        _tell_of_call(caller, call_id, "offer_notice", None, **more)
    else:
        _tell_of_call(caller, call_id, "offer", [*media, Node("net", {"medium": "3"})])
    return call_id


def end_call(caller: Customer, call_id: str, reason: str = "timeout") -> None:
    """Nobody rings any more: the caller has hung up ("timeout"), or it was taken ("accepted_elsewhere")."""
    _tell_of_call(caller, call_id, "terminate", None, reason=reason)


def accept_call(caller: Customer, call_id: str) -> None:
    """Another device takes the call, and says so."""
    _tell_of_call(caller, call_id, "accept", [Node("audio", {"enc": "opus", "rate": "16000"})])


def _tell_of_call(caller: Customer, call_id: str, tag: str, content: list[Node] | None, **more: Value) -> None:
    creator: dict[str, Value] = {
        "call-id": call_id,
        "call-creator": caller.user.lid_jid,
        "caller_pn": caller.user.phone_jid,
    }
    for device in caller.shop.devices.values():
        attrs: dict[str, Value] = {
            "from": caller.user.lid_jid,
            "id": caller.network.stanza_id(),
            "t": caller.network.now(),
            "platform": "android",
            "version": "2.26.1",
        }
        device.mailbox.put(Node("call", attrs, [Node(tag, {**creator, **more}, content)]))


def newsletter(network: Network, shop: User, text: str) -> str:
    """Post in a channel that the shop follows; such messages are not encrypted."""
    message_id = secrets.token_hex(8).upper()
    body = payload.text(text).SerializeToString()
    for device in shop.devices.values():
        attrs: dict[str, Value] = {
            "from": NEWSLETTER,
            "id": message_id,
            "server_id": "101",
            "type": "text",
            "t": network.now(),
        }
        device.mailbox.put(Node("message", attrs, [Node("plaintext", {}, body)]))
    return message_id
