"""Parts of an uploaded history, kept as they came until they are imported."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, select, update

from daemon.domain.history import HistoryKind
from daemon.store.sql import changed, insert_new
from daemon.store.tables.core import history_part


@dataclass(frozen=True, slots=True)
class HistoryPart:
    """One part that waits; `data` is the serialized HistorySync."""

    id: int
    kind: HistoryKind
    progress: int | None
    data: bytes


def keep(
    conn: Connection, account_id: int, kind: HistoryKind, data: bytes, progress: int | None, now: datetime
) -> bool:
    """Keep a part; False if the very same has come before."""
    values = {"account_id": account_id, "digest": sha256(data).hexdigest(), "kind": kind.value, "data": data}
    values |= {"progress": progress, "arrived_at": now}
    return changed(conn, insert_new(history_part).values(values))


def next_part(conn: Connection, account_id: int, names: bool) -> HistoryPart | None:
    """The part that has waited longest, one of names alone only if wanted; None if there is none."""
    statement = select(history_part.c.id, history_part.c.kind, history_part.c.progress, history_part.c.data)
    if not names:
        statement = statement.where(_is_no_name)
    row = conn.execute(statement.where(*_waits(account_id)).order_by(history_part.c.id).limit(1)).first()
    return HistoryPart(row.id, HistoryKind(row.kind), row.progress, row.data) if row else None


def has_messages_waiting(conn: Connection, account_id: int) -> bool:
    """Whether anything but names waits to be imported."""
    waiting = select(history_part.c.id).where(_is_no_name, *_waits(account_id))
    return conn.execute(waiting.limit(1)).first() is not None


def forget_data(conn: Connection, part_id: int) -> None:
    """A part is imported: only that it came is remembered."""
    conn.execute(update(history_part).where(history_part.c.id == part_id).values(data=None))


_is_no_name = history_part.c.kind != HistoryKind.NAMES.value


def _waits(account_id: int) -> tuple[ColumnElement[bool], ...]:
    return history_part.c.account_id == account_id, history_part.c.data.is_not(None)
