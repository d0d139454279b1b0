"""Conversations that somebody was given, until he has looked."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from daemon.domain.desk import Action, Status
from daemon.store.audit import AuditEntry, entry
from daemon.store.tables.core import conversation, message
from daemon.store.tables.desk import audit

_GIVING = tuple(one.value for one in (Action.ASSIGNED, Action.ASSIGNED_AUTOMATICALLY, Action.TRANSFERRED))
_given, _looked = audit.alias("given"), audit.alias("looked")
# whoever takes a conversation himself knows of it
_by_another = _given.c.action.in_(_GIVING) & _given.c.admin_id.is_distinct_from(_given.c.subject_id)
_has_acted = (
    select(_looked.c.id)
    .where(
        _looked.c.conversation_id == conversation.c.id,
        _looked.c.id > _given.c.id,
        _looked.c.admin_id == conversation.c.assignee_id,
    )
    .exists()
)
_has_written = (
    select(message.c.id)
    .where(
        message.c.conversation_id == conversation.c.id,
        message.c.sent_at > _given.c.at,
        message.c.admin_id == conversation.c.assignee_id,
    )
    .exists()
)


def unseen(conn: Connection, conversation_ids: Collection[int]) -> set[int]:
    """Which of these conversations their assignees were given and have not looked at, or done anything in, yet."""
    if not conversation_ids:
        return set()
    rows = conn.execute(
        select(conversation.c.id)
        .join(
            _given,
            (_given.c.conversation_id == conversation.c.id) & (_given.c.subject_id == conversation.c.assignee_id),
        )
        .where(
            conversation.c.id.in_(conversation_ids),
            conversation.c.status == Status.ASSIGNED.value,
            _by_another,
            ~_has_acted,
            ~_has_written,
        )
        .distinct()
    )
    return set(rows.scalars())


def among(conn: Connection, audit_ids: Collection[int]) -> list[AuditEntry]:
    """Those lines of the log that tell of a conversation given to somebody by another, in their order."""
    if not audit_ids:
        return []
    ids = conn.execute(select(_given.c.id).where(_given.c.id.in_(audit_ids), _by_another).order_by(_given.c.id))
    return [line for audit_id in ids.scalars().all() if (line := entry(conn, audit_id)) is not None]
