"""Aware UTC everywhere inside; the shop's time zone only at the edge."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The current moment as an aware UTC datetime."""
    return datetime.now(UTC)


def from_unix(seconds: int | float) -> datetime:
    """Seconds since 1970 (WhatsApp's resolution is one second) as aware UTC; absurd values become 1970."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
