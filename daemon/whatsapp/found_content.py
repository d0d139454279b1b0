"""What a reader has found in a waE2E.Message, and the gate for its details."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from daemon.domain.message_kinds import MessageKind
from daemon.whatsapp import wire_text

Media = dict[str, Any]

# of one card; WhatsApp's apps allow 12 options of a poll, ten rows of a list
MOST_LINES = 100
# characters: an option or a title, a description
LONGEST_LINE, LONGEST_PASSAGE = 300, 4_000


@dataclass(frozen=True, slots=True)
class Content:
    """A kind, the text or caption, and what is shown of an attachment or a card without downloading it."""

    kind: MessageKind
    text: str | None = None
    media: Media = field(default_factory=dict)
    is_cut: bool = False


def line(value: str | bytes) -> str:
    """A title, an option, an address: one line."""
    return wire_text.line(value, LONGEST_LINE)


def lines(values: Iterable[str | bytes], most: int = MOST_LINES) -> list[str]:
    """Several of them, without those that say nothing."""
    return [found for value in islice(values, most) if (found := line(value))]


def passage(value: str | bytes) -> str:
    """A description: some paragraphs."""
    return wire_text.passage(value, LONGEST_PASSAGE)


def place(value: Any) -> Media:
    """Where a message with degrees points to, by `lat` and `lng`; nothing if that is nowhere."""
    if not (value.HasField("degreesLatitude") or value.HasField("degreesLongitude")):
        return {}
    lat = wire_text.degrees(value.degreesLatitude, 90)
    lng = wire_text.degrees(value.degreesLongitude, 180)
    return {"lat": lat, "lng": lng} if lat is not None and lng is not None else {}


def amount(thousandths: int, currency: str | bytes) -> Media:
    """What something costs, by `amount` and `currency` (three letters); nothing without both."""
    code = wire_text.word(currency, 3)
    if not thousandths or len(code) != 3 or not code.isalpha():
        return {}
    return {"amount": wire_text.number(thousandths) / 1000, "currency": code.upper()}


def known(**details: Any) -> Media:
    """Those details of which there is something to say."""
    return {name: value for name, value in details.items() if value not in ("", None, False, 0, [])}
