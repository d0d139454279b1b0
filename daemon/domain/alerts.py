"""When somebody outside is told that something is wrong: once a state, daily while it lasts, and when it ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from daemon.domain.field_types import NumberField, SettingField, setting_fields
from daemon.domain.hours import DAY
from daemon.domain.primary_phone import ALERTED, ORDER

MINUTE = timedelta(minutes=1)
REMIND_EVERY = timedelta(days=1)
# the times that run (waiting, having been well) are written down this often; a longer gap does not count
SEEN_EVERY, GAP = MINUTE, 3 * MINUTE


def _(text: str) -> str:
    """Mark a text for translation."""
    return text


class About(StrEnum):
    """What an alert is about; at most one alert about each is open."""

    LINK = "link"
    PHONE = "phone"
    WAITING = "waiting"
    BACKUP = "backup"
    DISK = "disk"
    MEDIA = "media"
    INBOX = "inbox"


class AlertKind(StrEnum):
    """What the owner can switch off."""

    UNLINKED = "unlinked"
    BANNED = "banned"
    REPLACED = "replaced"
    OUTDATED = "outdated"
    DOWN = "down"
    PHONE = "phone"
    WAITING = "waiting"
    BACKUP = "backup"
    DISK = "disk"
    MEDIA = "media"
    INBOX = "inbox"


@dataclass(frozen=True, slots=True)
class AlertRule:
    """How bad a step is; how long it lasts before it is told, and how long it has to be over before that is."""

    level: int
    after: timedelta = timedelta(0)
    settle: timedelta = timedelta(0)


# Every step of every alert, by what it is about. A link that comes and goes is one story, so its end takes time;
# an account that is linked again was linked by a person.
RULES: dict[tuple[About, str], AlertRule] = {
    (About.LINK, "down"): AlertRule(1, settle=10 * MINUTE),
    (About.LINK, "replaced"): AlertRule(2, settle=10 * MINUTE),
    (About.LINK, "outdated"): AlertRule(2, settle=10 * MINUTE),
    (About.LINK, "banned"): AlertRule(2, settle=10 * MINUTE),
    (About.LINK, "unlinked"): AlertRule(3),
    **{(About.PHONE, step.value): AlertRule(ORDER.index(step)) for step in ORDER if step in ALERTED},
    (About.WAITING, "long"): AlertRule(1, settle=30 * MINUTE),
    (About.BACKUP, "failed"): AlertRule(1),
    (About.BACKUP, "old"): AlertRule(2),
    (About.DISK, "low"): AlertRule(1, settle=10 * MINUTE),
    (About.DISK, "full"): AlertRule(2, settle=10 * MINUTE),
    (About.MEDIA, "full"): AlertRule(1, settle=10 * MINUTE),
    (About.INBOX, "silent"): AlertRule(1, after=2 * MINUTE, settle=5 * MINUTE),
}


def kind_of(about: About, step: str) -> AlertKind:
    """Under which name the owner knows a step."""
    return AlertKind(step if about == About.LINK else about.value)


@dataclass(frozen=True, slots=True)
class AlertChoices:
    """What the owner wants to hear of; minutes, `waiting_after` None for never."""

    down_after: Annotated[int, NumberField(_("Connection is gone for"), 1, DAY, _("minutes"))] = 10
    waiting_after: Annotated[
        int | None, NumberField(_("Customers wait for"), 1, DAY, _("minutes"), is_optional=True)
    ] = 30
    unwanted: Annotated[frozenset[AlertKind], SettingField(_("What alerts are about"))] = frozenset()


FIELDS = setting_fields(AlertChoices)


class Look(StrEnum):
    """What a look says of something that is not wrong; STILL: whatever was wrong goes on, UNKNOWN: wait."""

    WELL = "well"
    STILL = "still"
    UNKNOWN = "unknown"
    # nobody needs to be told that it is over
    MOOT = "moot"


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something is wrong; `details` is what its sentences need, as plain JSON values (none: as known before)."""

    step: str
    details: Mapping[str, str | int | None] = field(default_factory=dict)


