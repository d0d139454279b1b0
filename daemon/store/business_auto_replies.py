"""What looks as if WhatsApp Business on the phone had written it by itself."""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Connection, func, select, type_coerce, update

from daemon.domain.messages import Author
from daemon.store.sql import changed, written_out
from daemon.store.tables.core import message

_is_from_phone = message.c.author == written_out(Author.PHONE)


def follows_first_words(conn: Connection, message_id: int, within: timedelta) -> bool:
    """Whether a message came so shortly after the words that had opened its turn."""
    found = select(message.c.id).where(message.c.id == message_id, _shortly_after(within))
    return conn.execute(found).first() is not None


def twins(
    conn: Connection, account_id: int, words: str, since: datetime, within: timedelta
) -> list[tuple[int, int, int]]:
    """The phone's messages with this text that came as quickly: (id, conversation, contact) of each."""
    rows = conn.execute(
        select(message.c.id, message.c.conversation_id, message.c.contact_id)
        .where(
            _is_from_phone,
            message.c.account_id == account_id,
            message.c.sent_at >= since,
            message.c.text == words,
            _shortly_after(within),
        )
        .order_by(message.c.id)
    )
    return [(row.id, row.conversation_id, row.contact_id) for row in rows]


def is_known(conn: Connection, account_id: int, words: str, since: datetime) -> bool:
    """Whether the phone has sent this text by itself before."""
    return (
        conn.execute(
            select(message.c.id)
            .where(
                _is_from_phone,
                message.c.account_id == account_id,
                message.c.sent_at >= since,
                message.c.text == words,
                message.c.is_automatic.is_(True),
            )
            .limit(1)
        ).first()
        is not None
    )


def _shortly_after(within: timedelta) -> ColumnElement[bool]:
    """Both times are WhatsApp's, in whole seconds."""
    said, last = message.alias("said"), message.alias("last")
    # a colleague here may have been as quick: then the turn was closed when it came
    closed = (
        select(last.c.turn_id)
        .where(last.c.conversation_id == message.c.conversation_id, last.c.sent_at <= message.c.sent_at)
        .where(last.c.author == Author.CUSTOMER.value)
        .order_by(last.c.sent_at.desc(), last.c.id.desc())
        .limit(1)
        # of the message that is asked about, two levels up
        .correlate(message)
        .scalar_subquery()
    )
    first = (
        select(type_coerce(func.min(said.c.sent_at), BigInteger))
        .where(said.c.turn_id == func.coalesce(message.c.turn_id, closed), said.c.author == Author.CUSTOMER.value)
        .scalar_subquery()
    )
    at = type_coerce(message.c.sent_at, BigInteger)
    return first.between(at - int(within.total_seconds() * 1000), at)


def mark(conn: Connection, message_id: int) -> bool:
    """Remember that a message was automatic; False if that is known."""
    return changed(
        conn,
        update(message)
        .where(message.c.id == message_id, message.c.is_automatic.is_(False))
        .values(is_automatic=True),
    )
