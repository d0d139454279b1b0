"""What the bot has to look at: turns with news it has not dealt with, and what it said to whom."""

from collections.abc import Collection, Generator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author, Delivery
from daemon.store import claims, contact_names
from daemon.store.conversations import is_unresolved, is_with_person
from daemon.store.tables.core import contact, conversation, message, turn
from daemon.store.tables.desk import claim

# a turn is looked at from its newest message; nobody repeats his question a hundred messages later
LOOKED_AT = 100


@dataclass(frozen=True, slots=True)
class WaitingTurn:
    """An open turn with messages that the bot has not dealt with; the newest of all is `newest_id`."""

    turn_id: int
    conversation_id: int
    contact_id: int
    contact_name: str | None
    is_first: bool
    acknowledged_at: datetime | None
    dealt_with_id: int
    newest_id: int
    newest_arrived_at: datetime


@dataclass(frozen=True, slots=True)
class SaidMessage:
    """A message of a conversation as far as it matters to the bot."""

    id: int
    turn_id: int | None
    author: Author
    text: str | None
    sent_at: datetime
    arrived_at: datetime


_never_left = (message.c.author == Author.BOT.value) & message.c.delivery.in_(
    [Delivery.CANCELLED.value, Delivery.FAILED.value, Delivery.DISCARDED.value]
)


def _is_said() -> ColumnElement[bool]:
    """Messages that the customer has got or given: no notes, nothing of the bot's that never left."""
    return (message.c.kind != MessageKind.NOTE.value) & or_(message.c.delivery.is_(None), ~_never_left)


def waiting(
    conn: Connection, account_id: int, now: datetime, until: datetime, turn_ids: Collection[int] | None = None
) -> Generator[WaitingTurn]:
    """Open, unclaimed turns of customers in which something was said since the bot looked, oldest first.

    Only those whose newest message had arrived by `until`, and only these `turn_ids`, if given. They are read as
    they are taken: whoever wants a few of thousands stops (and closes the iterator).
    """
    claimed = select(claim.c.conversation_id).where(
        claim.c.conversation_id == conversation.c.id, claims.holds(now)
    )
    statement = (
        select(
            turn.c.id,
            conversation.c.id.label("conversation_id"),
            conversation.c.contact_id,
            contact_names.shown_name.label("name"),
            conversation.c.previous_id,
            turn.c.acknowledged_at,
            turn.c.bot_message_id,
            conversation.c.last_message_id,
            message.c.arrived_at,
        )
        .join(conversation, conversation.c.id == turn.c.conversation_id)
        .join(contact, contact.c.id == conversation.c.contact_id)
        .join(message, message.c.id == conversation.c.last_message_id)
        .where(
            turn.c.closed_at.is_(None),
            is_with_person,
            is_unresolved,
            conversation.c.last_message_id > turn.c.bot_message_id,
            message.c.arrived_at <= until,
            ~claimed.exists(),
        )
    )
    if turn_ids is None:
        statement = statement.where(turn.c.account_id == account_id).order_by(turn.c.opened_at, turn.c.id)
    else:
        statement = statement.where(turn.c.id.in_(turn_ids)).order_by(turn.c.id)
    with conn.execute(statement) as rows:
        for r in rows:
            yield WaitingTurn(
                r.id,
                r.conversation_id,
                r.contact_id,
                r.name,
                r.previous_id is None,
                r.acknowledged_at,
                r.bot_message_id,
                r.last_message_id,
                r.arrived_at,
            )


def newest_lines(conn: Connection, conversation_id: int) -> list[SaidMessage]:
    """What was said last in a conversation, newest first, in WhatsApp's order; nothing deleted for everyone."""
    rows = conn.execute(
        select(
            message.c.id,
            message.c.turn_id,
            message.c.author,
            message.c.text,
            message.c.sent_at,
            message.c.arrived_at,
        )
        .where(
            message.c.conversation_id == conversation_id,
            message.c.revoked_at.is_(None),
            _is_said(),
        )
        .order_by(message.c.sent_at.desc(), message.c.id.desc())
        .limit(LOOKED_AT)
    )
    return [SaidMessage(r.id, r.turn_id, Author(r.author), r.text, r.sent_at, r.arrived_at) for r in rows]


def was_written_to(conn: Connection, conversation_id: int) -> bool:
    """Whether the shop has ever written here, or there is history: the contact is not new."""
    found = select(message.c.id).where(
        message.c.conversation_id == conversation_id,
        message.c.from_me.is_(True) | message.c.is_history.is_(True),
        _is_said(),
    )
    return conn.execute(found.limit(1)).first() is not None


def spoken(conn: Connection, contact_id: int) -> dict[str, datetime]:
    """When each of the bot's texts last went to a contact."""
    rows = conn.execute(
        select(message.c.bot_key, func.max(message.c.arrived_at).label("at"))
        .where(message.c.contact_id == contact_id, message.c.bot_key.is_not(None), ~_never_left)
        .group_by(message.c.bot_key)
    )
    return {row.bot_key: row.at for row in rows}


def note(conn: Connection, turn_id: int, message_id: int) -> None:
    """The bot has dealt with a turn's messages up to this one."""
    conn.execute(
        update(turn)
        .where(turn.c.id == turn_id, turn.c.bot_message_id < message_id)
        .values(bot_message_id=message_id)
    )