AlertVerdict = Wrong | Look


class News(StrEnum):
    """What somebody outside is told."""

    RAISED = "raised"
    AGAIN = "again"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Alert:
    """One state that is wrong: not told yet (`raised_at` None), told, or over (`cleared_at`)."""

    about: About
    step: str
    details: Mapping[str, str | int | None]
    since: datetime
    # when it was last looked at while a time was running
    seen_at: datetime
    raised_at: datetime | None = None
    reminded_at: datetime | None = None
    well_since: datetime | None = None
    cleared_at: datetime | None = None

    @property
    def rule(self) -> AlertRule:
        return RULES[self.about, self.step]


def follow(
    about: About, alert: Alert | None, verdict: AlertVerdict, now: datetime, choices: AlertChoices
) -> tuple[Alert | None, News | None]:
    """One look: the alert as it is after it (None: nothing to remember), and what is to be told.

    Whatever was not watched, because nothing ran or because the clock jumped, counts for no time that runs.
    """
    if alert is None:
        if not isinstance(verdict, Wrong):
            return None, None
        alert = Alert(about, verdict.step, verdict.details, now, now)
    else:
        alert = _without_gap(alert, now)
    told = alert.raised_at is not None
    if verdict == Look.MOOT or (told and kind_of(about, alert.step) in choices.unwanted):
        return (replace(alert, cleared_at=now) if told else None), None
    if isinstance(verdict, Wrong):
        return _wrong(alert, verdict, now, choices)
    if verdict == Look.WELL:
        return _well(alert, now, choices)
    if verdict == Look.STILL and _reminder_is_due(alert, now):
        return replace(alert, reminded_at=now, seen_at=now), News.AGAIN
    return alert, None


def _wrong(alert: Alert, found: Wrong, now: datetime, choices: AlertChoices) -> tuple[Alert, News | None]:
    alert = replace(alert, well_since=None)
    known = alert.details if found.step == alert.step else {}
    present = replace(alert, step=found.step, details=found.details or known)
    if alert.raised_at is None:
        if now - alert.since < _after(present, choices):
            return present, None
        return replace(present, raised_at=now, seen_at=now), News.RAISED
    worse = present.rule.level > alert.rule.level
    if worse or (present.rule.level == alert.rule.level and present.step != alert.step):
        return replace(present, since=now, raised_at=now, reminded_at=None, seen_at=now), News.RAISED
    if _reminder_is_due(alert, now):
        # it may have become less bad meanwhile: the reminder says how it is today
        return replace(present, reminded_at=now, seen_at=now), News.AGAIN
    return alert, None


def _well(alert: Alert, now: datetime, choices: AlertChoices) -> tuple[Alert | None, News | None]:
    told = alert.raised_at is not None
    settle = alert.rule.settle if told else min(alert.rule.settle, _after(alert, choices))
    since = alert.well_since or now
    if now - since < settle:
        return replace(alert, well_since=since, seen_at=alert.seen_at if alert.well_since else now), None
    if not told:
        return None, None
    return replace(alert, well_since=since, cleared_at=now, seen_at=now), News.CLEARED


def _after(alert: Alert, choices: AlertChoices) -> timedelta:
    return choices.down_after * MINUTE if alert.step == "down" else alert.rule.after


def _reminder_is_due(alert: Alert, now: datetime) -> bool:
    last = alert.reminded_at or alert.raised_at
    # a clock that went back must not silence it for ever
    return last is not None and abs(now - last) >= REMIND_EVERY


def _without_gap(alert: Alert, now: datetime) -> Alert:
    """The alert with its running times moved over a time in which nobody looked; seen now, if one runs."""
    if alert.raised_at is not None and alert.well_since is None:
        return alert
    passed = now - alert.seen_at
    if timedelta(0) <= passed <= GAP:
        return replace(alert, seen_at=now) if passed >= SEEN_EVERY else alert
    return replace(
        alert,
        since=alert.since if alert.raised_at else alert.since + passed,
        well_since=alert.well_since + passed if alert.well_since else None,
        seen_at=now,
    )
