"""What few clients send: content that is no message, encryption that nobody knows, a broadcast list's messages.

The stanzas go straight into the shop's mailboxes, as in `elsewhere`. What whatsmeow does with them: message.go
(decryptMessages): a log line and an acknowledgement, but no event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.whatsapp_server.actors import elsewhere
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.jid import Jid
from tests.whatsapp_server.wire.node import Node, Value

if TYPE_CHECKING:
    from tests.whatsapp_server.actors.customer import Customer

BROADCAST_LIST = Jid("1234567890", "broadcast")


@dataclass(frozen=True)
class RawContent:
    """Bytes in place of a serialized message."""

    data: bytes

    def SerializeToString(self) -> bytes:
        """As a protobuf does."""
        return self.data


def raw(author: Customer, content: bytes, *, encryption: str = "", name: str = "", wa_id: str = "") -> str:
    """Send the shop's linked devices bytes as a message's content; give the id.

    They are encrypted well; `encryption` is what the stanza says of that instead.
    """
    message_id = wa_id or author.new_message_id()
    for device in author.shop.devices.values():
        if not device.number:
            continue
        encrypted = author.composer.encrypt(device.lid_jid, RawContent(content))
        attrs: dict[str, Value] = {
            "from": author.user.lid_jid,
            "addressing_mode": "lid",
            "sender_pn": author.user.phone_jid,
            "id": message_id,
            "type": "text",
            "t": author.network.now(),
            "notify": name or author.user.push_name,
        }
        part = Node("enc", {"v": "2", "type": encryption or encrypted.kind}, encrypted.data)
        device.mailbox.put(Node("message", attrs, [part]))
    return message_id


def by_broadcast_list(author: Customer, text: str) -> str:
    """Write to all readers of a list, of whom the shop is one; give the id."""
    return elsewhere.in_chat(author, BROADCAST_LIST, payload.text(text))
