"""Rows of the alerts outside the inbox: what is wrong, what is on its way, what the owner chose."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from daemon.domain.alerts import About, Alert, AlertChoices, AlertKind
from daemon.store.sql import changed, upsert
from daemon.store.tables.alerts import alert, alert_channel, alert_choice, alert_delivery

# the account of what concerns the whole computer
MACHINE = None


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that is not over, with its row and whose it is."""

    id: int
    account_id: int | None
    alert: Alert


_FIELDS = tuple(name for name in Alert.__dataclass_fields__ if name != "about")


def unfinished(conn: Connection) -> list[OpenAlert]:
    """Every alert that is not over, told or not, oldest first."""
    rows = conn.execute(select(alert).where(alert.c.cleared_at.is_(None)).order_by(alert.c.id))
    return [_open(row) for row in rows]


def _open(row: Row[*tuple[Any, ...]]) -> OpenAlert:
    values = {name: row._mapping[name] for name in _FIELDS}
    return OpenAlert(row.id, row.account_id, Alert(About(row.about), **values))


def keep(conn: Connection, account_id: int | None, alert_id: int | None, found: Alert) -> int:
    """Write an alert as it is now, into its row if it has one; returns the row's id."""
    values = {name: getattr(found, name) for name in _FIELDS}
    values |= {"account_id": account_id, "about": found.about.value, "level": found.rule.level}
    values["details"] = dict(found.details)
    if alert_id is None:
        return int(conn.execute(insert(alert).values(values).returning(alert.c.id)).scalar_one())
    conn.execute(update(alert).where(alert.c.id == alert_id).values(values))
    return alert_id


def drop(conn: Connection, alert_id: int) -> None:
    """Forget an alert that nobody was told of."""
    conn.execute(delete(alert).where(alert.c.id == alert_id))


def choices(conn: Connection) -> AlertChoices:
    """What the owner wants to hear of; what was never chosen has its default."""
    found = {row.name: row.value for row in conn.execute(select(alert_choice.c.name, alert_choice.c.value))}
    known = set(AlertKind)
    unwanted = frozenset(AlertKind(word) for word in found.pop("unwanted", ()) if word in known)
    return AlertChoices(unwanted=unwanted, **{name: value for name, value in found.items() if name in _CHOICES})


_CHOICES = frozenset(AlertChoices.__dataclass_fields__) - {"unwanted"}


def choose(conn: Connection, chosen: AlertChoices) -> None:
    """Keep what the owner wants to hear of."""
    values: dict[str, Any] = {name: getattr(chosen, name) for name in _CHOICES}
    values["unwanted"] = sorted(kind.value for kind in chosen.unwanted)
    for name, value in values.items():
        conn.execute(upsert(alert_choice, {"name": name}, {"value": value}))


def prune(conn: Connection, before: datetime) -> int:
    """Forget alerts that were over, and tests that were made, before a moment; returns how many rows went."""
    old = conn.execute(delete(alert).where(alert.c.cleared_at < before)).rowcount
    tests = (
        alert_delivery.c.alert_id.is_(None),
        alert_delivery.c.state.in_((SENT, FAILED)),
        alert_delivery.c.at < before,
    )
    return old + conn.execute(delete(alert_delivery).where(*tests)).rowcount


TEST = "test"
DUE, SENDING, SENT, FAILED = "due", "sending", "sent", "failed"


@dataclass(frozen=True, slots=True)
class Channel:
    """Where alerts go. `url` holds secrets: only `shown` may be seen."""

    id: int
    url: str
    service: str
    shown: str
    added_at: datetime
    # failures in a row, and when the next attempt is allowed
    failures: int
    retry_at: datetime | None
    good_at: datetime | None
    failed_at: datetime | None
    failed_why: str | None

    @property
    def is_failing(self) -> bool:
        """Whether the last delivery failed."""
        return self.failures > 0


@dataclass(frozen=True, slots=True)
class AlertPost:
    """One message to one channel."""

    id: int
    channel_id: int
    kind: str
    title: str
    body: str
    at: datetime
    state: str
    attempts: int


class KnownAlready(Exception):
    """Alerts go to this address already."""


_CHANNEL = tuple(alert_channel.c[name] for name in Channel.__dataclass_fields__)
_DELIVERY = tuple(alert_delivery.c[name] for name in AlertPost.__dataclass_fields__)
_waiting = alert_delivery.c.state.in_((DUE, SENDING))


def channels(conn: Connection) -> list[Channel]:
    """All of them, oldest first."""
    return [Channel(*row) for row in conn.execute(select(*_CHANNEL).order_by(alert_channel.c.id))]


