"""Conversations: at most one unresolved per contact. `conversation_list` shows them in lists."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)

from daemon.domain.desk import Priority, Status
from daemon.domain.ids import ChatKind
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author
from daemon.store.prepared_statement import Prepared
from daemon.store.sql import changed, written_out
from daemon.store.tables.core import contact_alias, conversation, message, turn

TYPING_LASTS = timedelta(seconds=10)

is_unresolved = conversation.c.status != written_out(Status.RESOLVED)
is_resolved = conversation.c.status == written_out(Status.RESOLVED)
is_with_person = conversation.c.kind == ChatKind.PERSON.value
# by the words of its index
is_in_group = conversation.c.kind == written_out(ChatKind.GROUP)
# whose open turns count: of a group that is off there are none
is_answered_here = conversation.c.kind.in_([ChatKind.PERSON.value, ChatKind.GROUP.value])


@dataclass(frozen=True, slots=True)
class Current:
    """A contact's unresolved conversation and its open turn, if any."""

    conversation_id: int
    turn_id: int | None


_current = (
    select(conversation.c.id, turn.c.id.label("turn_id"))
    .outerjoin(turn, and_(turn.c.conversation_id == conversation.c.id, turn.c.closed_at.is_(None)))
    .where(conversation.c.contact_id == bindparam("contact_id"), is_unresolved)
)
_at = bindparam("at", type_=conversation.c.last_at.type)
# a note is the team's own: it leads no conversation (written out: a prepared statement has no hidden values)
_is_note = message.c.kind == written_out(MessageKind.NOTE)
_in_the_list = (message.c.conversation_id == bindparam("conversation_id")) & ~_is_note
_later = tuple_(message.c.sent_at, message.c.id) > tuple_(_at, bindparam("message_id"))
_touch = Prepared(
    update(conversation)
    .where(
        conversation.c.id == bindparam("conversation_id"),
        ~select(message.c.id).where(_in_the_list, _later).correlate(None).exists(),
    )
    .values(last_message_id=bindparam("message_id"), last_at=_at)
)


def of_contacts(contact_ids: Collection[int]) -> Select[int]:
    """The conversations of some contacts, by index: it is there that their messages are found."""
    return select(conversation.c.id).where(conversation.c.contact_id.in_(contact_ids))


def contacts_of(conn: Connection, conversation_ids: Collection[int]) -> dict[int, int]:
    """Whose each of these conversations is."""
    rows = conn.execute(
        select(conversation.c.id, conversation.c.contact_id).where(conversation.c.id.in_(conversation_ids))
    )
    return dict(rows.all())


def current(conn: Connection, contact_id: int) -> Current | None:
    """The unresolved conversation of a contact with its open turn."""
    row = conn.execute(_current, {"contact_id": contact_id}).first()
    return Current(row.id, row.turn_id) if row else None


def last_resolved(conn: Connection, contact_id: int) -> int | None:
    """The conversation of a contact's that ended last."""
    return conn.execute(
        select(conversation.c.id)
        .where(conversation.c.contact_id == contact_id)
        .order_by(conversation.c.resolved_at.desc(), conversation.c.id.desc())
        .limit(1)
    ).scalar()


def last_of(conn: Connection, contact_id: int) -> int | None:
    """The conversation of a contact's that is going on, or the one that ended last."""
    here = current(conn, contact_id)
    return here.conversation_id if here else last_resolved(conn, contact_id)


def start(conn: Connection, account_id: int, contact_id: int, kind: ChatKind, now: datetime) -> int:
    """Open a conversation, linked to the one of the contact's that ended last."""
    return conn.execute(
        insert(conversation)
        .values(
            account_id=account_id,
            contact_id=contact_id,
            kind=kind.value,
            status=Status.UNASSIGNED.value,
            previous_id=last_resolved(conn, contact_id),
            created_at=now,
            last_at=now,
        )
        .returning(conversation.c.id)
    ).scalar_one()


def touch(conn: Connection, conversation_id: int, message_id: int, at: datetime) -> None:
    """Let a message, sent `at`, lead its conversation in the list, unless a later one is there."""
    _touch.run(conn, {"conversation_id": conversation_id, "message_id": message_id, "at": at})


def lead(conn: Connection, conversation_id: int) -> None:
    """Let the last message by WhatsApp's time, ties by arrival, lead its conversation in the list."""
    last = (
        select(message.c.id, message.c.sent_at)
        .where(_in_the_list)
        .order_by(message.c.sent_at.desc(), message.c.id.desc())
        .limit(1)
    )
    row = conn.execute(last, {"conversation_id": conversation_id}).first()
    values: dict[str, Any] = (
        {"last_message_id": None} if row is None else {"last_message_id": row.id, "last_at": row.sent_at}
    )
    conn.execute(update(conversation).where(conversation.c.id == conversation_id).values(values))


