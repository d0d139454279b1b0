"""What the desk looks at to look after everybody: ways back, who has how much, what may be due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, or_, select, update

from auth_store.tables import admin
from daemon.domain.desk import Action
from daemon.domain.messages import Author
from daemon.store.conversations import is_unresolved, is_with_person
from daemon.store.prepared_statement import Prepared
from daemon.store.sql import changed
from daemon.store.tables.core import conversation, turn
from daemon.store.tables.desk import audit, claim
from daemon.store.turns import every_open
from daemon.store.undecided import any_undecided, waiting


@dataclass(frozen=True, slots=True)
class LastReturn:
    """A conversation's last way back into the queue: whose it was, who gave it back, and when."""

    admin_id: int
    by: Author
    at: datetime


def last_returns(conn: Connection, conversation_ids: Sequence[int]) -> dict[int, LastReturn]:
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
        row.conversation_id: LastReturn(row.subject_id, Author(row.actor), row.at)
        for row in rows
        if row.subject_id is not None
    }


def note_alarm(conn: Connection, turn_id: int, now: datetime) -> bool:
    """The team is told that a customer waits too long; False if it was."""
    return changed(
        conn,
        update(turn).where(turn.c.id == turn_id, turn.c.alarmed_at.is_(None)).values(alarmed_at=now),
    )


def works_here(conn: Connection, admin_id: int) -> bool:
    """Whether there is such an admin, and he may log in."""
    found = select(admin.c.id).where(admin.c.id == admin_id, admin.c.disabled_at.is_(None))
    return conn.execute(found).first() is not None


_something = Prepared(
    select(
        or_(
            select(claim.c.conversation_id).exists(),
            select(turn.c.id).where(every_open).exists(),
            any_undecided,
        )
    )
)


def is_anything_pending(conn: Connection) -> bool:
    """Whether anybody waits or is answering; if not, time alone brings nothing due."""
    found = _something.run(conn, {})
    return found is not None and bool(found[0])


@dataclass(frozen=True, slots=True)
class Load:
    """An admin's unresolved conversations, and in how many of them a customer waits."""

    conversations: int = 0
    waiting: int = 0


def load_by_admin(conn: Connection, account_id: int) -> dict[int | None, Load]:
    """What everybody has; None is what nobody has taken."""
    who_waits = select(waiting.c.conversation_id).where(waiting.c.account_id == account_id)
    waits = func.sum(case((conversation.c.id.in_(who_waits), 1), else_=0))
    rows = conn.execute(
        select(conversation.c.assignee_id, func.count(), waits)
        .where(
            conversation.c.account_id == account_id,
            is_with_person,
            is_unresolved,
        )
        .group_by(conversation.c.assignee_id)
    )
    return {admin_id: Load(total, waits) for admin_id, total, waits in rows}
