"""What `balas doctor` finds: one line and, where something is to be done, one remedy."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How it is with one thing; only `wrong` makes the command fail."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    check: str
    health: Health
    line: str
    remedy: str = ""


def ok(check: str, line: str) -> Finding:
    """All is well."""
    return Finding(check, Health.OK, line)


def note(check: str, line: str, remedy: str) -> Finding:
    """Worth knowing; Balas works."""
    return Finding(check, Health.NOTE, line, remedy)


def wrong(check: str, line: str, remedy: str) -> Finding:
    """Balas doesn't work, or not for long."""
    return Finding(check, Health.WRONG, line, remedy)
