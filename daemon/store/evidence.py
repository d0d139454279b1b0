"""Sightings of the primary phone: the latest of each kind, with its own time."""

from datetime import datetime

from sqlalchemy import Connection, select

from daemon.domain.primary_phone import Sighting, SightingKind
from daemon.store.sql import changed, upsert
from daemon.store.tables.core import evidence


def note(conn: Connection, account_id: int, kind: SightingKind, at: datetime, now: datetime) -> bool:
    """Keep a sighting if it is newer than what is known of its kind; one in the future is of now."""
    at = min(at, now)
    key = {"account_id": account_id, "kind": kind.value}
    return changed(conn, upsert(evidence, key, {"at": at}, replaces=evidence.c.at < at))


def every(conn: Connection, account_id: int) -> list[Sighting]:
    """The latest sighting of each kind, newest first."""
    rows = conn.execute(
        select(evidence.c.kind, evidence.c.at)
        .where(evidence.c.account_id == account_id)
        .order_by(evidence.c.at.desc(), evidence.c.kind)
    )
    return [Sighting(SightingKind(row.kind), row.at) for row in rows]


def latest(conn: Connection, account_id: int) -> Sighting | None:
    """The newest sighting of any kind."""
    return next(iter(every(conn, account_id)), None)
