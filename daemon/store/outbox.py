"""The outbox: queued → sending → sent | failed | uncertain; uncertain is never retried by itself.

On the way out a reply may be held for a person's decision (then queued again or discarded), or cancelled.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from daemon.domain.messages import Author, OutboxState
from daemon.store.sql import changed, written_out
from daemon.store.tables.core import conversation, message, outbox

is_queued = outbox.c.state == written_out(OutboxState.QUEUED)
# the states of a reply that is not settled yet
UNSETTLED = (OutboxState.QUEUED, OutboxState.SENDING, OutboxState.HELD, OutboxState.UNCERTAIN)
# by the words of its index
is_unsettled = outbox.c.state.in_([written_out(state) for state in UNSETTLED])
_journeys = select(
    outbox.c.id, outbox.c.message_id, message.c.conversation_id, outbox.c.state, outbox.c.wa_id
).join(message, message.c.id == outbox.c.message_id)
_UNDER_WAY = (OutboxState.QUEUED.value, OutboxState.SENDING.value, OutboxState.UNCERTAIN.value)


@dataclass(frozen=True, slots=True)
class Journey:
    """An outbox row's state, found by its id or by WhatsApp's id."""

    id: int
    message_id: int
    conversation_id: int
    state: OutboxState
    wa_id: str | None


def queue(
    conn: Connection,
    account_id: int,
    message_id: int,
    request_key: str | None,
    now: datetime,
    due_at: datetime | None = None,
) -> int:
    """Queue a stored message for sending, not before `due_at`."""
    return conn.execute(
        insert(outbox)
        .values(
            account_id=account_id,
            message_id=message_id,
            state=OutboxState.QUEUED.value,
            request_key=request_key,
            queued_at=now,
            due_at=due_at,
        )
        .returning(outbox.c.id)
    ).scalar_one()


def message_of_request(conn: Connection, request_key: str) -> int | None:
    """The message that this browser request already queued, or None."""
    return conn.execute(select(outbox.c.message_id).where(outbox.c.request_key == request_key)).scalar()


def record_wa_id(conn: Connection, outbox_id: int, wa_id: str) -> None:
    """Write WhatsApp's message id to the row and its message, before the frame leaves."""
    conn.execute(update(outbox).where(outbox.c.id == outbox_id).values(wa_id=wa_id))
    message_id = select(outbox.c.message_id).where(outbox.c.id == outbox_id).scalar_subquery()
    conn.execute(update(message).where(message.c.id == message_id).values(wa_id=wa_id))


def note_wa_id(conn: Connection, outbox_id: int, wa_id: str) -> bool:
    """As `record_wa_id`, of a reply that is about to leave; False if an earlier copy has arrived meanwhile."""
    still = select(outbox.c.id).where(outbox.c.id == outbox_id, outbox.c.state == OutboxState.SENDING.value)
    if conn.execute(still).first() is None:
        return False
    record_wa_id(conn, outbox_id, wa_id)
    return True


def settle(conn: Connection, outbox_id: int, state: OutboxState, now: datetime, error: str | None = None) -> bool:
    """End (or leave open as uncertain) a journey that is under way; False if it had ended already."""
    values: dict[str, object] = {"state": state.value, "error": error[:200] if error else None}
    if state == OutboxState.SENT:
        values["sent_at"] = now
    if state == OutboxState.QUEUED:
        values["sending_at"] = None
    return changed(
        conn,
        update(outbox).where(outbox.c.id == outbox_id, outbox.c.state.in_(_UNDER_WAY)).values(values),
    )


def settle_by_proof(conn: Connection, message_id: int, now: datetime) -> OutboxState | None:
    """Something shows that a reply has reached WhatsApp: it is sent, whatever we thought; gives what we thought.

    None if that was known, or it is no reply of ours.
    """
    journey = by_message(conn, message_id)
    if journey is None or journey.state == OutboxState.SENT:
        return None
    values = {"state": OutboxState.SENT.value, "sent_at": now, "error": None}
    conn.execute(update(outbox).where(outbox.c.id == journey.id).values(values))
    return journey.state


def queued(conn: Connection, account_id: int) -> list[tuple[Journey, Author]]:
    """All replies of an account that have not left yet, with their authors, oldest first."""
    return _waiting(conn, outbox.c.account_id == account_id)


def attempts(conn: Connection, outbox_id: int) -> int:
    """How often a reply was taken out to be sent."""
    return conn.execute(select(outbox.c.attempts).where(outbox.c.id == outbox_id)).scalar_one()


def postpone(conn: Connection, outbox_id: int, due_at: datetime) -> None:
    """A queued reply is not to be tried again before this."""
    conn.execute(update(outbox).where(outbox.c.id == outbox_id).values(due_at=due_at))


def forget_attempt(conn: Connection, outbox_id: int) -> None:
    """The latest attempt was not the reply's own failure."""
    conn.execute(update(outbox).where(outbox.c.id == outbox_id).values(attempts=outbox.c.attempts - 1))


def under_way(conn: Connection, account_id: int) -> list[Journey]:
    """Rows left in `sending`, by a session that ended in the middle."""
    is_sending = outbox.c.state == OutboxState.SENDING.value
    rows = conn.execute(_journeys.where(outbox.c.account_id == account_id, is_unsettled, is_sending))
    return [_journey(row) for row in rows]


def queued_for(conn: Connection, conversation_id: int) -> list[tuple[Journey, Author]]:
    """Replies to a conversation's customer that have not left yet, with their authors, oldest first.

    Also those of a conversation that was resolved before they left.
    """
    here = conversation.c.id == conversation_id
    customer = select(conversation.c.contact_id).where(here).scalar_subquery()
    account_id = select(conversation.c.account_id).where(here).scalar_subquery()
    return _waiting(conn, (outbox.c.account_id == account_id) & (message.c.contact_id == customer))


def _waiting(conn: Connection, condition: ColumnElement[bool]) -> list[tuple[Journey, Author]]:
    rows = conn.execute(_journeys.add_columns(message.c.author).where(condition, is_queued).order_by(outbox.c.id))
    return [(_journey(row), Author(row.author)) for row in rows]


def message_of(conn: Connection, outbox_id: int) -> tuple[int, int]:
    """The message of a row, and its conversation."""
    row = conn.execute(
        select(message.c.id, message.c.conversation_id)
        .join(outbox, outbox.c.message_id == message.c.id)
        .where(outbox.c.id == outbox_id)
    ).one()
    return row.id, row.conversation_id


def decide(conn: Connection, message_id: int, before: OutboxState, after: OutboxState) -> bool:
    """A person moves a reply on; False if it is not in the state he saw (any more)."""
    return changed(
        conn,
        update(outbox)
        .where(outbox.c.message_id == message_id, outbox.c.state == before.value)
        # what he sends is tried at once, and as often as any other
        .values(state=after.value, due_at=None, attempts=0),
    )


def by_message(conn: Connection, message_id: int) -> Journey | None:
    """The journey of a message, or None for one that we did not send."""
    row = conn.execute(_journeys.where(outbox.c.message_id == message_id)).first()
    return _journey(row) if row else None


def _journey(row: Row[*tuple[Any, ...]]) -> Journey:
    return Journey(row.id, row.message_id, row.conversation_id, OutboxState(row.state), row.wa_id)
