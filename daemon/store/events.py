"""The event log: append a fact in its own transaction, follow it by cursor, at no cost while nothing happens."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, func, insert, select

from daemon.store.portions import MOST_ROWS
from daemon.store.prepared_statement import Prepared
from daemon.store.tables.core import event_log


class EventKind(StrEnum):
    """What happened; readers fetch the rows themselves."""

    MESSAGE_NEW = "message.new"
    MESSAGE_CHANGED = "message.changed"
    CONVERSATION_CHANGED = "conversation.changed"
    TYPING = "typing"
    TYPING_STOPPED = "typing.stopped"
    LINK_CHANGED = "link.changed"
    ACTIVITY = "activity"
    CLAIM_CHANGED = "claim.changed"
    PRESENCE_CHANGED = "presence.changed"
    ALARM = "alarm"
    # of one message's file, on its way to WhatsApp; every twentieth of it at most
    UPLOAD_PROGRESS = "upload.progress"


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One row of the log; `seq` only ever grows."""

    seq: int
    account_id: int
    kind: EventKind
    conversation_id: int | None
    message_id: int | None
    audit_id: int | None = None


class CursorTooOld(Exception):
    """The log no longer reaches back to this cursor: read everything again."""


_insert = Prepared(insert(event_log), ("account_id", "kind", "conversation_id", "message_id", "at", "audit_id"))


def append(
    conn: Connection,
    account_id: int,
    kind: EventKind,
    now: datetime,
    conversation_id: int | None = None,
    message_id: int | None = None,
    audit_id: int | None = None,
) -> None:
    """Write one fact; it becomes visible with the caller's transaction."""
    _insert.run(
        conn,
        {
            "account_id": account_id,
            "kind": kind.value,
            "conversation_id": conversation_id,
            "message_id": message_id,
            "at": now,
            "audit_id": audit_id,
        },
    )


def last_seq(conn: Connection) -> int:
    """The newest sequence number, 0 in an empty log."""
    return conn.execute(select(func.max(event_log.c.seq))).scalar_one() or 0


def read_since(conn: Connection, cursor: int, limit: int = 500) -> list[LoggedEvent]:
    """Events after `cursor`, oldest first.

    Raises CursorTooOld if rows after it were pruned already.
    """
    rows = conn.execute(
        select(
            event_log.c.seq,
            event_log.c.account_id,
            event_log.c.kind,
            event_log.c.conversation_id,
            event_log.c.message_id,
            event_log.c.audit_id,
        )
        .where(event_log.c.seq > cursor)
        .order_by(event_log.c.seq)
        .limit(limit)
    ).all()
    if rows and rows[0].seq != cursor + 1:
        raise CursorTooOld
    return [
        LoggedEvent(r.seq, r.account_id, EventKind(r.kind), r.conversation_id, r.message_id, r.audit_id)
        for r in rows
    ]


def prune(conn: Connection, before: datetime) -> int:
    """Forget those of the first MOST_ROWS events that are older, never the newest; returns how many."""
    newest = select(func.max(event_log.c.seq)).scalar_subquery()
    # no more are read: they stand in the order of their times, but for a clock that was set
    first = select(event_log.c.seq, event_log.c.at).order_by(event_log.c.seq).limit(MOST_ROWS).subquery()
    old = select(first.c.seq).where(first.c.at < before, first.c.seq < newest)
    return conn.execute(delete(event_log).where(event_log.c.seq.in_(old))).rowcount
