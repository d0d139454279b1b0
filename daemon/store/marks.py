"""Turns as a thread shows them: who handled each, or since when its customer waits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from daemon.domain.messages import Author
from daemon.domain.turns import Closer, HandledMark
from daemon.store.tables import admin, message, turn


@dataclass(frozen=True, slots=True)
class TurnState:
    """One turn; `mark` is None while it is open, `last_message_id` the customer's last message in it."""

    id: int
    opened_at: datetime
    mark: HandledMark | None
    acknowledged_at: datetime | None
    alarmed_at: datetime | None
    last_message_id: int | None = None


_turns = (
    select(
        turn.c.id,
        turn.c.opened_at,
        turn.c.acknowledged_at,
        turn.c.alarmed_at,
        turn.c.closed_by,
        turn.c.closed_by_admin_id,
        turn.c.closed_by_device,
        turn.c.closed_at,
        turn.c.closing_message_id,
        message.c.text,
        admin.c.name,
    )
    .outerjoin(message, message.c.id == turn.c.closing_message_id)
    .outerjoin(admin, admin.c.id == turn.c.closed_by_admin_id)
)


def of(conn: Connection, turn_ids: set[int]) -> dict[int, TurnState]:
    """The turns of these numbers, without their last messages."""
    rows = conn.execute(_turns.where(turn.c.id.in_(turn_ids))) if turn_ids else ()
    return {row.id: _state(row) for row in rows}


def newest(conn: Connection, conversation_id: int, limit: int = 3) -> list[TurnState]:
    """The last turns of a conversation, oldest first, with the message that each ends with."""
    chosen = _turns.where(turn.c.conversation_id == conversation_id).order_by(turn.c.id.desc()).limit(limit)
    rows = conn.execute(chosen).all()
    return [_state(row, last_message(conn, conversation_id, row.id)) for row in reversed(rows)]


def last_message(conn: Connection, conversation_id: int, turn_id: int) -> int | None:
    """The customer's last message of a turn, in WhatsApp's order."""
    said = (message.c.conversation_id == conversation_id) & (message.c.turn_id == turn_id)
    return conn.execute(
        select(message.c.id)
        .where(said, message.c.author == Author.CUSTOMER.value)
        .order_by(message.c.sent_at.desc(), message.c.id.desc())
        .limit(1)
    ).scalar()


def _state(row: Row[*tuple[Any, ...]], last: int | None = None) -> TurnState:
    mark = None
    if row.closed_at is not None:
        closer = Closer(Author(row.closed_by), row.closed_by_admin_id, row.closed_by_device)
        mark = HandledMark(row.id, closer, row.closed_at, row.closing_message_id, row.text, row.name)
    return TurnState(row.id, row.opened_at, mark, row.acknowledged_at, row.alarmed_at, last)
