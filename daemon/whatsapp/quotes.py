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
}
# what is kept of an attachment (daemon/whatsapp/media_content.py), by the field that it came from
_DETAILS = {"mime": "mimetype", "seconds": "seconds", "name": "fileName"}


def fill(context: Any, quoted: Quoted, author: Address) -> None:
    """Write into a reply's ContextInfo what it replies to: a message of that kind, without its file."""
    context.stanzaID = quoted.wa_id
    context.participant = str(author)
    message = context.quotedMessage
    if card := _CARDS.get(quoted.kind):
        card(message, quoted)
        return
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


def _location(message: Any, quoted: Quoted) -> None:
    about, part = quoted.media, message.locationMessage
    part.SetInParent()
    if name := about.get("name") or ("" if about.get("address") else quoted.text):
        part.name = name
    if address := about.get("address"):
        part.address = address
    if "lat" in about and "lng" in about:
        part.degreesLatitude, part.degreesLongitude = about["lat"], about["lng"]


def _contact(message: Any, quoted: Quoted) -> None:
    message.contactMessage.displayName = quoted.text or ""


def _poll(message: Any, quoted: Quoted) -> None:
    about, part = quoted.media, message.pollCreationMessage
    # an older version has kept its text only
    question, *lines = (quoted.text or "").split("\n")
    part.name = about.get("question") or question
    for option in about.get("options") or (line.removeprefix("• ") for line in lines):
        part.options.add(optionName=option)
    part.selectableOptionsCount = 0 if about.get("many") else 1


# the other cards are quoted by their words
_CARDS = {MessageKind.LOCATION: _location, MessageKind.CONTACT: _contact, MessageKind.POLL: _poll}
