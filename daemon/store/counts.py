"""What gauges show of the database: how much waits, and since when; never whose."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from daemon.domain.messages import OutboxState
from daemon.store.conversations import is_with_person
from daemon.store.outbox import is_unsettled
from daemon.store.presence import SILENT_FOR
from daemon.store.sql import by_index
from daemon.store.tables.core import conversation, outbox
from daemon.store.tables.desk import presence
from daemon.store.undecided import waiting


@dataclass(frozen=True, slots=True)
class WaitingCount:
    """How many customers of one account wait, for an answer or a decision, and the longest since when."""

    count: int = 0
    oldest: datetime | None = None


def waiting_customers(conn: Connection) -> dict[int, WaitingCount]:
    """By account; accounts where nobody waits are not in it."""
    rows = conn.execute(
        select(
            waiting.c.account_id,
            func.count(waiting.c.conversation_id.distinct()),
            func.min(waiting.c.since, type_=waiting.c.since.type),
        )
        .join(conversation, conversation.c.id == waiting.c.conversation_id)
        .where(is_with_person)
        .group_by(waiting.c.account_id)
    )
    return {account_id: WaitingCount(count, oldest) for account_id, count, oldest in rows}


def unsettled_replies(conn: Connection) -> dict[tuple[int, OutboxState], int]:
    """By account and state; what there is none of is not in it."""
    rows = conn.execute(
        select(outbox.c.account_id, outbox.c.state, func.count())
        .where(is_unsettled, by_index(outbox.c.account_id))
        .group_by(outbox.c.account_id, outbox.c.state)
    )
    return {(account_id, OutboxState(state)): count for account_id, state, count in rows}


def open_tabs(conn: Connection, now: datetime) -> int:
    """Browser tabs that are open now, in all inbox processes."""
    return conn.execute(
        select(func.count()).where(presence.c.seen_at > now - SILENT_FOR, presence.c.left_at.is_(None))
    ).scalar_one()
