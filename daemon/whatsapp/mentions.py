"""Who is named in a message that leaves into a group: phones draw a name, and tell whoever it is."""

from collections.abc import Sequence
from typing import Any


def put(message: Any, addresses: Sequence[str]) -> None:
    """Name people in a waE2E.Message, in whatever part of it has the words."""
    if not addresses:
        return
    if message.HasField("conversation"):
        words = message.conversation
        message.ClearField("conversation")
        message.extendedTextMessage.text = words
    for descriptor, value in message.ListFields():
        fields = descriptor.message_type.fields_by_name if descriptor.message_type else ()
        if "contextInfo" in fields:
            value.contextInfo.mentionedJID.extend(addresses)
        elif set(fields) == {"message"}:
            put(value.message, addresses)


def put_in_edit(message: Any, addresses: Sequence[str]) -> None:
    """The same for the new words of an edit (`compose.edit`)."""
    put(message.editedMessage.message.protocolMessage.editedMessage, addresses)
