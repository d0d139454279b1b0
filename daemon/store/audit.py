"""The log of what people did: assignments, transfers, take-overs, marks, settings, logins."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from auth_store.tables import admin
from daemon.domain.desk import Action, Actor
from daemon.domain.messages import Author
from daemon.store import events
from daemon.store.tables.desk import audit

# These belong into the thread as well, where the team sees them.
IN_THREAD = frozenset(
    {
        Action.ASSIGNED,
        Action.ASSIGNED_AUTOMATICALLY,
        Action.TRANSFERRED,
        Action.RETURNED,
        Action.RESOLVED,
        Action.REOPENED,
        Action.CLAIM_TAKEN_OVER,
        Action.HANDLED,
        Action.UNHANDLED,
        Action.PRIORITY_CHANGED,
        Action.ALARM,
        Action.RATED,
        Action.BLOCKED,
        Action.UNBLOCKED,
    }
)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the log; names are those of today."""

    id: int
    at: datetime
    actor: Author
    admin_id: int | None
    admin_name: str | None
    action: Action
    conversation_id: int | None
    subject_id: int | None
    subject_name: str | None
    detail: dict[str, Any]
    address: str | None


def record(
    conn: Connection,
    account_id: int | None,
    action: Action,
    actor: Actor,
    now: datetime,
    conversation_id: int | None = None,
    subject_id: int | None = None,
    detail: dict[str, Any] | None = None,
) -> int:
    """Write one line; what belongs into a thread is announced there."""
    audit_id: int = conn.execute(
        insert(audit)
        .values(
            account_id=account_id,
            at=now,
            actor=actor.author.value,
            admin_id=actor.admin_id,
            action=action.value,
            conversation_id=conversation_id,
            subject_id=subject_id,
            detail=detail or None,
            address=actor.address,
        )
        .returning(audit.c.id)
    ).scalar_one()
    if conversation_id is not None and account_id is not None and action in IN_THREAD:
        events.append(conn, account_id, events.EventKind.ACTIVITY, now, conversation_id, audit_id=audit_id)
    return audit_id


_by, _to = admin.alias("by_admin"), admin.alias("to_admin")
_entries = (
    select(
        audit.c.id,
        audit.c.at,
        audit.c.actor,
        audit.c.admin_id,
        _by.c.name.label("admin_name"),
        audit.c.action,
        audit.c.conversation_id,
        audit.c.subject_id,
        _to.c.name.label("subject_name"),
        audit.c.detail,
        audit.c.address,
    )
    .outerjoin(_by, _by.c.id == audit.c.admin_id)
    .outerjoin(_to, _to.c.id == audit.c.subject_id)
)


def _entry(row: Row[*tuple[Any, ...]]) -> AuditEntry:
    return AuditEntry(
        row.id,
        row.at,
        Author(row.actor),
        row.admin_id,
        row.admin_name,
        Action(row.action),
        row.conversation_id,
        row.subject_id,
        row.subject_name,
        row.detail or {},
        row.address,
    )


def entry(conn: Connection, audit_id: int) -> AuditEntry | None:
    """One line by its id."""
    row = conn.execute(_entries.where(audit.c.id == audit_id)).first()
    return _entry(row) if row else None


def newest(conn: Connection, conversation_id: int, action: Action) -> AuditEntry | None:
    """The last line of a kind about a conversation."""
    found = _entries.where(audit.c.conversation_id == conversation_id, audit.c.action == action.value)
    row = conn.execute(found.order_by(audit.c.id.desc()).limit(1)).first()
    return _entry(row) if row else None


def in_thread(
    conn: Connection, conversation_id: int, since: datetime | None, before: datetime | None, limit: int = 500
) -> list[AuditEntry]:
    """The lines that belong into a thread between two moments, oldest first."""
    statement = _entries.where(
        audit.c.conversation_id == conversation_id, audit.c.action.in_([a.value for a in IN_THREAD])
    )
    if since is not None:
        statement = statement.where(audit.c.at >= since)
    if before is not None:
        statement = statement.where(audit.c.at < before)
    rows = conn.execute(statement.order_by(audit.c.id.desc()).limit(limit)).all()
    return [_entry(row) for row in reversed(rows)]


def search(
    conn: Connection,
    account_id: int,
    *,
    actions: Collection[Action] | None = None,
    admin_id: int | None = None,
    conversation_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before_id: int | None = None,
    limit: int = 100,
) -> list[AuditEntry]:
    """The newest lines that fit, newest first; `before_id` is the last line of the page before.

    `admin_id` finds what he did and what was done to him; `since` is included, `until` is not. Logins belong
    to no account and are always among them.
    """
    statement = _entries.where((audit.c.account_id == account_id) | audit.c.account_id.is_(None))
    if actions is not None:
        statement = statement.where(audit.c.action.in_([action.value for action in actions]))
    if admin_id is not None:
        statement = statement.where((audit.c.admin_id == admin_id) | (audit.c.subject_id == admin_id))
    if conversation_id is not None:
        statement = statement.where(audit.c.conversation_id == conversation_id)
    if since is not None:
        statement = statement.where(audit.c.at >= since)
    if until is not None:
        statement = statement.where(audit.c.at < until)
    if before_id is not None:
        statement = statement.where(audit.c.id < before_id)
    return [_entry(row) for row in conn.execute(statement.order_by(audit.c.id.desc()).limit(limit))]
