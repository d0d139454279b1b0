"""The waE2E.Message of whatever leaves: texts and files, quoting or not, and changes of earlier messages."""

from datetime import datetime
from typing import Any

# go_library first: it keeps out what neonize would load for nothing
from daemon.whatsapp import go_library  # noqa: F401

# isort: split
from neonize.proto.waCommon.WACommon_pb2 import MessageKey
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import ExtendedTextMessage, Message, ProtocolMessage

from daemon.domain.attachments import UploadedFile
from daemon.domain.ids import Address
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Quoted
from daemon.whatsapp import played_media, quotes

# points, as every sticker has them (daemon.media_process.sticker)
STICKER_SIDE = 512


def text(words: str, quoted: tuple[Quoted, Address] | None = None) -> Message:
    """A text; `quoted` is the message replied to, and its author."""
    if quoted is None:
        return Message(conversation=words)
    reply = ExtendedTextMessage(text=words)
    quotes.fill(reply.contextInfo, *quoted)
    return Message(extendedTextMessage=reply)


def file(
    kind: MessageKind,
    there: UploadedFile,
    thumbnail: bytes,
    media: dict[str, Any],
    caption: str,
    quoted: tuple[Quoted, Address] | None = None,
    now: datetime | None = None,
) -> Message:
    """A file that lies on the media servers; `media` is what our books say of it. A sound has no caption."""
    message = Message()
    if kind == MessageKind.IMAGE:
        about = message.imageMessage
        about.width, about.height = media.get("width", 0), media.get("height", 0)
        about.JPEGThumbnail = thumbnail
        about.mimetype = "image/jpeg"
    elif kind == MessageKind.STICKER:
        about = message.stickerMessage
        about.width = about.height = STICKER_SIDE
        about.isAnimated = bool(media.get("animated"))
        about.mimetype = "image/webp"
    elif kind == MessageKind.VIDEO:
        about = message.videoMessage
        played_media.fill_film(about, media, thumbnail)
    elif kind in (MessageKind.AUDIO, MessageKind.VOICE):
        about = message.audioMessage
        played_media.fill_sound(about, kind, media)
    else:
        about = message.documentMessage
        about.fileName = about.title = media.get("name") or "file"
        about.mimetype = media.get("mime") or "application/octet-stream"
    if caption and "caption" in about.DESCRIPTOR.fields_by_name:
        about.caption = caption
    about.URL, about.directPath = there.url, there.path
    about.mediaKey, about.fileSHA256, about.fileEncSHA256 = there.key, there.sha256, there.enc_sha256
    about.fileLength = there.length
    if now is not None:
        about.mediaKeyTimestamp = int(now.timestamp())
    if quoted is not None:
        quotes.fill(about.contextInfo, *quoted)
    if kind == MessageKind.DOCUMENT and caption:
        # a document's caption is shown by the apps only so (as they send it themselves)
        wrapped = Message()
        wrapped.documentWithCaptionMessage.message.CopyFrom(message)
        return wrapped
    return message


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
