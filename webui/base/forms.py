"""Forms read field by field: what is wrong is said beside its field, and nothing typed is lost."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypeVar

from flask_babel import gettext, ngettext

from daemon.desk.replies import check_text
from daemon.domain.field_types import (
    ChoiceField,
    NumberField,
    PositionField,
    SettingField,
    SwitchField,
    TextField,
    TextsField,
)
from daemon.domain.hours import Span, parse_spans
from daemon.domain.map_links import PositionError, parse_position, write_position
from daemon.domain.turns import NotAnswerable

_Word = TypeVar("_Word", bound=str)


def _(text: str) -> str:
    return text


SPAN_ERRORS = {
    "format": _("Write it like 08:00-12:00, 13:00-17:00."),
    "order": _("A time span ends after it begins."),
    "overlap": _("Two time spans overlap."),
}


class Form:
    """Typed values and, by field, the sentence that says what is wrong with each.

    Every reader returns something usable even if the field is wrong; look at `errors` before using any of it.
    """

    def __init__(self, typed: Mapping[str, str]) -> None:
        self.typed = typed
        self.errors: dict[str, str] = {}

    def complain(self, name: str, sentence: str) -> None:
        """Note what is wrong with a field; the first complaint stays."""
        self.errors.setdefault(name, sentence)

    def setting(self, name: str, field: SettingField) -> Any:
        """A setting, as its field says that it is typed."""
        match field:
            case SwitchField():
                return self.checked(name)
            case NumberField(is_optional=True) if not self.typed.get(name, "").strip():
                return None
            case NumberField():
                return self.number(name, field.low, field.high)
            case ChoiceField():
                return self.choice(name, field.options)
            case PositionField():
                return self.position(name)
            case TextField():
                return self.text(name, field.longest)
            case TextsField():
                return self.blocks(name, field.longest, field.most)
        raise TypeError(f"{name} is typed in a form of its own")

    def checked(self, name: str) -> bool:
        """Whether a box was ticked."""
        return bool(self.typed.get(name))

    def number(self, name: str, low: int, high: int) -> int:
        """A whole number within a range."""
        typed = self.typed.get(name, "").strip()
        # int() would take other scripts' digits as well, and spend long on very many
        if typed.isascii() and typed.isdigit() and len(typed) <= 9 and low <= int(typed) <= high:
            return int(typed)
        self.complain(name, gettext("Write a whole number from %(low)d to %(high)d.", low=low, high=high))
        return low

    def choice(self, name: str, options: Iterable[_Word]) -> _Word:
        """One of a few words."""
        known = list(options)
        typed = self.typed.get(name, "")
        if typed not in known:
            self.complain(name, gettext("Choose one of these."))
            return known[0]
        return known[known.index(typed)]

    def text(self, name: str, longest: int, required: bool = False) -> str:
        """What WhatsApp would be given: line ends unified, control characters and outer space gone."""
        try:
            clean = check_text(self.typed.get(name, ""))
        except NotAnswerable as error:
            clean = ""
            if error.reason != "empty":
                self._too_long(name, longest)
        if required and not clean:
            self.complain(name, gettext("Write something first."))
        if len(clean) > longest:
            self._too_long(name, longest)
        return clean

    def position(self, name: str) -> str:
        """A place as degrees, empty if there is none."""
        typed = self.typed.get(name, "").strip()
        try:
            return write_position(*parse_position(typed)) if typed else ""
        except PositionError:
            self.complain(
                name, gettext("Write two numbers like -6.175392, 106.827153, or paste a link from Google Maps.")
            )
            return ""

    def blocks(self, name: str, longest: int, most: int) -> tuple[str, ...]:
        """Several messages, a line of three dashes between two of them; each counts once, empty ones don't."""
        parts = re.split(r"^-{3,}$", self.text(name, 65_536), flags=re.MULTILINE)
        found = tuple(dict.fromkeys(filter(None, (part.strip() for part in parts))))
        if len(found) > most:
            self.complain(name, ngettext("%(num)d message at most.", "%(num)d messages at most.", most))
        if any(len(part) > longest for part in found):
            self._too_long(name, longest)
        return found

    def spans(self, name: str) -> tuple[Span, ...]:
        """Opening hours of one day."""
        typed = self.typed.get(name, "")
        try:
            return parse_spans(typed) if len(typed) <= 200 else _refuse()
        except ValueError as error:
            self.complain(name, gettext(SPAN_ERRORS[str(error)]))
            return ()

    def dates(self, name: str, most: int) -> frozenset[date]:
        """Days, one a line, as 25/12/2026 or 2026-12-25."""
        found = set()
        for line in filter(None, (line.strip() for line in self.text(name, 65_536).split("\n"))):
            day = parse_date(line)
            if day is None:
                shown = line if len(line) <= 20 else line[:20] + "…"
                self.complain(name, gettext("“%(line)s” is no date. Write it like 25/12/2026.", line=shown))
            else:
                found.add(day)
        if len(found) > most:
            self.complain(name, ngettext("%(num)d day at most.", "%(num)d days at most.", most))
        return frozenset(found)

    def _too_long(self, name: str, longest: int) -> None:
        self.complain(name, ngettext("%(num)d character at most.", "%(num)d characters at most.", longest))


def as_typed(value: Any) -> str:
    """A setting's value as its form would have sent it."""
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, tuple):
        return "\n---\n".join(value)
    return "" if value is None else str(value)


def _refuse() -> tuple[Span, ...]:
    raise ValueError("format")


def parse_date(typed: str) -> date | None:
    """A day as people write it: 25/12/2026, 25-12-2026, 25.12.2026 or 2026-12-25; None for anything else."""
    parts = typed.strip().replace("/", "-").replace(".", "-").split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    if len(parts[0]) == 4:
        parts.reverse()
    if len(parts[2]) != 4 or any(len(part) > 2 for part in parts[:2]):
        return None
    try:
        return date(int(parts[2]), int(parts[1]), int(parts[0]))
    except ValueError:
        return None


def write_date(day: date) -> str:
    """The other way round: 25/12/2026."""
    return day.strftime("%d/%m/%Y")
