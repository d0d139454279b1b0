"""The outbox: queued → sending → sent | failed | uncertain; uncertain is never retried by itself.

On the way out a reply may be held for a person's decision (then queued again or discarded), or cancelled.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, bindparam, insert, select, text, update

from daemon.domain.messages import Author
from daemon.store.tables import message, outbox

# written out, because SQLite uses the partial index only for the very words of its definition
_IS_QUEUED = text("outbox.state = 'queued'")


class OutboxState(StrEnum):
    """Where a reply is on its way out."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    HELD = "held"
    DISCARDED = "discarded"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A queued reply with what its sender needs."""

    id: int
    message_id: int
    conversation_id: int
    contact_id: int
    text: str
    quoted_wa_id: str | None
    turn_id: int | None
    bot_key: str | None
    queued_at: datetime


@dataclass(frozen=True, slots=True)
class Journey:
    """An outbox row's state, found by its number or by WhatsApp's id."""

    id: int
    message_id: int
    conversation_id: int
    state: OutboxState
    wa_id: str | None


def queue(conn: Connection, account_id: int, message_id: int, request_key: str | None, now: datetime) -> int:
    """Queue a stored message for sending."""
    return conn.execute(
        insert(outbox)
        .values(
            account_id=account_id,
            message_id=message_id,
            state=OutboxState.QUEUED.value,
            request_key=request_key,
            queued_at=now,
        )
        .returning(outbox.c.id)
    ).scalar_one()


def message_of_request(conn: Connection, request_key: str) -> int | None:
    """The message that this browser request already queued, or None."""
    return conn.execute(select(outbox.c.message_id).where(outbox.c.request_key == request_key)).scalar()


def take_next(conn: Connection, account_id: int, now: datetime) -> Outgoing | None:
    """Move the oldest queued reply to `sending` and return it."""
    row = conn.execute(
        select(
            outbox.c.id,
            outbox.c.message_id,
            message.c.conversation_id,
            message.c.contact_id,
            message.c.text,
            message.c.quoted_wa_id,
            message.c.turn_id,
            message.c.bot_key,
            outbox.c.queued_at,
        )
        .join(message, message.c.id == outbox.c.message_id)
        .where(
            outbox.c.account_id == account_id,
            _IS_QUEUED,
        )
        .order_by(outbox.c.id)
        .limit(1)
    ).first()
    if row is None:
        return None
    conn.execute(
        update(outbox).where(outbox.c.id == row.id).values(state=OutboxState.SENDING.value, sending_at=now)
    )
    return Outgoing(
        row.id,
        row.message_id,
        row.conversation_id,
        row.contact_id,
        row.text or "",
        row.quoted_wa_id,
        row.turn_id,
        row.bot_key,
        row.queued_at,
    )


def record_wa_id(conn: Connection, outbox_id: int, wa_id: str) -> None:
    """Write WhatsApp's message id to the row and its message, before the frame leaves."""
    conn.execute(update(outbox).where(outbox.c.id == outbox_id).values(wa_id=wa_id))
    message_id = select(outbox.c.message_id).where(outbox.c.id == outbox_id).scalar_subquery()
    conn.execute(update(message).where(message.c.id == message_id).values(wa_id=wa_id))


def settle(conn: Connection, outbox_id: int, state: OutboxState, now: datetime, error: str | None = None) -> bool:
    """End (or leave open as uncertain) a journey that is under way; False if it had ended already."""
    values: dict[str, object] = {"state": state.value, "error": error[:200] if error else None}
    if state == OutboxState.SENT:
        values["sent_at"] = now
    if state == OutboxState.QUEUED:
        values["sending_at"] = None
    return (
        conn.execute(
            update(outbox)
            .where(outbox.c.id == outbox_id, outbox.c.state.in_(("queued", "sending", "uncertain")))
            .values(values)
        ).rowcount
        == 1
    )


def under_way(conn: Connection, account_id: int) -> list[Journey]:
    """Rows left in `sending`, by a session that ended in the middle."""
    rows = conn.execute(
        select(outbox.c.id, outbox.c.message_id, message.c.conversation_id, outbox.c.state, outbox.c.wa_id)
        .join(message, message.c.id == outbox.c.message_id)
        .where(
            outbox.c.account_id == account_id,
            outbox.c.state == OutboxState.SENDING.value,
        )
    )
    return [Journey(r.id, r.message_id, r.conversation_id, OutboxState(r.state), r.wa_id) for r in rows]


def queued_in(conn: Connection, conversation_id: int) -> list[tuple[Journey, Author]]:
    """Replies of a conversation that have not left yet, with their authors, oldest first."""
    rows = conn.execute(
        select(outbox.c.id, outbox.c.message_id, outbox.c.state, outbox.c.wa_id, message.c.author)
        .join(message, message.c.id == outbox.c.message_id)
        .where(message.c.conversation_id == conversation_id, _IS_QUEUED)
        .order_by(outbox.c.id)
    )
    return [
        (Journey(r.id, r.message_id, conversation_id, OutboxState(r.state), r.wa_id), Author(r.author))
        for r in rows
    ]


def decide(conn: Connection, message_id: int, before: OutboxState, after: OutboxState) -> bool:
    """A person moves a reply on; False if it is not in the state he saw (any more)."""
    return (
        conn.execute(
            update(outbox)
            .where(outbox.c.message_id == message_id, outbox.c.state == before.value)
            .values(state=after.value)
        ).rowcount
        == 1
    )


def by_message(conn: Connection, message_id: int) -> Journey | None:
    """The journey of a message, or None for one that we did not send."""
    row = conn.execute(
        select(outbox.c.id, outbox.c.message_id, message.c.conversation_id, outbox.c.state, outbox.c.wa_id)
        .join(message, message.c.id == outbox.c.message_id)
        .where(outbox.c.message_id == message_id)
    ).first()
    if row is None:
        return None
    return Journey(row.id, row.message_id, row.conversation_id, OutboxState(row.state), row.wa_id)


_has_queued = (
    select(outbox.c.id)
    .where(
        outbox.c.account_id == bindparam("account_id"),
        _IS_QUEUED,
    )
    .limit(1)
)


def has_queued(conn: Connection, account_id: int) -> bool:
    """Whether anything waits to be sent (asked after every commit of anybody)."""
    return conn.execute(_has_queued, {"account_id": account_id}).first() is not None
