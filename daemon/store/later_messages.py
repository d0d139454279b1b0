"""What a customer has said after a message that a page had shown, in the order of arrival."""

from sqlalchemy import ColumnElement, Connection, func, select

from daemon.domain.messages import Author
from daemon.store.tables.core import message


def is_of(conn: Connection, message_id: int, conversation_id: int) -> bool:
    """Whether a message belongs to a conversation."""
    found = select(message.c.id).where(message.c.id == message_id, message.c.conversation_id == conversation_id)
    return conn.execute(found).first() is not None


def count(conn: Connection, conversation_id: int, shown: int) -> int:
    """How many messages of the customer came after this one; history that is fetched later does not count."""
    later = _said(conversation_id) & (message.c.id > shown)
    return conn.execute(select(func.count()).where(later, message.c.is_history.is_(False))).scalar_one()


def count_in_turn(conn: Connection, conversation_id: int, turn_id: int, shown: int) -> int:
    """How many messages of a turn came after this one."""
    later = _said(conversation_id) & (message.c.id > shown)
    return conn.execute(select(func.count()).where(later, message.c.turn_id == turn_id)).scalar_one()


def begins_by(conn: Connection, conversation_id: int, turn_id: int, shown: int) -> bool:
    """Whether any message of a turn had come by then."""
    earlier = select(message.c.id).where(
        _said(conversation_id), message.c.turn_id == turn_id, message.c.id <= shown
    )
    return conn.execute(earlier.limit(1)).first() is not None


def _said(conversation_id: int) -> ColumnElement[bool]:
    return (message.c.conversation_id == conversation_id) & (message.c.author == Author.CUSTOMER.value)
