"""What is inside an encrypted message: padding, the wrapper for own devices, builders for each kind.

Kinds and stanza attributes follow whatsmeow send.go (getTypeFromMessage, getMediaTypeFromMessage,
getEditAttribute).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.whatsapp_server.wire.media import EncryptedMedia, MediaKind
from tests.whatsapp_server.wire.protos import common, e2e

MESSAGE_SECRET_SIZE = 32
EDIT_MESSAGE, EDIT_REVOKE = "1", "7"


class BadPadding(ValueError):
    """A decrypted message does not end in its padding."""


def pad(plaintext: bytes) -> bytes:
    """Add 1 to 15 bytes, each saying how many there are."""
    size = secrets.randbelow(15) + 1
    return plaintext + bytes([size]) * size


def unpad(padded: bytes) -> bytes:
    """Take the padding off. Raises BadPadding."""
    size = padded[-1] if padded else 0
    if not size or padded[-size:] != bytes([size]) * size:
        raise BadPadding("the padding is wrong")
    return padded[:-size]


def device_sent(chat: str, message: Any) -> Any:
    """Wrap a message for the sender's own other devices; `chat` is the address it was sent to."""
    wrapper = e2e.Message(deviceSentMessage=e2e.DeviceSentMessage(destinationJID=chat, message=message))
    if message.HasField("messageContextInfo"):
        wrapper.messageContextInfo.CopyFrom(message.messageContextInfo)
    return wrapper


def with_secret(message: Any) -> Any:
    """Give a message the secret that real clients put into what people write (for reactions, polls, reports)."""
    if not message.messageContextInfo.messageSecret:
        message.messageContextInfo.messageSecret = secrets.token_bytes(MESSAGE_SECRET_SIZE)
    return message


@dataclass(frozen=True, slots=True)
class Quote:
    """What a reply refers to: the message's id, its author's address, and its content."""

    message_id: str
    author: str
    message: Any


def context(quote: Quote | None, mentions: Sequence[str] = ()) -> Any:
    """Give a ContextInfo: what is quoted, who is mentioned; empty without either."""
    found = e2e.ContextInfo(mentionedJID=mentions) if mentions else None
    if quote is None:
        return found
    found = found or e2e.ContextInfo()
    found.stanzaID, found.participant = quote.message_id, quote.author
    found.quotedMessage.CopyFrom(quote.message)
    return found


def text(body: str, quote: Quote | None = None, mentions: Sequence[str] = ()) -> Any:
    """Build a text, plain, as a reply, or with people mentioned (the body says "@" and their digits)."""
    about = context(quote, mentions)
    if about is None:
        return e2e.Message(conversation=body)
    return e2e.Message(extendedTextMessage=e2e.ExtendedTextMessage(text=body, contextInfo=about))


def key(chat: str, message_id: str, *, from_me: bool) -> Any:
    """Build the key that names another message of the chat; `from_me` from the sender's point of view."""
    return common.MessageKey(remoteJID=chat, fromMe=from_me, ID=message_id)


def reaction(chat: str, message_id: str, emoji: str, *, from_me: bool, at_ms: int) -> Any:
    """Build a reaction; an empty emoji takes it back."""
    return e2e.Message(
        reactionMessage=e2e.ReactionMessage(
            key=key(chat, message_id, from_me=from_me), text=emoji, senderTimestampMS=at_ms
        )
    )


def edit(chat: str, message_id: str, body: str, *, at_ms: int) -> Any:
    """Build the edit of an own message."""
    protocol = e2e.ProtocolMessage(
        key=key(chat, message_id, from_me=True),
        type=e2e.ProtocolMessage.MESSAGE_EDIT,
        editedMessage=text(body),
        timestampMS=at_ms,
    )
    inner = e2e.FutureProofMessage(message=e2e.Message(protocolMessage=protocol))
    return e2e.Message(editedMessage=inner)


