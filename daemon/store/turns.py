"""Turns in the database: opened by a customer's message, closed once, by compare-and-set."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, func, insert, select, update

from auth_store.tables import admin
from daemon.domain.messages import Author
from daemon.domain.turns import Closer, HandledMark
from daemon.store import clock
from daemon.store.sql import by_index, changed
from daemon.store.tables.core import message, turn

# all that are open, of whatever conversation
every_open = turn.c.closed_at.is_(None) & by_index(turn.c.conversation_id)

_open = insert(turn).returning(turn.c.id)
_open_turn = select(turn.c.id).where(
    turn.c.conversation_id == bindparam("conversation_id"), turn.c.closed_at.is_(None)
)


def open_turn(conn: Connection, account_id: int, conversation_id: int, at: datetime) -> int:
    """Open a turn in a conversation that has no open one."""
    return conn.execute(
        _open, {"account_id": account_id, "conversation_id": conversation_id, "opened_at": at}
    ).scalar_one()


def current(conn: Connection, conversation_id: int) -> int | None:
    """The open turn of a conversation, or None."""
    return conn.execute(_open_turn, {"conversation_id": conversation_id}).scalar()


def close(conn: Connection, turn_id: int, closer: Closer, message_id: int | None, now: datetime) -> bool:
    """Close an open turn: one closer wins, everybody else gets False."""
    return changed(
        conn,
        update(turn)
        .where(turn.c.id == turn_id, turn.c.closed_at.is_(None))
        .values(
            closed_at=now,
            closed_by=closer.author.value,
            closed_by_admin_id=closer.admin_id,
            closed_by_device=closer.device,
            closing_message_id=message_id,
        ),
    )


def remark(conn: Connection, turn_id: int, closer: Closer, message_id: int, now: datetime) -> None:
    """Give a closed turn's mark to somebody else, whose answer was the one that reached the customer."""
    conn.execute(
        update(turn)
        .where(turn.c.id == turn_id, turn.c.closed_at.is_not(None))
        .values(
            closed_at=now,
            closed_by=closer.author.value,
            closed_by_admin_id=closer.admin_id,
            closed_by_device=closer.device,
            closing_message_id=message_id,
        )
    )


def reopen(conn: Connection, turn_id: int) -> bool:
    """Open a turn again whose reply failed for good; False if another is open in its conversation."""
    conversation_id = select(turn.c.conversation_id).where(turn.c.id == turn_id).scalar_subquery()
    another = turn.alias()
    return changed(
        conn,
        update(turn)
        .where(
            turn.c.id == turn_id,
            ~select(another.c.id)
            .where(another.c.conversation_id == conversation_id, another.c.closed_at.is_(None))
            .exists(),
        )
        .values(
            closed_at=None,
            closed_by=None,
            closed_by_admin_id=None,
            closed_by_device=None,
            closing_message_id=None,
        ),
    )


def has_message_until(conn: Connection, turn_id: int, at: datetime) -> bool:
    """Whether the customer had said anything of this turn by then, a time of WhatsApp's (an empty one counts)."""
    rows = conn.execute(select(func.min(message.c.sent_at)).where(_said_in(turn_id))).scalar()
    return rows is None or rows <= at


def split_after(
    conn: Connection, account_id: int, conversation_id: int, turn_id: int, at: datetime, now: datetime
) -> int | None:
    """Move what the customer said after a moment of WhatsApp's into the open turn, or a new one.

    None if there is nothing.
    """
    later = _said_in(turn_id) & (message.c.sent_at > at)
    first = conn.execute(select(func.min(message.c.sent_at)).where(later)).scalar()
    if first is None:
        return None
    opened_at = clock.on_ours(conn, account_id, first, now)
    new = current(conn, conversation_id)
    if new is None:
        new = open_turn(conn, account_id, conversation_id, opened_at)
    else:
        conn.execute(
            update(turn).where(turn.c.id == new, turn.c.opened_at > opened_at).values(opened_at=opened_at)
        )
    conn.execute(update(message).where(later).values(turn_id=new))
    return new


