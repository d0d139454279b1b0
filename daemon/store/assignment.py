"""What the desk has to look after: open turns with whoever should answer them, and signs of life."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update

from daemon.domain.desk import Action
from daemon.domain.messages import Author
from daemon.store.desk_tables import audit
from daemon.store.tables import admin, conversation, message, turn


@dataclass(frozen=True, slots=True)
class Work:
    """A customer who waits, and whose he is."""

    conversation_id: int
    turn_id: int
    opened_at: datetime
    alarmed_at: datetime | None
    assignee_id: int | None
    assigned_at: datetime | None


@dataclass(frozen=True, slots=True)
class Return:
    """A conversation's last way back into the queue: whose it was, who gave it back, and when."""

    admin_id: int
    by: Author
    at: datetime


_open_work = (
    select(
        conversation.c.id,
        turn.c.id.label("turn_id"),
        turn.c.opened_at,
        turn.c.alarmed_at,
        conversation.c.assignee_id,
        conversation.c.assigned_at,
    )
    .select_from(turn)
    .join(conversation, conversation.c.id == turn.c.conversation_id)
    .where(
        turn.c.closed_at.is_(None),
        conversation.c.account_id == bindparam("account_id"),
        conversation.c.kind == "person",
        conversation.c.status != "resolved",
    )
    .order_by(turn.c.opened_at, turn.c.id)
)


def open_work(conn: Connection, account_id: int) -> list[Work]:
    """Everybody who waits for an answer, the longest waiting first."""
    return [Work(*row) for row in conn.execute(_open_work, {"account_id": account_id})]


def gave_a_sign(conn: Connection, conversation_id: int, admin_id: int, since: datetime) -> bool:
    """Whether an admin has written (a note counts) or done anything in a conversation since a moment."""
    wrote = select(message.c.id).where(
        message.c.conversation_id == conversation_id, message.c.sent_at > since, message.c.admin_id == admin_id
    )
    did = select(audit.c.id).where(
        audit.c.conversation_id == conversation_id, audit.c.at > since, audit.c.admin_id == admin_id
    )
    return bool(conn.execute(select(wrote.exists() | did.exists())).scalar_one())


def was_there(conn: Connection, turn: Work, at: datetime) -> bool:
    """Whether a turn's first words had arrived by then; after an outage that is long after they were sent."""
    statement = select(message.c.id).where(
        message.c.conversation_id == turn.conversation_id,
        message.c.sent_at >= turn.opened_at.replace(microsecond=0),
        message.c.turn_id == turn.turn_id,
        message.c.arrived_at <= at,
    )
    return conn.execute(statement.limit(1)).first() is not None


def last_returns(conn: Connection, conversation_ids: Sequence[int]) -> dict[int, Return]:
    """How these conversations last came back into the queue, if they ever did."""
    last = (
        select(func.max(audit.c.id))
        .where(audit.c.conversation_id.in_(conversation_ids), audit.c.action == Action.RETURNED.value)
        .group_by(audit.c.conversation_id)
    )
    rows = conn.execute(
        select(audit.c.conversation_id, audit.c.subject_id, audit.c.actor, audit.c.at).where(audit.c.id.in_(last))
    )
    return {
        row.conversation_id: Return(row.subject_id, Author(row.actor), row.at)
        for row in rows
        if row.subject_id is not None
    }


def note_alarm(conn: Connection, turn_id: int, now: datetime) -> bool:
    """The team is told that a turn waits too long; False if it was, or the turn has closed."""
    return (
        conn.execute(
            update(turn)
            .where(turn.c.id == turn_id, turn.c.alarmed_at.is_(None), turn.c.closed_at.is_(None))
            .values(alarmed_at=now)
        ).rowcount
        == 1
    )


def works_here(conn: Connection, admin_id: int) -> bool:
    """Whether there is such an admin, and he may log in."""
    found = select(admin.c.id).where(admin.c.id == admin_id, admin.c.disabled_at.is_(None))
    return conn.execute(found).first() is not None
