"""How long the shop's phone was away, and what that means: WhatsApp ends a link after fourteen days without it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from daemon.domain.links import LinkReason


class PhoneStep(StrEnum):
    """How serious it is, from bottom to top; each has its sentences in `domain.sentences.phone`."""

    FINE = "fine"
    QUIET = "quiet"
    ASK = "ask"
    WARN = "warn"
    URGENT = "urgent"
    PAST = "past"


ORDER = tuple(PhoneStep)
# the phone is asked for a sign of life
ASKING = {PhoneStep.ASK, PhoneStep.WARN, PhoneStep.URGENT, PhoneStep.PAST}
# the owner is told wherever his alerts go
ALERTED = {PhoneStep.QUIET, *ASKING}
# the whole team is told
ALARMING = {PhoneStep.WARN, PhoneStep.URGENT, PhoneStep.PAST}

PING_EVERY = timedelta(days=1)
# a gap this long in our own listening starts a new stretch of it
DEAF_AFTER = timedelta(days=1)
# after such a gap the phone gets so long to answer before anybody is alarmed
HEARING_AGAIN = timedelta(days=1)
# WhatsApp may count from a contact with the phone that we did not see, and clocks differ
SLACK = timedelta(hours=6)


class SightingKind(StrEnum):
    """By what the phone was seen."""

    LINKED = "linked"
    MESSAGE = "message"
    RECEIPT = "receipt"
    READ = "read"
    PEER = "peer"
    HISTORY = "history"


@dataclass(frozen=True, slots=True)
class Sighting:
    """The phone was alive at `at`, which is WhatsApp's own time of what it did."""

    kind: SightingKind
    at: datetime


@dataclass(frozen=True, slots=True)
class PhoneLimits:
    """Days without the phone at which each step begins; `past` is when WhatsApp ends the link."""

    quiet: float = 7.0
    ask: float = 10.0
    warn: float = 12.0
    urgent: float = 13.0
    past: float = 14.0

    def __post_init__(self) -> None:
        days = [self.quiet, self.ask, self.warn, self.urgent, self.past]
        if days[0] <= 0 or any(a >= b for a, b in pairwise(days)):
            raise ValueError("the steps should begin one after the other")

    def begin(self) -> list[tuple[PhoneStep, timedelta]]:
        """Each step above FINE with the time without the phone at which it begins, lowest first."""
        days = (self.quiet, self.ask, self.warn, self.urgent, self.past)
        return [(found, timedelta(days=count)) for found, count in zip(ORDER[1:], days, strict=True)]


def unseen(last_seen: datetime | None, linked_at: datetime | None, now: datetime) -> timedelta:
    """How long the phone was not seen; linking it was a sighting, and what lies in the future is now.

    A phone of which nothing at all is known counts as seen.
    """
    known = [at for at in (last_seen, linked_at) if at is not None]
    return max(now - max(known), timedelta(0)) if known else timedelta(0)


def step(
    last_seen: datetime | None,
    linked_at: datetime | None,
    now: datetime,
    limits: PhoneLimits,
    listening_since: datetime | None = None,
) -> PhoneStep:
    """The step that so long a silence of the phone means.

    `listening_since` is when our own present stretch of being online began: after a long gap the phone may have
    been there without our noticing, so that it is asked first, and the alarm waits.
    """
    silence = unseen(last_seen, linked_at, now)
    found = PhoneStep.FINE
    for one, begins in limits.begin():
        if silence >= begins:
            found = one
    if (
        found in ALARMING
        and listening_since is not None
        and last_seen_before(last_seen, linked_at, listening_since)
    ):
        heard_for = now - listening_since
        if timedelta(0) <= heard_for < HEARING_AGAIN:
            return PhoneStep.ASK
    return found


def last_seen_before(last_seen: datetime | None, linked_at: datetime | None, at: datetime) -> bool:
    """Whether the last sighting lies more than a day before `at`: we were away in between."""
    known = [one for one in (last_seen, linked_at) if one is not None]
    return bool(known) and at - max(known) > DEAF_AFTER


def ping_is_due(present: PhoneStep, pinged_at: datetime | None, now: datetime) -> bool:
    """Whether the phone is to be asked for a sign of life: at most once a day, whatever the clock does."""
    return present in ASKING and (pinged_at is None or abs(now - pinged_at) >= PING_EVERY)


def is_back(before: PhoneStep, after: PhoneStep) -> bool:
    """Whether a phone that was missed is there again."""
    return before in ASKING and after == PhoneStep.FINE


def why_unlinked(
    last_seen: datetime | None,
    linked_at: datetime | None,
    heard_at: datetime | None,
    now: datetime,
    limits: PhoneLimits,
) -> LinkReason:
    """What ended a link that WhatsApp ended with 401, as far as the last sighting can tell.

    The code is the same for a person who removed us on the phone and for fourteen days without the phone.
    `heard_at` is when we were last online. Both are possible if we were away ourselves; then nobody can tell.
    """
    silence = unseen(last_seen, linked_at, now)
    past, warn = timedelta(days=limits.past) - SLACK, timedelta(days=limits.warn)
    if silence < past:
        return LinkReason.UNLINKED_BY_PHONE
    if heard_at is not None and unseen(last_seen, linked_at, heard_at) >= warn:
        return LinkReason.PHONE_AWAY
    return LinkReason.UNLINKED_UNSEEN