def see(conn: Connection, conversation_id: int, message_id: int) -> bool:
    """Messages up to `message_id` have been looked at; True if that changes the unread count."""
    return changed(
        conn,
        update(conversation)
        .where(conversation.c.id == conversation_id, conversation.c.seen_message_id < message_id)
        .values(seen_message_id=message_id),
    )


def unsee(conn: Connection, conversation_id: int) -> bool:
    """The customer's last message counts as not looked at; False if it does, or if there is none."""
    last = (
        select(message.c.id)
        .where(
            message.c.conversation_id == conversation_id,
            message.c.author == Author.CUSTOMER.value,
            message.c.is_history.is_(False),
        )
        .order_by(message.c.sent_at.desc(), message.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return changed(
        conn,
        update(conversation)
        .where(conversation.c.id == conversation_id, conversation.c.seen_message_id >= last)
        .values(seen_message_id=last - 1),
    )


def set_typing(conn: Connection, conversation_id: int, typing: bool, now: datetime) -> bool:
    """Note that the customer types or has stopped; True if that is news (typing stays news for ten seconds)."""
    at = conversation.c.typing_at
    news = at.is_(None) | (at < now - TYPING_LASTS) if typing else at.is_not(None)
    return changed(
        conn,
        update(conversation)
        .where(conversation.c.id == conversation_id, news)
        .values(typing_at=now if typing else None),
    )


def assign(conn: Connection, conversation_id: int, admin_id: int, now: datetime) -> bool:
    """Give an unassigned conversation to an admin; False if it was not unassigned (any more)."""
    return changed(
        conn,
        update(conversation)
        .where(conversation.c.id == conversation_id, conversation.c.status == Status.UNASSIGNED.value)
        .values(status=Status.ASSIGNED.value, assignee_id=admin_id, assigned_at=now),
    )


def give(conn: Connection, conversation_id: int, admin_id: int, now: datetime) -> bool:
    """Give an unresolved conversation to an admin, whoever had it; False if it is his already, or resolved."""
    return changed(
        conn,
        update(conversation)
        .where(
            conversation.c.id == conversation_id,
            is_unresolved,
            conversation.c.assignee_id.is_distinct_from(admin_id),
        )
        .values(status=Status.ASSIGNED.value, assignee_id=admin_id, assigned_at=now),
    )


def release(conn: Connection, conversation_id: int, admin_id: int) -> bool:
    """Take an admin's conversation back into the queue; False if it is not his (any more)."""
    return changed(
        conn,
        update(conversation)
        .where(
            conversation.c.id == conversation_id,
            conversation.c.status == Status.ASSIGNED.value,
            conversation.c.assignee_id == admin_id,
        )
        .values(status=Status.UNASSIGNED.value, assignee_id=None, assigned_at=None),
    )


def resolve(conn: Connection, conversation_id: int, admin_id: int | None, now: datetime) -> bool:
    """End a conversation (it keeps its assignee); False if it has ended already."""
    return changed(
        conn,
        update(conversation)
        .where(conversation.c.id == conversation_id, is_unresolved)
        .values(status=Status.RESOLVED.value, resolved_at=now, resolved_by_id=admin_id, typing_at=None),
    )


def reopen(conn: Connection, conversation_id: int, since: datetime) -> bool:
    """Take up a resolved conversation again; False unless it is resolved and its contact has no other open.

    Who had it has it again, since that moment.
    """
    other = conversation.alias()
    contact_id = select(conversation.c.contact_id).where(conversation.c.id == conversation_id).scalar_subquery()
    nobodys = conversation.c.assignee_id.is_(None)
    status = case((nobodys, Status.UNASSIGNED.value), else_=Status.ASSIGNED.value)
    assigned_at = case((nobodys, None), else_=literal(since, conversation.c.assigned_at.type))
    return changed(
        conn,
        update(conversation)
        .where(
            conversation.c.id == conversation_id,
            is_resolved,
            ~select(other.c.id)
            .where(other.c.contact_id == contact_id, other.c.status != written_out(Status.RESOLVED))
            .exists(),
            # a forgotten customer has no address
            select(contact_alias.c.contact_id).where(contact_alias.c.contact_id == contact_id).exists(),
        )
        .values(status=status, assigned_at=assigned_at, resolved_at=None, resolved_by_id=None),
    )


def set_priority(conn: Connection, conversation_id: int, priority: Priority) -> bool:
    """Say how urgent an unresolved conversation is; False if that is known."""
    return changed(
        conn,
        update(conversation)
        .where(
            conversation.c.id == conversation_id,
            is_unresolved,
            conversation.c.priority != priority.value,
        )
        .values(priority=priority.value),
    )


def note(conn: Connection, conversation_id: int, message_id: int, by: Author, at: datetime) -> bool:
    """Messages up to this one were read on another own device; False if that is known."""
    seen = conversation.c.seen_elsewhere_message_id
    return changed(
        conn,
        update(conversation)
        .where(conversation.c.id == conversation_id, func.coalesce(seen, 0) < message_id)
        .values(seen_elsewhere_message_id=message_id, seen_elsewhere_by=by.value, seen_elsewhere_at=at),
    )