def secret_edit(chat: str, message_id: str, body: str, secret: bytes, author: str, *, at_ms: int) -> Any:
    """Build an edit that is encrypted with the secret of the message it changes, as newer apps do.

    `author` is the address of who wrote and changes it (whatsmeow msgsecret.go, generateMsgSecretKey).
    """
    info = f"{message_id}{author}{author}Message Edit".encode()
    sealed = e2e.SecretEncryptedMessage(
        targetMessageKey=key(chat, message_id, from_me=True),
        secretEncType=e2e.SecretEncryptedMessage.MESSAGE_EDIT,
        encIV=secrets.token_bytes(12),
    )
    inner = unwrap(edit(chat, message_id, body, at_ms=at_ms)).SerializeToString()
    sealed.encPayload = sealed_with(secret, info, sealed.encIV, inner)
    return e2e.Message(secretEncryptedMessage=sealed)


def sealed_with(secret: bytes, info: bytes, nonce: bytes, content: bytes) -> bytes:
    """Encrypt something with a message's secret, for one use."""
    return AESGCM(HKDF(SHA256(), 32, None, info).derive(secret)).encrypt(nonce, content, None)


def revoke(chat: str, message_id: str) -> Any:
    """Build the deletion of an own message for everyone."""
    return e2e.Message(
        protocolMessage=e2e.ProtocolMessage(
            key=key(chat, message_id, from_me=True), type=e2e.ProtocolMessage.REVOKE
        )
    )


def image(
    media: EncryptedMedia, path: str, *, caption: str = "", mimetype: str = "image/jpeg", **more: Any
) -> Any:
    """Build a picture from its encrypted file and the media host's path; `more` are fields of the message."""
    fields = _media_fields(media, path, mimetype) | more
    if caption:
        fields["caption"] = caption
    return e2e.Message(imageMessage=e2e.ImageMessage(**fields))


def sticker(media: EncryptedMedia, path: str, *, mimetype: str = "image/webp", **more: Any) -> Any:
    """Build a sticker."""
    return e2e.Message(stickerMessage=e2e.StickerMessage(**_media_fields(media, path, mimetype) | more))


def video(media: EncryptedMedia, path: str, *, caption: str = "", seconds: int = 1, **more: Any) -> Any:
    """Build a video."""
    fields = _media_fields(media, path, "video/mp4") | more
    return e2e.Message(videoMessage=e2e.VideoMessage(**fields, caption=caption, seconds=seconds))


def voice(media: EncryptedMedia, path: str, *, seconds: int = 1, **more: Any) -> Any:
    """Build a voice note."""
    fields = {**_media_fields(media, path, "audio/ogg; codecs=opus"), "PTT": True, **more}
    return e2e.Message(audioMessage=e2e.AudioMessage(**fields, seconds=seconds))


def document(media: EncryptedMedia, path: str, *, name: str, mimetype: str, caption: str = "") -> Any:
    """Build a file; with a caption it is wrapped, as WhatsApp does it."""
    fields = _media_fields(media, path, mimetype)
    if not caption:
        return e2e.Message(documentMessage=e2e.DocumentMessage(**fields, fileName=name, title=name))
    inner = e2e.DocumentMessage(**fields, fileName=name, title=name, caption=caption)
    wrapped = e2e.FutureProofMessage(message=e2e.Message(documentMessage=inner))
    return e2e.Message(documentWithCaptionMessage=wrapped)


def location(latitude: float, longitude: float, *, name: str = "", address: str = "") -> Any:
    """Build a place; degrees."""
    place = e2e.LocationMessage(degreesLatitude=latitude, degreesLongitude=longitude)
    if name:
        place.name = name
    if address:
        place.address = address
    return e2e.Message(locationMessage=place)


def contact(name: str, phone: str) -> Any:
    """Build a contact card; the phone number in digits."""
    card = f"BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nTEL;type=CELL;waid={phone}:+{phone}\nEND:VCARD"
    return e2e.Message(contactMessage=e2e.ContactMessage(displayName=name, vcard=card))


