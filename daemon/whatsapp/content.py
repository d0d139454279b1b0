"""What a waE2E.Message holds for a person's eyes: one reader per kind, an explicit branch for the unknown."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from google.protobuf.unknown_fields import UnknownFieldSet

from daemon.domain.message_kinds import MessageKind
from daemon.whatsapp import content_business, content_cards, forwarded, link_content, media_content, wire_text
from daemon.whatsapp.found_content import Content

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
    "encEventResponseMessage",
    # of calls tell stanzas of their own
    "call",
    "callLogMesssage",
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
            return _once(content_of(value.message), descriptor.name.startswith("viewOnce"))
        reader = _READERS.get(descriptor.name)
        if reader is not None:
            found = _once(_passed(reader(value)), getattr(value, "viewOnce", False))
            return replace(found, media=found.media | forwarded.read(value))
    return Content(MessageKind.UNKNOWN)


def _once(found: Content, is_view_once: bool) -> Content:
    """What is to be viewed once, if its sender wants that; what can be read is shown all the same."""
    return replace(found, media=found.media | {"view_once": True}) if is_view_once else found


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


def _text(*path: str) -> Callable[[Any], Content]:
    def read(value: Any) -> Content:
        for name in path:
            value = getattr(value, name)
        return Content(MessageKind.TEXT, value) if value else Content(MessageKind.UNKNOWN)

    return read


def _extended_text(value: Any) -> Content:
    if not value.text:
        return Content(MessageKind.UNKNOWN)
    return Content(MessageKind.TEXT, value.text, link_content.preview(value, wire_text.text(value.text)[0]))


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
    "botForwardedMessage",
    "pollCreationMessageV4",
    "spoilerMessage",
}

_READERS: dict[str, Callable[[Any], Content]] = {
    "conversation": lambda value: Content(MessageKind.TEXT, value),
    "extendedTextMessage": _extended_text,
    "imageMessage": _image,
    "videoMessage": _video,
    "ptvMessage": _video,
    "audioMessage": _audio,
    "documentMessage": _document,
    "stickerMessage": _sticker,
    "locationMessage": content_cards.location,
    "liveLocationMessage": content_cards.location,
    "contactMessage": content_cards.contact,
    "contactsArrayMessage": content_cards.contacts,
    "pollCreationMessage": content_cards.poll,
    "pollCreationMessageV2": content_cards.poll,
    "pollCreationMessageV3": content_cards.poll,
    "pollCreationMessageV5": content_cards.poll,
    "pollCreationMessageV6": content_cards.poll,
    "eventMessage": content_cards.event,
    "scheduledCallCreationMessage": content_cards.scheduled_call,
    "productMessage": content_business.product,
    "orderMessage": content_business.order,
    "invoiceMessage": content_business.invoice,
    "requestPaymentMessage": content_business.payment("request"),
    "sendPaymentMessage": content_business.payment("sent"),
    "declinePaymentRequestMessage": content_business.payment("declined"),
    "cancelPaymentRequestMessage": content_business.payment("cancelled"),
    "paymentInviteMessage": content_business.payment("invitation"),
    "buttonsMessage": content_business.buttons,
    "listMessage": content_business.choice_list,
    "templateMessage": content_business.template,
    "interactiveMessage": content_business.interactive,
    "groupInviteMessage": content_business.invite,
    "buttonsResponseMessage": _text("selectedDisplayText"),
    "templateButtonReplyMessage": _text("selectedDisplayText"),
    "listResponseMessage": _text("title"),
    "interactiveResponseMessage": _text("body", "text"),
}
