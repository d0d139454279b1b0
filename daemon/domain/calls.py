"""Calls: Balas can't take one, but it knows who rang and whether somebody has answered."""

from datetime import timedelta
from enum import StrEnum

# WhatsApp's apps ring for about a minute; whoever has not been told of an end by then never will be
RINGS_FOR = timedelta(seconds=90)


class CallStep(StrEnum):
    """What happened to a call, as far as WhatsApp tells a linked device."""

    OFFERED = "offered"
    ANSWERED = "answered"
    # nobody rings any more: answered before, or never
    ENDED = "ended"


class CallState(StrEnum):
    """Where a call stands."""

    RINGING = "ringing"
    ANSWERED = "answered"
    MISSED = "missed"


def wa_id_of(call_id: str) -> str:
    """What stands for a message's id in the line about a call."""
    return f"call={call_id}"[:64]
