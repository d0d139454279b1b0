"""What is wrong now, read from facts: of each account its link, phone and customers, of the computer the rest."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.domain.alerts import About, AlertChoices, AlertVerdict, Look, Wrong, kind_of
from daemon.domain.disk_space import ALERTED_BELOW, FINE_FROM, MB
from daemon.domain.links import LinkReason, LinkState
from daemon.domain.primary_phone import ALERTED, PhoneStep

BACKUP_TOO_OLD = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """One account as it stands; `waiting` counts customers who wait too long, None while the shop is closed."""

    state: LinkState
    reason: LinkReason = LinkReason.NONE
    is_linked: bool = True
    until: datetime | None = None
    phone_step: PhoneStep = PhoneStep.FINE
    phone_seen_at: datetime | None = None
    phone_seen_by: str | None = None
    waiting: int | None = 0


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """How the last backup went (None: well, or there was none yet), and how long ago one last succeeded.

    `age` is None as long as a backup that is due may still be on its way.
    """

    reason: str | None
    age: timedelta | None


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """What all accounts share: backups (None: nobody wants any), free bytes, and the inbox.

    `waiting_files` counts attachments that are not fetched for want of room.
    """

    backup: BackupFacts | None
    free: int
    has_stopped_receiving: bool
    inbox_answers: bool
    waiting_files: int = 0


_TRYING = {LinkState.CONNECTING, LinkState.STOPPED}
_PAIRING = {LinkState.UNLINKED, LinkState.PAIRING, LinkState.LINKING}


def judge_account(facts: AccountFacts, choices: AlertChoices) -> dict[About, AlertVerdict]:
    """What is to be said of an account: its link, its phone, its customers."""
    found = {About.LINK: _link(facts), About.PHONE: _phone(facts), About.WAITING: _waiting(facts, choices)}
    return {about: _wanted(about, verdict, choices) for about, verdict in found.items()}


def judge_machine(facts: MachineFacts, choices: AlertChoices) -> dict[About, AlertVerdict]:
    """What is to be said of the computer: backups, disk, attachments, inbox."""
    found = {
        About.BACKUP: _backup(facts.backup),
        About.DISK: _disk(facts),
        About.MEDIA: Wrong("full", {"count": facts.waiting_files}) if facts.waiting_files else Look.WELL,
        About.INBOX: Look.WELL if facts.inbox_answers else Wrong("silent"),
    }
    return {about: _wanted(about, verdict, choices) for about, verdict in found.items()}


def _wanted(about: About, verdict: AlertVerdict, choices: AlertChoices) -> AlertVerdict:
    if isinstance(verdict, Wrong) and kind_of(about, verdict.step) in choices.unwanted:
        return Look.UNKNOWN
    return verdict


def _link(facts: AccountFacts) -> AlertVerdict:
    details = {"state": facts.state.value, "reason": facts.reason.value}
    match facts.state:
        case LinkState.LOGGED_OUT | LinkState.UNLINKED if facts.reason == LinkReason.UNLINKED_HERE:
            return Look.MOOT
        case LinkState.LOGGED_OUT:
            blocked = facts.reason == LinkReason.ACCOUNT_BLOCKED
            return Wrong("banned" if blocked else "unlinked", details)
        case LinkState.BANNED:
            return Wrong("banned", details | {"until": facts.until.isoformat() if facts.until else None})
        case LinkState.OUTDATED | LinkState.REPLACED:
            return Wrong(facts.state.value, details)
        case LinkState.ONLINE:
            return Look.WELL
        case LinkState.CATCHING_UP:
            return Look.UNKNOWN
    if facts.state in _PAIRING or not facts.is_linked:
        return Look.STILL
    if facts.reason == LinkReason.DISK_FULL:
        # told as what it is: the disk
        return Look.UNKNOWN
    # an attempt says nothing about why the one before failed
    return Wrong("down", {} if facts.state in _TRYING else details)


def _phone(facts: AccountFacts) -> AlertVerdict:
    if not facts.is_linked or facts.state == LinkState.LOGGED_OUT or facts.state in _PAIRING:
        return Look.MOOT
    if facts.phone_step in ALERTED:
        seen_at = facts.phone_seen_at.isoformat() if facts.phone_seen_at else None
        return Wrong(facts.phone_step.value, {"seen_at": seen_at, "seen_by": facts.phone_seen_by})
    return Look.WELL


def _waiting(facts: AccountFacts, choices: AlertChoices) -> AlertVerdict:
    if choices.waiting_after is None:
        return Look.MOOT
    if facts.waiting is None:
        return Look.UNKNOWN
    if facts.waiting:
        return Wrong("long", {"count": facts.waiting, "minutes": choices.waiting_after})
    return Look.WELL


def _backup(facts: BackupFacts | None) -> AlertVerdict:
    if facts is None:
        return Look.MOOT
    if facts.age is not None and facts.age >= BACKUP_TOO_OLD:
        return Wrong("old", {"days": facts.age.days, "reason": facts.reason})
    if facts.reason is not None:
        return Wrong("failed", {"reason": facts.reason})
    return Look.WELL if facts.age is not None else Look.UNKNOWN


def _disk(facts: MachineFacts) -> AlertVerdict:
    details = {"free": facts.free // MB}
    if facts.has_stopped_receiving:
        return Wrong("full", details)
    if facts.free < ALERTED_BELOW:
        return Wrong("low", details)
    return Look.WELL if facts.free >= FINE_FROM else Look.UNKNOWN
