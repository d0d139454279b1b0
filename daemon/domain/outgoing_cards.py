"""A place, somebody's number, a question: what is sent besides words and files, as it is kept and shown.

`media` has the keys that what comes has (`daemon.whatsapp.content_cards`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from daemon.domain.message_kinds import MessageKind
from daemon.domain.phone_numbers import format_phone
from daemon.domain.text_cleaning import one_line

# characters; WhatsApp's apps allow about as much
LONGEST_PLACE, LONGEST_ADDRESS, LONGEST_PERSON = 100, 250, 100
LONGEST_QUESTION, LONGEST_OPTION = 255, 100
FEWEST_OPTIONS, MOST_OPTIONS = 2, 12

CARDS = frozenset({MessageKind.LOCATION, MessageKind.CONTACT, MessageKind.POLL})


class CardError(ValueError):
    """A card can't be sent so: `field` is wrong, and `reason` says how (`empty`, `too_long`, `twice`, …)."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class OutgoingCard:
    """What a message holds instead of words or a file; `text` stands in lists and is searched."""

    kind: MessageKind
    text: str | None
    media: dict[str, Any] = field(repr=False)


def place(lat: float, lng: float, name: str = "", address: str = "") -> OutgoingCard:
    """A place in degrees (`map_links.parse_position`). Raises CardError."""
    name, address = _line("name", name, LONGEST_PLACE), _line("address", address, LONGEST_ADDRESS)
    if not (abs(lat) <= 90 and abs(lng) <= 180):
        raise CardError("position", "nowhere")
    about = {"lat": lat, "lng": lng, "name": name, "address": address}
    return OutgoingCard(MessageKind.LOCATION, name or address or None, _known(about))


def contact(name: str, digits: str) -> OutgoingCard:
    """Somebody with a number (`phone_numbers.parse_phone`). Raises CardError."""
    name = _line("name", name, LONGEST_PERSON) or format_phone(digits)
    number = {"number": format_phone(digits), "wa": digits}
    return OutgoingCard(MessageKind.CONTACT, name, {"contacts": [{"name": name, "numbers": [number]}]})


def poll(question: str, options: Sequence[str], *, many: bool) -> OutgoingCard:
    """A question with answers to choose from; empty ones don't count. Raises CardError."""
    question = _line("question", question, LONGEST_QUESTION)
    if not question:
        raise CardError("question", "empty")
    answers = [option for one in options if (option := _line("options", one, LONGEST_OPTION))]
    if len(set(answers)) < len(answers):
        # a vote is the sum of its words: nobody could tell which is meant
        raise CardError("options", "twice")
    if len(answers) < FEWEST_OPTIONS:
        raise CardError("options", "too_few")
    if len(answers) > MOST_OPTIONS:
        raise CardError("options", "too_many")
    text = "\n".join([question, *(f"• {option}" for option in answers)])
    return OutgoingCard(MessageKind.POLL, text, {"question": question, "options": answers, "many": many})


def again(kind: MessageKind, text: str | None, media: dict[str, Any] | None) -> OutgoingCard | None:
    """The card of a message that was sent before; None if it had none."""
    return OutgoingCard(kind, text, media) if kind in CARDS and media else None


def _line(field: str, text: str, longest: int) -> str:
    line = one_line(text)
    if len(line) > longest:
        raise CardError(field, "too_long")
    return line


def _known(about: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in about.items() if value not in ("", None)}
