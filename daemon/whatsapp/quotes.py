"""What a reply carries of the message that it quotes: the customer's phone shows this, not what it remembers."""

from typing import Any

from daemon.domain.ids import Address
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Quoted

# stands for what we could not read ourselves
NO_WORDS = "…"

# per kind the part of a waE2E.Message that holds it, and the field of its words
_PARTS = {
    MessageKind.IMAGE: ("imageMessage", "caption"),
    MessageKind.VIDEO: ("videoMessage", "caption"),
    MessageKind.VOICE: ("audioMessage", None),
    MessageKind.AUDIO: ("audioMessage", None),
    MessageKind.DOCUMENT: ("documentMessage", "caption"),
    MessageKind.STICKER: ("stickerMessage", None),
    MessageKind.LOCATION: ("locationMessage", "name"),
    MessageKind.CONTACT: ("contactMessage", "displayName"),
    MessageKind.POLL: ("pollCreationMessage", "name"),
}
# what is kept of an attachment (daemon/whatsapp/content.py), by the field that it came from
_DETAILS = {
    "mime": "mimetype",
    "seconds": "seconds",
    "name": "fileName",
    "lat": "degreesLatitude",
    "lng": "degreesLongitude",
}


def fill(context: Any, quoted: Quoted, author: Address) -> None:
    """Write into a reply's ContextInfo what it replies to: a message of that kind, without its file."""
    context.stanzaID = quoted.wa_id
    context.participant = str(author)
    message = context.quotedMessage
    if quoted.kind not in _PARTS:
        message.conversation = quoted.text or NO_WORDS
        return
    name, words = _PARTS[quoted.kind]
    part = getattr(message, name)
    # also when nothing more is known of it
    part.SetInParent()
    if words and quoted.text:
        setattr(part, words, quoted.text)
    for detail, field in _DETAILS.items():
        if detail in quoted.media:
            setattr(part, field, quoted.media[detail])
    if quoted.kind == MessageKind.VOICE:
        part.PTT = True
