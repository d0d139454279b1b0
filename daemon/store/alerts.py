"""Rows of the alerts that leave the house: what is wrong, what is on its way, what the owner chose."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from daemon.domain.alerts import About, Alert, AlertKind, Choices
from daemon.store.alert_tables import alert, alert_choice, alert_delivery

# the account of what concerns the whole computer
MACHINE = None


@dataclass(frozen=True, slots=True)
class Open:
    """An alert that is not over, with its row and whose it is."""

    id: int
    account_id: int | None
    alert: Alert


_FIELDS = tuple(name for name in Alert.__dataclass_fields__ if name != "about")


def unfinished(conn: Connection) -> list[Open]:
    """Every alert that is not over, told or not, oldest first."""
    rows = conn.execute(select(alert).where(alert.c.cleared_at.is_(None)).order_by(alert.c.id))
    return [_open(row) for row in rows]


def _open(row: Row[*tuple[Any, ...]]) -> Open:
    values = {name: row._mapping[name] for name in _FIELDS}
    return Open(row.id, row.account_id, Alert(About(row.about), **values))


def keep(conn: Connection, account_id: int | None, number: int | None, found: Alert) -> int:
    """Write an alert as it is now, into its row if it has one; returns the row's number."""
    values = {name: getattr(found, name) for name in _FIELDS}
    values |= {"account_id": account_id, "about": found.about.value, "level": found.rule.level}
    values["details"] = dict(found.details)
    if number is None:
        return int(conn.execute(insert(alert).values(values).returning(alert.c.id)).scalar_one())
    conn.execute(update(alert).where(alert.c.id == number).values(values))
    return number


def drop(conn: Connection, number: int) -> None:
    """Forget an alert that nobody was told of."""
    conn.execute(delete(alert).where(alert.c.id == number))


def choices(conn: Connection) -> Choices:
    """What the owner wants to hear of; what was never chosen has its default."""
    found = {row.name: row.value for row in conn.execute(select(alert_choice.c.name, alert_choice.c.value))}
    known = set(AlertKind)
    unwanted = frozenset(AlertKind(word) for word in found.pop("unwanted", ()) if word in known)
    return Choices(unwanted=unwanted, **{name: value for name, value in found.items() if name in _CHOICES})


_CHOICES = frozenset(Choices.__dataclass_fields__) - {"unwanted"}


def choose(conn: Connection, chosen: Choices) -> None:
    """Keep what the owner wants to hear of."""
    values: dict[str, Any] = {name: getattr(chosen, name) for name in _CHOICES}
    values["unwanted"] = sorted(kind.value for kind in chosen.unwanted)
    for name, value in values.items():
        statement = upsert(alert_choice).values(name=name, value=value)
        conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def prune(conn: Connection, before: datetime) -> int:
    """Forget alerts that were over, and tests that were made, before a moment; returns how many rows went."""
    old = conn.execute(delete(alert).where(alert.c.cleared_at < before)).rowcount
    tests = (
        alert_delivery.c.alert_id.is_(None),
        or_(alert_delivery.c.state == "sent", alert_delivery.c.state == "failed"),
        alert_delivery.c.at < before,
    )
    return old + conn.execute(delete(alert_delivery).where(*tests)).rowcount
