"""Places in the one thread of a contact: where a conversation ends in it, and where a part of it does."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, literal, select, tuple_

from daemon.store.tables.core import message

# (sent_at, id) of a message, in WhatsApp's order
Place = tuple[datetime, int]


def last_messages(conn: Connection, conversation_ids: Collection[int]) -> dict[int, Place]:
    """The last message of each of these conversations, by WhatsApp's time."""
    found: dict[int, Place] = {}
    for conversation_id in conversation_ids:
        row = conn.execute(
            select(message.c.sent_at, message.c.id)
            .where(message.c.conversation_id == conversation_id)
            .order_by(message.c.sent_at.desc(), message.c.id.desc())
            .limit(1)
        ).first()
        if row is not None:
            found[conversation_id] = (row.sent_at, row.id)
    return found


def some_after(conn: Connection, contact_id: int, place: Place, count: int) -> Place | None:
    """The message that stands so many behind a place; None if there are not that many."""
    start = tuple_(literal(place[0], message.c.sent_at.type), literal(place[1]))
    row = conn.execute(
        select(message.c.sent_at, message.c.id)
        .where(message.c.contact_id == contact_id, tuple_(message.c.sent_at, message.c.id) > start)
        .order_by(message.c.sent_at, message.c.id)
        .offset(count - 1)
        .limit(1)
    ).first()
    return (row.sent_at, row.id) if row else None