def poll(question: str, options: list[str]) -> Any:
    """Build a poll with one answer."""
    choices = [e2e.PollCreationMessage.Option(optionName=option) for option in options]
    return e2e.Message(
        pollCreationMessage=e2e.PollCreationMessage(name=question, options=choices, selectableOptionsCount=1)
    )


def _media_fields(media: EncryptedMedia, path: str, mimetype: str) -> dict[str, Any]:
    return {
        "URL": f"https://mmg.whatsapp.net{path}&mms3=true",
        "directPath": path,
        "mediaKey": media.media_key,
        "fileSHA256": media.file_sha256,
        "fileEncSHA256": media.file_enc_sha256,
        "fileLength": media.length,
        "mimetype": mimetype,
    }


_WRAPPERS = (
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "viewOnceMessageV2Extension",
    "documentWithCaptionMessage",
    "editedMessage",
)


def unwrap(message: Any) -> Any:
    """Take off the wrappers that say how a message is to be shown."""
    for name in _WRAPPERS:
        if message.HasField(name):
            return unwrap(getattr(message, name).message)
    return message


def body_of(message: Any) -> str:
    """Give the text of a message a person would read: text, caption, or an edit's new text; else empty."""
    message = unwrap(message)
    if message.conversation:
        return str(message.conversation)
    if message.HasField("extendedTextMessage"):
        return str(message.extendedTextMessage.text)
    for name in ("imageMessage", "videoMessage", "documentMessage"):
        if message.HasField(name):
            return str(getattr(message, name).caption)
    if message.HasField("protocolMessage") and message.protocolMessage.HasField("editedMessage"):
        return body_of(message.protocolMessage.editedMessage)
    if message.HasField("reactionMessage"):
        return str(message.reactionMessage.text)
    return ""


_MEDIA = {
    "imageMessage": ("image", MediaKind.IMAGE),
    "stickerMessage": ("sticker", MediaKind.IMAGE),
    "documentMessage": ("document", MediaKind.DOCUMENT),
    "videoMessage": ("video", MediaKind.VIDEO),
    "audioMessage": ("audio", MediaKind.AUDIO),
}


def media_of(message: Any) -> tuple[Any, MediaKind] | None:
    """Give the media part of a message and how it is encrypted, None when there is none."""
    message = unwrap(message)
    for name, (_, kind) in _MEDIA.items():
        if message.HasField(name):
            return getattr(message, name), kind
    return None


def stanza_type(message: Any) -> str:
    """Give the `type` attribute of a message's stanza."""
    message = unwrap(message)
    if message.HasField("reactionMessage") or message.HasField("encReactionMessage"):
        return "reaction"
    if any(message.HasField(name) for name in ("pollCreationMessage", "pollUpdateMessage")):
        return "poll"
    return "media" if media_type(message) else "text"


def media_type(message: Any) -> str:
    """Give the `mediatype` attribute of a message's `enc`, empty for none."""
    message = unwrap(message)
    if message.HasField("audioMessage") and message.audioMessage.PTT:
        return "ptt"
    for name, (kind, _) in _MEDIA.items():
        if message.HasField(name):
            return kind
    return "vcard" if message.HasField("contactMessage") else ""


def edit_attribute(message: Any) -> str:
    """Give the `edit` attribute of a message's stanza, empty for none."""
    message = unwrap(message)
    if message.HasField("protocolMessage") and message.protocolMessage.HasField("key"):
        kind = message.protocolMessage.type
        if kind == e2e.ProtocolMessage.REVOKE:
            return EDIT_REVOKE
        if kind == e2e.ProtocolMessage.MESSAGE_EDIT and message.protocolMessage.HasField("editedMessage"):
            return EDIT_MESSAGE
    if message.HasField("secretEncryptedMessage"):
        return EDIT_MESSAGE
    if message.HasField("reactionMessage") and not message.reactionMessage.text:
        return EDIT_REVOKE
    return ""
