"""What the report is made of: the turns, messages, ratings and refusals of a span of time, one query each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select

from auth_store.tables import admin
from daemon.domain.desk import Action
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author, OutboxState
from daemon.store.conversations import is_resolved, is_with_person
from daemon.store.tables.core import conversation, message, outbox, turn
from daemon.store.tables.desk import audit, rating

# a reply in one of these states has not gone to the customer, and may never
_NOT_SENT = [
    state.value for state in (OutboxState.HELD, OutboxState.FAILED, OutboxState.DISCARDED, OutboxState.CANCELLED)
]


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One turn with what it says about its conversation; `answered` is False for a mark without a reply."""

    conversation_id: int
    opened_at: datetime
    closed_at: datetime | None
    closed_by: Author | None
    admin_id: int | None
    answered: bool
    is_first: bool
    assignee_id: int | None
    is_resolved: bool


def turns(conn: Connection, account_id: int, since: datetime, until: datetime) -> Iterator[TurnRow]:
    """The turns that customers opened from `since` on and before `until`, whenever they were closed."""
    earlier = turn.alias("earlier")
    first = (
        select(func.min(earlier.c.id))
        .where(earlier.c.conversation_id == turn.c.conversation_id)
        .correlate(turn)
        .scalar_subquery()
    )
    rows = conn.execute(
        select(
            turn.c.conversation_id,
            turn.c.opened_at,
            turn.c.closed_at,
            turn.c.closed_by,
            turn.c.closed_by_admin_id,
            turn.c.closing_message_id.is_not(None),
            turn.c.id == first,
            conversation.c.assignee_id,
            is_resolved,
        )
        .join(conversation, conversation.c.id == turn.c.conversation_id)
        .where(
            turn.c.account_id == account_id,
            is_with_person,
            _within(turn.c.opened_at, since, until),
        )
    )
    for conversation_id, opened, closed, by, admin_id, answered, is_first, assignee, resolved in rows:
        yield TurnRow(
            conversation_id,
            opened,
            closed,
            Author(by) if by else None,
            admin_id,
            answered,
            is_first,
            assignee,
            resolved,
        )


def resolved(conn: Connection, account_id: int, since: datetime, until: datetime) -> dict[int | None, int]:
    """How many conversations each admin has resolved; None counts those that nobody's name is on."""
    # what a merge emptied was resolved by nobody and holds no turn
    has_turn = select(turn.c.id).where(turn.c.conversation_id == conversation.c.id).exists()
    rows = conn.execute(
        select(conversation.c.resolved_by_id, func.count())
        .where(
            conversation.c.account_id == account_id,
            is_with_person,
            is_resolved,
            _within(conversation.c.resolved_at, since, until),
            has_turn,
        )
        .group_by(conversation.c.resolved_by_id)
    )
    return dict(rows.all())


def messages_sent(
    conn: Connection, account_id: int, since: datetime, until: datetime
) -> dict[tuple[Author, int | None], int]:
    """How many messages went to customers, by author and admin; no notes, nothing held, failed or taken back."""
    rows = conn.execute(
        select(message.c.author, message.c.admin_id, func.count())
        .join(conversation, conversation.c.id == message.c.conversation_id)
        .outerjoin(outbox, outbox.c.message_id == message.c.id)
        .where(
            message.c.account_id == account_id,
            message.c.from_me.is_(True),
            message.c.kind != MessageKind.NOTE.value,
            message.c.is_history.is_(False),
            message.c.is_automatic.is_(False),
            is_with_person,
            outbox.c.state.is_(None) | outbox.c.state.not_in(_NOT_SENT),
            # what the customer could not read was not written for him; it may have been sent again
            message.c.unreadable_at.is_(None),
            _within(message.c.sent_at, since, until),
        )
        .group_by(message.c.author, message.c.admin_id)
    )
    return {(Author(author), admin_id): count for author, admin_id, count in rows}


def scores(
    conn: Connection, account_id: int, since: datetime, until: datetime
) -> dict[int | None, dict[int, int]]:
    """How often customers gave each score (1 to 5), by the admin who had resolved the conversation."""
    rows = conn.execute(
        select(rating.c.admin_id, rating.c.score, func.count())
        .where(
            rating.c.account_id == account_id,
            rating.c.score.is_not(None),
            # the day of the answer; a rating without an end was only just given
            _within(func.coalesce(rating.c.ended_at, rating.c.asked_at), since, until),
        )
        .group_by(rating.c.admin_id, rating.c.score)
    )
    found: dict[int | None, dict[int, int]] = {}
    for admin_id, score, count in rows:
        found.setdefault(admin_id, {})[score] = count
    return found


def refused(conn: Connection, account_id: int, since: datetime, until: datetime) -> dict[int | None, int]:
    """How many second answers were prevented, by the admin who was about to give them."""
    rows = conn.execute(
        select(audit.c.admin_id, func.count())
        .where(
            audit.c.action == Action.ANSWER_REFUSED.value,
            audit.c.account_id == account_id,
            _within(audit.c.at, since, until),
        )
        .group_by(audit.c.admin_id)
    )
    return dict(rows.all())


def names(conn: Connection) -> dict[int, tuple[str, bool]]:
    """Everybody who ever was an admin, by id: the name, and whether he may still log in."""
    rows = conn.execute(select(admin.c.id, admin.c.name, admin.c.disabled_at))
    return {admin_id: (name, disabled_at is None) for admin_id, name, disabled_at in rows}


def _within(at: ColumnElement[datetime], since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(at >= since, at < until)
