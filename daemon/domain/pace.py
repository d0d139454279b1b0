"""How often something may be done that WhatsApp bans numbers for: so many times a minute, an hour, a day.

WhatsApp publishes no figures for linked devices. Its paid interface lets a business that has proved nothing begin
250 conversations a day ("messaging limits" of its Business Platform); what is known of bans begins far below that,
with new numbers and with words that people report. The usual values are a tenth of it, and a quarter of that in a
number's first week.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

# a number is new for so long after it was linked
FIRST_WEEK = timedelta(days=7)
MOST = 100_000


class Paced(StrEnum):
    """What is counted."""

    # the first message to somebody who never wrote
    FIRST_WORDS = "first_words"
    NUMBER_CHECK = "number_check"
    PROFILE_PICTURE = "profile_picture"
    BLOCK = "block"


class TooFast(Exception):
    """It has been done as often as it may be; `until` says when it may be again."""

    def __init__(self, until: datetime) -> None:
        super().__init__("done too often")
        self.until = until


@dataclass(frozen=True, slots=True)
class Pace:
    """So many times at most in any minute, hour and day."""

    minute: int
    hour: int
    day: int

    @property
    def spans(self) -> tuple[tuple[timedelta, int], ...]:
        """Each span of time with what fits into it."""
        return (
            (timedelta(minutes=1), self.minute),
            (timedelta(hours=1), self.hour),
            (timedelta(days=1), self.day),
        )

    def __str__(self) -> str:
        return f"{self.minute} {self.hour} {self.day}"

    @classmethod
    def parse(cls, text: str) -> "Pace":
        """Three numbers, none below the one before; raises ValueError."""
        numbers = text.replace(",", " ").split()
        if len(numbers) != 3 or not all(re.fullmatch(r"\d{1,6}", number, re.ASCII) for number in numbers):
            raise ValueError("not three numbers")
        minute, hour, day = map(int, numbers)
        if not 1 <= minute <= hour <= day <= MOST:
            raise ValueError("numbers that do not fit")
        return cls(minute, hour, day)


@dataclass(frozen=True, slots=True)
class Paces:
    """The pace of everything that has one."""

    first_words: Pace = field(default_factory=lambda: Pace(2, 10, 25))
    first_words_new: Pace = field(default_factory=lambda: Pace(1, 3, 6))
    number_checks: Pace = field(default_factory=lambda: Pace(4, 20, 50))

    def of(self, what: Paced, linked_at: datetime | None, now: datetime) -> Pace:
        """The pace of an account that was linked then; what nobody knows counts as new."""
        if what == Paced.NUMBER_CHECK:
            return self.number_checks
        is_new = linked_at is None or now - linked_at < FIRST_WEEK
        return self.first_words_new if is_new else self.first_words
