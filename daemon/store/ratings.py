"""Ratings: asked once a conversation, ended by the customer's next message, whatever it says."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, update

from daemon.domain.messages import Author, Delivery
from daemon.store.conversations import is_with_person
from daemon.store.sql import changed, insert_new
from daemon.store.tables.core import conversation, message
from daemon.store.tables.desk import rating


@dataclass(frozen=True, slots=True)
class PendingRating:
    """A question that the customer has not answered yet, with where its message stands."""

    conversation_id: int
    admin_id: int | None
    expires_at: datetime
    message_id: int | None
    sent_at: datetime | None
    delivery: Delivery | None


def ask(
    conn: Connection,
    account_id: int,
    conversation_id: int,
    contact_id: int,
    admin_id: int | None,
    now: datetime,
    expires_at: datetime,
) -> bool:
    """Note that a question is put; False if this conversation had its question."""
    values = {
        "conversation_id": conversation_id,
        "account_id": account_id,
        "contact_id": contact_id,
        "admin_id": admin_id,
        "asked_at": now,
        "expires_at": expires_at,
    }
    return changed(conn, insert_new(rating).values(values))


_questions = (
    select(
        rating.c.conversation_id,
        rating.c.admin_id,
        rating.c.expires_at,
        message.c.id,
        message.c.sent_at,
        message.c.delivery,
    )
    .outerjoin(
        message,
        (message.c.contact_id == rating.c.contact_id)
        & (message.c.bot_key == "rating")
        & (message.c.conversation_id == rating.c.conversation_id),
    )
    # one that was withdrawn comes behind the one that was put after it
    .order_by(rating.c.asked_at.desc(), rating.c.conversation_id.desc(), message.c.id.desc())
)
_waiting = _questions.where(rating.c.contact_id == bindparam("contact_id"), rating.c.ended_at.is_(None))


def waiting(conn: Connection, contact_id: int) -> list[PendingRating]:
    """The questions that a customer may still answer, the newest first (there is more than one after a merge)."""
    rows = conn.execute(_waiting, {"contact_id": contact_id})
    return [_pending(row) for row in rows]


def question(conn: Connection, conversation_id: int) -> PendingRating | None:
    """The question about a conversation, waiting or not."""
    row = conn.execute(_questions.where(rating.c.conversation_id == conversation_id).limit(1)).first()
    return _pending(row) if row else None


def _pending(row: Row[*tuple[Any, ...]]) -> PendingRating:
    delivery = Delivery(row.delivery) if row.delivery else None
    return PendingRating(row.conversation_id, row.admin_id, row.expires_at, row.id, row.sent_at, delivery)


def forget(conn: Connection, conversation_id: int) -> None:
    """The question about a conversation was never put."""
    conn.execute(delete(rating).where(rating.c.conversation_id == conversation_id))


def end(conn: Connection, contact_id: int, now: datetime) -> None:
    """Wait no more for any answer of a customer."""
    conn.execute(
        update(rating).where(rating.c.contact_id == contact_id, rating.c.ended_at.is_(None)).values(ended_at=now)
    )


def score(conn: Connection, conversation_id: int, value: int) -> None:
    """Keep the customer's answer."""
    conn.execute(update(rating).where(rating.c.conversation_id == conversation_id).values(score=value))


def scores(conn: Connection, conversation_ids: Collection[int]) -> dict[int, int]:
    """What customers thought of these conversations; those without a rating are left out."""
    rows = conn.execute(
        select(rating.c.conversation_id, rating.c.score).where(
            rating.c.conversation_id.in_(conversation_ids), rating.c.score.is_not(None)
        )
    )
    return dict(rows.all())


def customer_wrote(conn: Connection, conversation_id: int) -> bool:
    """Whether there is a customer (no group) who wrote in a conversation since the account was linked."""
    found = (
        select(message.c.id)
        .join(conversation, conversation.c.id == message.c.conversation_id)
        .where(
            conversation.c.id == conversation_id,
            is_with_person,
            message.c.author == Author.CUSTOMER.value,
            message.c.is_history.is_(False),
        )
        .limit(1)
    )
    return conn.execute(found).first() is not None
