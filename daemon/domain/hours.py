"""When the shop is open: several spans a weekday, holidays, all in the shop's own time zone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

DAY = 24 * 60
# How far ahead an opening is looked for; a shop that is closed for longer has no next opening.
LOOK_AHEAD_DAYS = 400


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From one minute of the day to another (0 to 1440), the second not included."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hours:
    """Seven lists of spans, Monday first, and the days on which none of them counts.

    A shop that has said nothing about its hours (`week` empty) is always open but on holidays.
    """

    week: tuple[tuple[Span, ...], ...] = ()
    holidays: frozenset[date] = field(default_factory=frozenset)

    def spans(self, day: date) -> tuple[Span, ...]:
        """The opening spans of a day."""
        if day in self.holidays:
            return ()
        return self.week[day.weekday()] if self.week else (Span(0, DAY),)

    def is_open(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether the shop is open at a moment."""
        return any(start <= at < end for start, end in self._around(at, zone))

    def next_opening(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """When the shop opens next (`at` itself if it is open); None if it does not within a year."""
        first = at.astimezone(zone).date()
        for days in range(LOOK_AHEAD_DAYS):
            for start, end in self._of(first + timedelta(days=days), zone):
                if end > at:
                    return max(start, at)
        return None

    def open_time(self, since: datetime, until: datetime, zone: ZoneInfo) -> timedelta:
        """How much of the time between two moments the shop was open."""
        total = timedelta(0)
        day, last = since.astimezone(zone).date(), until.astimezone(zone).date()
        while day <= last:
            for start, end in self._of(day, zone):
                total += max(timedelta(0), min(end, until) - max(start, since))
            day += timedelta(days=1)
        return total

    def open_since(
        self, length: timedelta, until: datetime, zone: ZoneInfo, earliest: datetime
    ) -> datetime | None:
        """Since when the shop was open for `length`, up to `until`; None if that is before `earliest`."""
        day, first = until.astimezone(zone).date(), earliest.astimezone(zone).date()
        while day >= first:
            for start, end in sorted(self._of(day, zone), reverse=True):
                open_for = min(end, until) - max(start, earliest)
                if open_for >= length:
                    return min(end, until) - length
                length -= max(timedelta(0), open_for)
            day -= timedelta(days=1)
        return None

    def _around(self, at: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
        return self._of(at.astimezone(zone).date(), zone)

    def _of(self, day: date, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
        for span in self.spans(day):
            yield _moment(day, span.start, zone), _moment(day, span.end, zone)

    def to_json(self) -> dict[str, object]:
        """The same as plain lists; `from_json` reads it back."""
        return {
            "week": [[[span.start, span.end] for span in spans] for spans in self.week],
            "holidays": sorted(day.isoformat() for day in self.holidays),
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Sequence[object]]) -> "Hours":
        """Hours as `to_json` wrote them."""
        week = tuple(tuple(Span(*pair) for pair in spans) for spans in given.get("week", ()))  # type: ignore[attr-defined]
        return cls(week, frozenset(date.fromisoformat(str(day)) for day in given.get("holidays", ())))


def _moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """A minute of a local day as UTC; 1440 is the next midnight."""
    if minute == DAY:
        day, minute = day + timedelta(days=1), 0
    return datetime.combine(day, time(minute // 60, minute % 60), zone).astimezone(UTC)


def parse_spans(text: str) -> tuple[Span, ...]:
    """Spans as people write them: "08:00-12:00, 13.30–17:00"; empty for a closed day.

    Raises ValueError with one of the words `format`, `order`, `overlap`.
    """
    spans = []
    for part in filter(None, (p.strip() for p in text.replace(";", ",").split(","))):
        ends = [end.strip() for end in part.replace("–", "-").replace("—", "-").split("-")]
        if len(ends) != 2:
            raise ValueError("format")
        start, end = (_minute(end) for end in ends)
        if start >= end:
            raise ValueError("order")
        spans.append(Span(start, end))
    spans.sort()
    if any(a.end > b.start for a, b in pairwise(spans)):
        raise ValueError("overlap")
    return tuple(spans)


def _minute(text: str) -> int:
    hour, _, minute = text.replace(".", ":").partition(":")
    if not (hour.isascii() and hour.isdigit() and len(hour) <= 2) or (
        minute and not (minute.isascii() and minute.isdigit() and len(minute) == 2)
    ):
        raise ValueError("format")
    value = int(hour) * 60 + int(minute or 0)
    if value > DAY or int(minute or 0) > 59:
        raise ValueError("format")
    return value


def write_spans(spans: Sequence[Span]) -> str:
    """The other way round: "08:00-12:00, 13:30-17:00"."""
    return ", ".join(f"{_clock(span.start)}-{_clock(span.end)}" for span in spans)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
