"""Aware UTC everywhere inside; the shop's time zone only at the edge."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

# nobody wrote by WhatsApp before; and no clock that is just not set is wrong by more
WHATSAPP_BEGAN, LARGEST_LEAD = datetime(2009, 1, 1, tzinfo=UTC), timedelta(days=1)


def utc_now() -> datetime:
    """The current moment as an aware UTC datetime."""
    return datetime.now(UTC)


def since_boot() -> float:
    """Seconds on a clock that nobody sets and that goes on while the computer sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def from_unix(seconds: int | float) -> datetime:
    """Seconds since 1970 (WhatsApp's resolution is one second) as aware UTC; absurd values become 1970."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def believable(at: datetime, now: datetime) -> datetime:
    """A time that others told, or `now` if it can't be true: a day ahead it would lead all lists for ever."""
    return at if WHATSAPP_BEGAN <= at <= now + LARGEST_LEAD else now
