"""The waE2E.Message of a place, a contact or a poll that we send."""

import secrets
from collections.abc import Callable
from typing import Any

# go_library first: it keeps out what neonize would load for nothing
from daemon.whatsapp import go_library  # noqa: F401

# isort: split
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import Message

from daemon.domain.ids import Address
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Quoted
from daemon.whatsapp import quotes

# bytes: with it the votes are encrypted
_SECRET = 32


def card(kind: MessageKind, media: dict[str, Any], quoted: tuple[Quoted, Address] | None = None) -> Message:
    """What our books say of it, as the apps send it. Raises KeyError for a kind that is none of these."""
    message = Message()
    about = _WRITERS[kind](message, media)
    if quoted is not None:
        quotes.fill(about.contextInfo, *quoted)
    return message


def _location(message: Message, media: dict[str, Any]) -> Any:
    about = message.locationMessage
    about.degreesLatitude, about.degreesLongitude = media["lat"], media["lng"]
    if name := media.get("name"):
        about.name = name
    if address := media.get("address"):
        about.address = address
    return about


def _contact(message: Message, media: dict[str, Any]) -> Any:
    person = media["contacts"][0]
    about = message.contactMessage
    about.displayName = person["name"]
    about.vcard = vcard(person["name"], [(one["number"], one.get("wa")) for one in person["numbers"]])
    return about


def _poll(message: Message, media: dict[str, Any]) -> Any:
    # not pollCreationMessageV3, as newer apps send one with a single choice: the library would call the stanza a
    # text (whatsmeow's getTypeFromMessage), and the apps read this one as well
    about = message.pollCreationMessage
    about.name = media["question"]
    for option in media["options"]:
        about.options.add(optionName=option)
    # 0: as many as one likes
    about.selectableOptionsCount = 0 if media.get("many") else 1
    message.messageContextInfo.messageSecret = secrets.token_bytes(_SECRET)
    return about


def vcard(name: str, numbers: list[tuple[str, str | None]]) -> str:
    """A vCard 3.0 (RFC 2426) with WhatsApp's own parameter: the digits by which the phone finds the chat."""
    shown = _escaped(name)
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"N:;{shown};;;", f"FN:{shown}"]
    for number, digits in numbers:
        known = f";waid={digits}" if digits else ""
        lines.append(f"TEL;type=CELL{known}:{number}")
    return "\n".join([*lines, "END:VCARD"])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


_WRITERS: dict[MessageKind, Callable[[Message, dict[str, Any]], Any]] = {
    MessageKind.LOCATION: _location,
    MessageKind.CONTACT: _contact,
    MessageKind.POLL: _poll,
}
