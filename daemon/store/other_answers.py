"""Answers that a customer got besides the reply at hand: from the phone, another device, a colleague."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from daemon.domain.messages import REACHED_WHATSAPP, Author, Delivery
from daemon.domain.turns import Closer
from daemon.store.conversations import of_contacts
from daemon.store.tables.core import conversation, message, outbox


@dataclass(frozen=True, slots=True)
class OtherAnswer:
    """Another reply that the customer got, and WhatsApp's time of it."""

    message_id: int
    closer: Closer
    sent_at: datetime


_other = message.alias("other")
_others = select(_other.c.id, _other.c.author, _other.c.admin_id, _other.c.device, _other.c.sent_at)
# by whom a customer is answered in person; WhatsApp Business's greetings, what was deleted again and what his
# device can't read answer nobody
_answers = (
    _other.c.is_automatic.is_(False)
    & _other.c.is_history.is_(False)
    & _other.c.revoked_at.is_(None)
    & _other.c.unreadable_at.is_(None)
)
_ON_ITS_WAY = (Delivery.QUEUED, Delivery.SENDING, Delivery.UNCERTAIN)
_ELSEWHERE = (Author.PHONE.value, Author.COMPANION.value)


def answered_meanwhile(conn: Connection, outbox_id: int) -> OtherAnswer | None:
    """What another own device has written to the customer since a reply was taken out to be sent; the newest."""
    statement = (
        _others.join(message, message.c.contact_id == _other.c.contact_id)
        .join(outbox, outbox.c.message_id == message.c.id)
        .where(
            outbox.c.id == outbox_id,
            _answers,
            _other.c.author.in_(_ELSEWHERE),
            _other.c.id > func.coalesce(outbox.c.newest_message_id, message.c.id),
        )
    )
    return _newest(conn, statement)


def newest_elsewhere(conn: Connection, contact_id: int) -> OtherAnswer | None:
    """What another own device has last written to a customer."""
    return _newest(
        conn,
        _others.where(
            _answers, _other.c.conversation_id.in_(of_contacts([contact_id])), _other.c.author.in_(_ELSEWHERE)
        ),
    )


def answer_after(conn: Connection, turn_id: int, message_id: int) -> OtherAnswer | None:
    """A person's reply, other than this one, that the customer got after the last words of a turn; the newest.

    Else one of ours to that turn that is on its way.
    """
    said = (message.c.turn_id == turn_id) & (message.c.author == Author.CUSTOMER.value)
    last_at, last_id = (
        select(func.max(column)).where(said).scalar_subquery() for column in (message.c.sent_at, message.c.id)
    )
    customer = select(message.c.contact_id).where(message.c.id == message_id).scalar_subquery()
    his = select(conversation.c.id).where(conversation.c.contact_id == customer)
    statement = _others.where(
        _answers,
        _other.c.conversation_id.in_(his),
        _other.c.id != message_id,
        _other.c.author.in_((*_ELSEWHERE, Author.ADMIN.value)),
        _other.c.delivery.in_([state.value for state in REACHED_WHATSAPP]),
        _other.c.sent_at >= last_at,
        _other.c.id > last_id,
    )
    if (found := _newest(conn, statement)) is not None:
        return found
    on_its_way = _others.where(
        _answers,
        _other.c.turn_id == turn_id,
        _other.c.id != message_id,
        _other.c.author == Author.ADMIN.value,
        _other.c.delivery.in_([state.value for state in _ON_ITS_WAY]),
        _other.c.id > last_id,
    )
    return _newest(conn, on_its_way)


def came_since(conn: Connection, conversation_id: int, seen_id: int) -> bool:
    """Whether a person has written to the customer, here or in another conversation, after what a page showed."""
    customer = select(conversation.c.contact_id).where(conversation.c.id == conversation_id).scalar_subquery()
    found = select(message.c.id).where(
        message.c.conversation_id.in_(select(conversation.c.id).where(conversation.c.contact_id == customer)),
        message.c.id > seen_id,
        message.c.author.in_((Author.ADMIN.value, Author.PHONE.value, Author.COMPANION.value)),
        message.c.delivery.is_not(None),
        message.c.is_automatic.is_(False),
    )
    return conn.execute(found.limit(1)).first() is not None


def _newest(conn: Connection, statement: Select[Any]) -> OtherAnswer | None:
    # not ORDER BY: SQLite would walk back through everybody's messages
    newest = statement.with_only_columns(func.max(_other.c.id)).correlate(None).scalar_subquery()
    row = conn.execute(_others.where(_other.c.id == newest)).first()
    if row is None:
        return None
    return OtherAnswer(row.id, Closer(Author(row.author), row.admin_id, row.device), row.sent_at)