def split_after_message(conn: Connection, turn_id: int, message_id: int, now: datetime) -> int | None:
    """Move what the customer said after a message, by arrival, from a closed turn into a new open one.

    None if there is nothing. What the bot has dealt with there stays dealt with.
    """
    was = conn.execute(select(turn).where(turn.c.id == turn_id)).one()
    said_here = (message.c.conversation_id == was.conversation_id) & _said_in(turn_id)
    later = said_here & (message.c.id > message_id)
    first_id, first = conn.execute(select(func.min(message.c.id), func.min(message.c.sent_at)).where(later)).one()
    if first_id is None:
        return None
    opened_at = clock.on_ours(conn, was.account_id, first, now)
    new = open_turn(conn, was.account_id, was.conversation_id, opened_at)
    greeted_at = was.acknowledged_at if was.bot_message_id >= first_id else None
    dealt_with = {"bot_message_id": was.bot_message_id, "acknowledged_at": greeted_at}
    conn.execute(update(turn).where(turn.c.id == new).values(dealt_with))
    conn.execute(update(message).where(later).values(turn_id=new))
    return new


def withdraw(conn: Connection, message_id: int) -> None:
    """Take back an open turn that holds this message and nothing else: nobody waits."""
    turn_id = conn.execute(select(message.c.turn_id).where(message.c.id == message_id)).scalar()
    if turn_id is None:
        return
    is_open = select(turn.c.id).where(turn.c.id == turn_id, turn.c.closed_at.is_(None))
    others = select(message.c.id).where(message.c.turn_id == turn_id, message.c.id != message_id).limit(1)
    if conn.execute(others).first() is None and conn.execute(is_open).first() is not None:
        conn.execute(update(message).where(message.c.id == message_id).values(turn_id=None))
        conn.execute(delete(turn).where(turn.c.id == turn_id))


def _said_in(turn_id: int) -> ColumnElement[bool]:
    return (message.c.turn_id == turn_id) & (message.c.author == Author.CUSTOMER.value)


def join_open(conn: Connection, turn_id: int) -> None:
    """Let the open turn of the same conversation take up a turn that waits again; both become one."""
    here = select(turn.c.conversation_id, turn.c.opened_at).where(turn.c.id == turn_id)
    row = conn.execute(here).one()
    into = current(conn, row.conversation_id)
    if into is None or into == turn_id:
        return
    conn.execute(update(message).where(message.c.turn_id == turn_id).values(turn_id=into))
    conn.execute(
        update(turn).where(turn.c.id == into, turn.c.opened_at > row.opened_at).values(opened_at=row.opened_at)
    )
    conn.execute(delete(turn).where(turn.c.id == turn_id))


def move(conn: Connection, turn_id: int, conversation_id: int) -> None:
    """Let a turn and its messages go on in another conversation of the same customer."""
    conn.execute(update(message).where(message.c.turn_id == turn_id).values(conversation_id=conversation_id))
    conn.execute(update(turn).where(turn.c.id == turn_id).values(conversation_id=conversation_id))


def acknowledge(conn: Connection, turn_id: int, now: datetime) -> None:
    """Note that the bot has said something polite; the turn stays open."""
    conn.execute(update(turn).where(turn.c.id == turn_id).values(acknowledged_at=now))


def is_acknowledged(conn: Connection, turn_id: int) -> bool:
    """Whether the bot has said something polite in a turn."""
    said = select(turn.c.id).where(turn.c.id == turn_id, turn.c.acknowledged_at.is_not(None))
    return conn.execute(said).first() is not None


def closed_by_message(conn: Connection, message_id: int) -> list[int]:
    """The turns that this message closed, the oldest first: an answer of the phone's may have closed several."""
    rows = conn.execute(select(turn.c.id).where(turn.c.closing_message_id == message_id).order_by(turn.c.id))
    return list(rows.scalars())


def conversation_of(conn: Connection, turn_id: int) -> int:
    """The conversation that a turn belongs to."""
    return conn.execute(select(turn.c.conversation_id).where(turn.c.id == turn_id)).scalar_one()


def is_of(conn: Connection, turn_id: int, conversation_id: int) -> bool:
    """Whether a turn belongs to a conversation."""
    found = select(turn.c.id).where(turn.c.id == turn_id, turn.c.conversation_id == conversation_id)
    return conn.execute(found).first() is not None


def mark(conn: Connection, turn_id: int) -> HandledMark | None:
    """Who closed a turn, when and with what; None while it is open."""
    found = of(conn, {turn_id}).get(turn_id)
    return found.mark if found else None


def last_closed(conn: Connection, conversation_id: int) -> HandledMark | None:
    """The mark of the newest closed turn of a conversation."""
    turn_id = conn.execute(
        select(turn.c.id)
        .where(turn.c.conversation_id == conversation_id, turn.c.closed_at.is_not(None))
        .order_by(turn.c.id.desc())
        .limit(1)
    ).scalar()
    return mark(conn, turn_id) if turn_id is not None else None


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
    """The turns of these ids, without their last messages."""
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
