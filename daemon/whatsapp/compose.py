"""The waE2E.Message of whatever leaves: a text, with or without a quote, and changes of earlier messages."""

from datetime import datetime

# go_library first: it keeps out what neonize would load for nothing
from daemon.whatsapp import go_library  # noqa: F401

# isort: split
from neonize.proto.waCommon.WACommon_pb2 import MessageKey
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import ExtendedTextMessage, Message, ProtocolMessage

from daemon.domain.ids import Address
from daemon.domain.messages import Quoted
from daemon.whatsapp import quotes


def text(words: str, quoted: tuple[Quoted, Address] | None = None) -> Message:
    """A text; `quoted` is the message replied to, and its author."""
    if quoted is None:
        return Message(conversation=words)
    reply = ExtendedTextMessage(text=words)
    quotes.fill(reply.contextInfo, *quoted)
    return Message(extendedTextMessage=reply)


def edit(chat: Address, wa_id: str, words: str, now: datetime) -> Message:
    """New words for a text of ours (whatsmeow's BuildEdit)."""
    message = Message()
    change = message.editedMessage.message.protocolMessage
    change.key.CopyFrom(_key(chat, wa_id, None))
    change.type = ProtocolMessage.MESSAGE_EDIT
    change.editedMessage.conversation = words
    change.timestampMS = _milliseconds(now)
    return message


def revoke(chat: Address, wa_id: str) -> Message:
    """Delete a message of ours for everyone (whatsmeow's BuildRevoke)."""
    message = Message()
    message.protocolMessage.type = ProtocolMessage.REVOKE
    message.protocolMessage.key.CopyFrom(_key(chat, wa_id, None))
    return message


def reaction(chat: Address, wa_id: str, author: Address | None, emoji: str, now: datetime) -> Message:
    """A reaction to a message; an empty emoji takes it back. `author` is who wrote it, None for ourselves."""
    message = Message()
    message.reactionMessage.key.CopyFrom(_key(chat, wa_id, author))
    message.reactionMessage.text = emoji
    message.reactionMessage.senderTimestampMS = _milliseconds(now)
    return message


def _key(chat: Address, wa_id: str, author: Address | None) -> MessageKey:
    key = MessageKey(fromMe=author is None, ID=wa_id, remoteJID=str(chat))
    if author is not None and author != chat:
        key.participant = str(author)
    return key


def _milliseconds(now: datetime) -> int:
    return round(now.timestamp() * 1000)
