"""What a waE2E.Message holds for a person's eyes: one reader per kind, an explicit branch for the unknown."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from google.protobuf.unknown_fields import UnknownFieldSet

from daemon.domain.message_kinds import MessageKind
from daemon.domain.text_cleaning import readable
from daemon.whatsapp import media_content, wire_text
from daemon.whatsapp.media_content import Media


@dataclass(frozen=True, slots=True)
class Content:
    """A kind, the text or caption, and what is shown of an attachment without downloading it."""

    kind: MessageKind
    text: str | None = None
    media: Media = field(default_factory=dict)
    is_cut: bool = False


# options of a poll; WhatsApp's apps allow 12
_MOST_OPTIONS = 100


# fields that accompany a message, or are read by machines only
_SILENT = {
    "messageContextInfo",
    "senderKeyDistributionMessage",
    "fastRatchetKeySenderKeyDistributionMessage",
    "protocolMessage",
    "encReactionMessage",
    "encCommentMessage",
    "keepInChatMessage",
    "pinInChatMessage",
    "pollUpdateMessage",
    "deviceSentMessage",
    # how many pictures are to come; they come as messages of their own
    "albumMessage",
}


def is_silent(message: Any) -> bool:
    """Whether nothing in the message is meant for a person; fields we don't know yet may well be."""
    known = [descriptor.name for descriptor, _ in message.ListFields()]
    return bool(known) and all(name in _SILENT for name in known) and not len(UnknownFieldSet(message))


def unwrapped(message: Any) -> Any:
    """The message inside its wrappers (disappearing, view once, an edit, …)."""
    for descriptor, value in message.ListFields():
        if descriptor.name in _WRAPPERS:
            return unwrapped(value.message)
    return message


def content_of(message: Any) -> Content:
    """The first part of the message that is for a person; kind UNKNOWN if we can't show it."""
    for descriptor, value in message.ListFields():
        if descriptor.name in _SILENT:
            continue
        if descriptor.name in _WRAPPERS:
            return content_of(value.message)
        reader = _READERS.get(descriptor.name)
        if reader is not None:
            return _passed(reader(value))
    return Content(MessageKind.UNKNOWN)


def _passed(found: Content) -> Content:
    """What a reader has found, its words through the gate."""
    if not found.text:
        return found
    words, is_cut = wire_text.text(found.text)
    return replace(found, text=words or None, is_cut=is_cut)


def quoted_id(message: Any) -> str | None:
    """WhatsApp's id of the message that this one replies to."""
    for descriptor, value in message.ListFields():
        if descriptor.name in _WRAPPERS:
            return quoted_id(value.message)
        fields = descriptor.message_type.fields_by_name if descriptor.message_type else ()
        if "contextInfo" in fields and value.HasField("contextInfo") and value.contextInfo.stanzaID:
            return wire_text.identifier(value.contextInfo.stanzaID)
    return None


def _image(value: Any) -> Content:
    return Content(MessageKind.IMAGE, value.caption or None, media_content.picture(value))


def _video(value: Any) -> Content:
    return Content(MessageKind.VIDEO, value.caption or None, media_content.video(value))


def _audio(value: Any) -> Content:
    return Content(MessageKind.VOICE if value.PTT else MessageKind.AUDIO, None, media_content.sound(value))


def _document(value: Any) -> Content:
    return Content(MessageKind.DOCUMENT, value.caption or None, media_content.document(value))


def _sticker(value: Any) -> Content:
    return Content(MessageKind.STICKER, None, media_content.sticker(value))


def _location(value: Any) -> Content:
    name = getattr(value, "name", "") or getattr(value, "address", "") or getattr(value, "caption", "")
    lat = wire_text.degrees(value.degreesLatitude, 90)
    lng = wire_text.degrees(value.degreesLongitude, 180)
    # a place that is nowhere keeps its name
    media: Media = {"lat": lat, "lng": lng} if lat is not None and lng is not None else {}
    return Content(MessageKind.LOCATION, name or None, media)


def _contact(value: Any) -> Content:
    return Content(MessageKind.CONTACT, value.displayName or None)


def _poll(value: Any) -> Content:
    options = (readable(option.optionName) for option in islice(value.options, _MOST_OPTIONS))
    lines = [readable(value.name), *(f"• {option}" for option in options)]
    return Content(MessageKind.POLL, "\n".join(lines))


def _text(*path: str) -> Callable[[Any], Content]:
    def read(value: Any) -> Content:
        for name in path:
            value = getattr(value, name)
        return Content(MessageKind.TEXT, value) if value else Content(MessageKind.UNKNOWN)

    return read


_WRAPPERS = {
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "viewOnceMessageV2Extension",
    "documentWithCaptionMessage",
    "editedMessage",
    "lottieStickerMessage",
    "groupMentionedMessage",
    "botInvokeMessage",
    # a picture or video once more, in high definition
    "associatedChildMessage",
}

_READERS: dict[str, Callable[[Any], Content]] = {
    "conversation": lambda value: Content(MessageKind.TEXT, value),
    "extendedTextMessage": _text("text"),
    "imageMessage": _image,
    "videoMessage": _video,
    "ptvMessage": _video,
    "audioMessage": _audio,
    "documentMessage": _document,
    "stickerMessage": _sticker,
    "locationMessage": _location,
    "liveLocationMessage": _location,
    "contactMessage": _contact,
    "contactsArrayMessage": _contact,
    "pollCreationMessage": _poll,
    "pollCreationMessageV2": _poll,
    "pollCreationMessageV3": _poll,
    "buttonsResponseMessage": _text("selectedDisplayText"),
    "templateButtonReplyMessage": _text("selectedDisplayText"),
    "listResponseMessage": _text("title"),
}
