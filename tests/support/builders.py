"""Small values that tests of every room build: times, customers, events made for ingest."""

from datetime import UTC, datetime, timedelta
from typing import Any

from daemon.domain.ids import Address, Party
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import MessageReceived, Origin

NOON = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """So many seconds after noon in Jakarta."""
    return NOON + timedelta(seconds=seconds)


def day(count: float) -> datetime:
    """So many days after noon in Jakarta."""
    return NOON + timedelta(days=count)


def lid(user: str) -> Party:
    """A customer who is known by LID only."""
    return Party(Address(user, "lid"))


def phone(user: str) -> Party:
    """A customer who is known by phone number only."""
    return Party(Address(user, "s.whatsapp.net"))


def both(lid_user: str, phone_user: str) -> Party:
    """A customer whose message told both of his addresses."""
    return Party(Address(lid_user, "lid"), Address(phone_user, "s.whatsapp.net"))


def group_chat(user: str = "120363") -> Party:
    """A group's chat."""
    return Party(Address(user, "g.us"))


BUDI, RINA = both("551", "62811"), both("552", "62812")
OURSELVES = both("999", "62800")


def arrives(
    wa_id: str, text: str | None = "halo", seconds: float = 0, *, party: Party = BUDI, **more: Any
) -> MessageReceived:
    """A customer's message; without a text it is one that can't be read yet."""
    kind = MessageKind.UNREADABLE if text is None else MessageKind.TEXT
    return MessageReceived(wa_id, Origin(party, False, 0, at(seconds)), kind, text, **more)


def answered(
    wa_id: str, text: str = "sudah kak", seconds: float = 5, *, device: int = 0, **more: Any
) -> MessageReceived:
    """A reply to Budi from one of our own devices; 0 is the phone."""
    return MessageReceived(wa_id, Origin(BUDI, True, device, at(seconds)), MessageKind.TEXT, text, **more)
