"""The names and numbers of a vCard (RFC 6350; 2.1 and 3.0 as phones write them), whatever else is in it."""

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass

from daemon.domain.text_cleaning import readable
from daemon.whatsapp import wire_text

# characters that are looked at; a picture comes after what we want, or is left out by WhatsApp
_MOST = 100_000
_MOST_NUMBERS, _LONGEST_NUMBER = 10, 40
_FOLD = re.compile(r"\r?\n[ \t]")
# [group.]NAME[;parameter…]:value
_LINE = re.compile(r"(?:[A-Za-z0-9-]{1,32}\.)?([A-Za-z-]{1,32})((?:;[^:\n]{0,500})?):(.*)")
_WA = re.compile(r";waid=(\d{5,20})(?=;|$)", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)")
_QUOTED_PRINTABLE = re.compile(r";(?:encoding=)?quoted-printable(?=;|$)", re.IGNORECASE)
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Card:
    """A name, and numbers as they were written (`number`), with WhatsApp's digits (`wa`) where they are told."""

    name: str
    numbers: tuple[dict[str, str], ...]


def parse(text: str | bytes) -> Card:
    """What a card says; nothing of what can't be read."""
    name, structured = "", ""
    numbers: list[dict[str, str]] = []
    for kind, parameters, value in _entries(text):
        if kind == "FN":
            name = name or wire_text.name(_plain(value))
        elif kind == "N":
            # family; given; …
            parts = [part.strip() for part in re.split(r"(?<!\\);", value)]
            structured = structured or wire_text.name(_plain(" ".join([*parts[1:2], *parts[:1]])))
        elif kind == "TEL" and len(numbers) < _MOST_NUMBERS and (found := _number(parameters, value)):
            numbers += [found] if found not in numbers else []
    return Card(name or structured, tuple(numbers))


def _entries(text: str | bytes) -> Iterator[tuple[str, str, str]]:
    for line in _FOLD.sub("", readable(text[:_MOST])).split("\n"):
        if found := _LINE.fullmatch(line.strip()):
            kind, parameters, value = found.groups()
            if _QUOTED_PRINTABLE.search(parameters):
                value = quopri.decodestring(value.encode()).decode(errors="replace")
            yield kind.upper(), parameters, value


def _number(parameters: str, value: str) -> dict[str, str]:
    written = wire_text.line(_plain(value).removeprefix("tel:"), _LONGEST_NUMBER)
    found = {"number": written} if _DIGIT.search(written) else {}
    if on_whatsapp := _WA.search(parameters):
        found = {"number": written or on_whatsapp[1], "wa": on_whatsapp[1]}
    return found


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], value)
