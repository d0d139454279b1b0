"""What looks as if WhatsApp Business on the phone had written it by itself."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, exists, literal, select, text, update

from daemon.domain.messages import Author
from daemon.store.tables import message

# written out, because SQLite uses the partial index only for the very words of its definition
_FROM_PHONE = text("message.author = 'phone'")
_earlier = message.alias("earlier")


def follows_customer(conn: Connection, conversation_id: int, sent_at: datetime, within: timedelta) -> bool:
    """Whether a customer's message came so shortly before."""
    return (
        conn.execute(
            select(message.c.id)
            .where(
                message.c.conversation_id == conversation_id,
                message.c.author == Author.CUSTOMER.value,
                message.c.sent_at.between(sent_at - within, sent_at),
            )
            .limit(1)
        ).first()
        is not None
    )


def twins(
    conn: Connection, account_id: int, words: str, since: datetime, within: timedelta
) -> list[tuple[int, int, int]]:
    """The phone's messages with the same text, each shortly after the customer's: (id, conversation, contact)."""
    rows = conn.execute(
        select(message.c.id, message.c.conversation_id, message.c.contact_id)
        .where(
            _FROM_PHONE,
            message.c.account_id == account_id,
            message.c.sent_at >= since,
            message.c.text == words,
            _shortly_after(within),
        )
        .order_by(message.c.id)
    )
    return [(row.id, row.conversation_id, row.contact_id) for row in rows]


def _shortly_after(within: timedelta) -> ColumnElement[bool]:
    milliseconds = literal(int(within.total_seconds() * 1000))
    return exists().where(
        _earlier.c.conversation_id == message.c.conversation_id,
        _earlier.c.author == Author.CUSTOMER.value,
        _earlier.c.sent_at <= message.c.sent_at,
        text("earlier.sent_at >= message.sent_at - :within").bindparams(within=milliseconds.value),
    )


def mark(conn: Connection, message_id: int) -> bool:
    """Remember that a message was automatic; False if that is known."""
    return (
        conn.execute(
            update(message)
            .where(message.c.id == message_id, message.c.is_automatic.is_(False))
            .values(is_automatic=True)
        ).rowcount
        == 1
    )