def channel(conn: Connection, channel_id: int) -> Channel | None:
    """The channel of that id."""
    row = conn.execute(select(*_CHANNEL).where(alert_channel.c.id == channel_id)).first()
    return Channel(*row) if row else None


def any_failing(conn: Connection) -> bool:
    """Whether the last delivery to some channel failed."""
    found = select(alert_channel.c.id).where(alert_channel.c.failures > 0).limit(1)
    return conn.execute(found).first() is not None


def add_channel(conn: Connection, url: str, service: str, shown: str, now: datetime) -> int:
    """A new channel; raises KnownAlready."""
    values: dict[str, Any] = {"url": url, "service": service[:80], "shown": shown[:200], "added_at": now}
    try:
        return int(conn.execute(insert(alert_channel).values(values).returning(alert_channel.c.id)).scalar_one())
    except IntegrityError:
        raise KnownAlready from None


def remove_channel(conn: Connection, channel_id: int) -> None:
    """Away with a channel and with what was on its way there."""
    conn.execute(delete(alert_channel).where(alert_channel.c.id == channel_id))


def post(
    conn: Connection, channel_id: int, alert_id: int | None, kind: str, title: str, body: str, now: datetime
) -> int:
    """Put a message on its way; returns its row."""
    values: dict[str, Any] = {"channel_id": channel_id, "alert_id": alert_id, "kind": kind}
    values |= {"title": title[:200], "body": body, "at": now, "state": DUE}
    return int(conn.execute(insert(alert_delivery).values(values).returning(alert_delivery.c.id)).scalar_one())


def waiting(conn: Connection) -> list[AlertPost]:
    """What is due or was being sent: tests first, because somebody looks on, then in order."""
    order = (alert_delivery.c.kind != TEST, alert_delivery.c.id)
    return [AlertPost(*row) for row in conn.execute(select(*_DELIVERY).where(_waiting).order_by(*order))]


def newest_tests(conn: Connection) -> dict[int, AlertPost]:
    """The last test of each channel."""
    last = select(func.max(alert_delivery.c.id)).where(alert_delivery.c.kind == TEST)
    rows = conn.execute(
        select(*_DELIVERY).where(alert_delivery.c.id.in_(last.group_by(alert_delivery.c.channel_id)))
    )
    return {row.channel_id: AlertPost(*row) for row in rows}


def claim(conn: Connection, one: AlertPost, retry_at: datetime) -> bool:
    """Take a due message for sending; whatever becomes of us, nobody tries again before `retry_at`."""
    took = changed(
        conn,
        update(alert_delivery)
        .where(alert_delivery.c.id == one.id, alert_delivery.c.state == DUE)
        .values(state=SENDING, attempts=alert_delivery.c.attempts + 1),
    )
    if took:
        conn.execute(update(alert_channel).where(alert_channel.c.id == one.channel_id).values(retry_at=retry_at))
    return took


def has_arrived(conn: Connection, one: AlertPost, now: datetime) -> None:
    """The channel took it."""
    _end(conn, one, SENT, now)
    values: dict[str, Any] = {"failures": 0, "retry_at": None, "good_at": now}
    conn.execute(update(alert_channel).where(alert_channel.c.id == one.channel_id).values(values))


def has_failed(
    conn: Connection, one: AlertPost, why: str, now: datetime, retry_at: datetime, for_good: bool
) -> None:
    """The channel did not take it: another attempt at `retry_at`, or none."""
    if for_good:
        _end(conn, one, FAILED, now)
    else:
        conn.execute(update(alert_delivery).where(alert_delivery.c.id == one.id).values(state=DUE))
    values = {"failures": alert_channel.c.failures + 1, "retry_at": retry_at, "failed_at": now, "failed_why": why}
    conn.execute(update(alert_channel).where(alert_channel.c.id == one.channel_id).values(values))


def give_up(conn: Connection, channel_id: int, before: datetime, now: datetime) -> None:
    """No more attempts at what was to go to a channel before a moment."""
    conn.execute(
        update(alert_delivery)
        .where(
            alert_delivery.c.channel_id == channel_id, alert_delivery.c.state == DUE, alert_delivery.c.at <= before
        )
        .values(state=FAILED, ended_at=now)
    )


def _end(conn: Connection, one: AlertPost, state: str, now: datetime) -> None:
    conn.execute(update(alert_delivery).where(alert_delivery.c.id == one.id).values(state=state, ended_at=now))


def is_free(one: Channel, now: datetime, longest: timedelta) -> bool:
    """Whether a channel may be tried; a clock that went back makes nobody wait for longer than `longest`."""
    return one.retry_at is None or not now < one.retry_at <= now + longest
