"""Conversations: at most one unresolved per contact."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, case, func, insert, select, update

from daemon.domain.ids import ChatKind
from daemon.domain.messages import Delivery, MessageKind
from daemon.store.prepared import Prepared
from daemon.store.tables import admin, contact, conversation, message, turn

TYPING_LASTS = timedelta(seconds=10)


class Status(StrEnum):
    """Where a conversation stands."""

    UNASSIGNED = "unassigned"
    ASSIGNED = "assigned"
    RESOLVED = "resolved"


class Box(StrEnum):
    """Which conversations a list shows."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Current:
    """A contact's unresolved conversation and its open turn, if any."""

    conversation_id: int
    turn_id: int | None


@dataclass(frozen=True, slots=True)
class Summary:
    """A conversation as one row of the list."""

    id: int
    account_id: int
    contact_id: int
    contact_name: str | None
    contact_phone: str | None
    status: Status
    assignee_id: int | None
    assignee_name: str | None
    last_at: datetime
    last_text: str | None
    last_kind: MessageKind | None
    last_from_me: bool
    last_delivery: Delivery | None
    last_revoked: bool
    unread: int
    waiting_since: datetime | None


_current = (
    select(conversation.c.id, turn.c.id.label("turn_id"))
    .outerjoin(turn, and_(turn.c.conversation_id == conversation.c.id, turn.c.closed_at.is_(None)))
    .where(conversation.c.contact_id == bindparam("contact_id"), conversation.c.status != "resolved")
)
_touch = Prepared(
    update(conversation)
    .where(conversation.c.id == bindparam("conversation_id"))
    .values(
        last_message_id=bindparam("message_id"),
        last_at=func.max(conversation.c.last_at, bindparam("at", type_=conversation.c.last_at.type)),
    )
)


def current(conn: Connection, contact_id: int) -> Current | None:
    """The unresolved conversation of a contact with its open turn."""
    row = conn.execute(_current, {"contact_id": contact_id}).first()
    return Current(row.id, row.turn_id) if row else None


def start(conn: Connection, account_id: int, contact_id: int, kind: ChatKind, now: datetime) -> int:
    """Open a conversation, linked to the contact's previous one."""
    previous = conn.execute(
        select(func.max(conversation.c.id)).where(conversation.c.contact_id == contact_id)
    ).scalar()
    return conn.execute(
        insert(conversation)
        .values(
            account_id=account_id,
            contact_id=contact_id,
            kind=kind.value,
            status=Status.UNASSIGNED.value,
            previous_id=previous,
            created_at=now,
            last_at=now,
        )
        .returning(conversation.c.id)
    ).scalar_one()


def touch(conn: Connection, conversation_id: int, message_id: int, at: datetime) -> None:
    """Make a message the newest of its conversation."""
    _touch.run(conn, {"conversation_id": conversation_id, "message_id": message_id, "at": at})


def touch_history(conn: Connection, conversation_id: int, message_id: int, at: datetime) -> None:
    """Make an imported message the newest of its conversation, unless a later one is there already."""
    conn.execute(
        update(conversation)
        .where(
            conversation.c.id == conversation_id,
            (conversation.c.last_at <= at) | conversation.c.last_message_id.is_(None),
        )
        .values(last_message_id=message_id, last_at=at)
    )


def see(conn: Connection, conversation_id: int, message_id: int) -> bool:
    """Messages up to `message_id` have been looked at; True if that changes the unread count."""
    return (
        conn.execute(
            update(conversation)
            .where(conversation.c.id == conversation_id, conversation.c.seen_message_id < message_id)
            .values(seen_message_id=message_id)
        ).rowcount
        == 1
    )


def set_typing(conn: Connection, conversation_id: int, typing: bool, now: datetime) -> bool:
    """Note that the customer types or has stopped; True if that is news (typing stays news for ten seconds)."""
    at = conversation.c.typing_at
    news = at.is_(None) | (at < now - TYPING_LASTS) if typing else at.is_not(None)
    return (
        conn.execute(
            update(conversation)
            .where(conversation.c.id == conversation_id, news)
            .values(typing_at=now if typing else None)
        ).rowcount
        == 1
    )


def assign(conn: Connection, conversation_id: int, admin_id: int, now: datetime) -> bool:
    """Give an unassigned conversation to an admin; False if it was not unassigned (any more)."""
    return (
        conn.execute(
            update(conversation)
            .where(conversation.c.id == conversation_id, conversation.c.status == Status.UNASSIGNED.value)
            .values(status=Status.ASSIGNED.value, assignee_id=admin_id, assigned_at=now)
        ).rowcount
        == 1
    )


def listing(
    conn: Connection,
    account_id: int,
    box: Box,
    admin_id: int,
    limit: int = 100,
    before: datetime | None = None,
) -> list[Summary]:
    """Customers' unresolved conversations, newest message first (`before`: older than that moment)."""
    conditions: list[ColumnElement[bool]] = [
        conversation.c.account_id == account_id,
        conversation.c.kind == ChatKind.PERSON.value,
        conversation.c.status != Status.RESOLVED.value,
    ]
    if before is not None:
        conditions.append(conversation.c.last_at < before)
    if box == Box.MINE:
        conditions.append(conversation.c.assignee_id == admin_id)
    elif box == Box.UNASSIGNED:
        conditions.append(conversation.c.status == Status.UNASSIGNED.value)
    statement = _summaries.where(*conditions).order_by(conversation.c.last_at.desc(), conversation.c.id.desc())
    return [_summary(row) for row in conn.execute(statement.limit(limit))]


def summary(conn: Connection, conversation_id: int) -> Summary | None:
    """One conversation as a row of the list, whatever its status; None if there is none."""
    row = conn.execute(_summaries.where(conversation.c.id == conversation_id)).first()
    return _summary(row) if row else None


def counts(conn: Connection, account_id: int, admin_id: int) -> dict[Box, int]:
    """How many unresolved conversations each list holds."""
    owned = counts_by_admin(conn, account_id)
    return {Box.ALL: sum(owned.values()), Box.MINE: owned.get(admin_id, 0), Box.UNASSIGNED: owned.get(None, 0)}


_last = message.alias("last")
_unread = (
    select(func.count())
    .where(
        message.c.conversation_id == conversation.c.id,
        message.c.id > conversation.c.seen_message_id,
        message.c.author == "customer",
        message.c.is_history.is_(False),
    )
    .scalar_subquery()
)
_summaries = (
    select(
        conversation.c.id,
        conversation.c.account_id,
        conversation.c.contact_id,
        contact.c.name,
        contact.c.phone,
        conversation.c.status,
        conversation.c.assignee_id,
        admin.c.name.label("assignee_name"),
        conversation.c.last_at,
        _last.c.text,
        _last.c.kind,
        _last.c.from_me,
        _last.c.delivery,
        _last.c.revoked_at,
        _unread.label("unread"),
        turn.c.opened_at,
    )
    .join(contact, contact.c.id == conversation.c.contact_id)
    .outerjoin(admin, admin.c.id == conversation.c.assignee_id)
    .outerjoin(_last, _last.c.id == conversation.c.last_message_id)
    .outerjoin(turn, and_(turn.c.conversation_id == conversation.c.id, turn.c.closed_at.is_(None)))
)


def _summary(row: Row[*tuple[object, ...]]) -> Summary:
    return Summary(
        id=row.id,
        account_id=row.account_id,
        contact_id=row.contact_id,
        contact_name=row.name,
        contact_phone=row.phone,
        status=Status(row.status),
        assignee_id=row.assignee_id,
        assignee_name=row.assignee_name,
        last_at=row.last_at,
        last_text=row.text,
        last_kind=MessageKind(row.kind) if row.kind else None,
        last_from_me=bool(row.from_me),
        last_delivery=Delivery(row.delivery) if row.delivery else None,
        last_revoked=row.revoked_at is not None,
        unread=row.unread,
        waiting_since=row.opened_at,
    )


def counts_by_admin(conn: Connection, account_id: int) -> dict[int | None, int]:
    """How many unresolved conversations each admin has; None counts those that nobody has."""
    owner = case((conversation.c.status == Status.UNASSIGNED.value, None), else_=conversation.c.assignee_id)
    rows = conn.execute(
        select(owner.label("owner"), func.count())
        .where(
            conversation.c.account_id == account_id,
            conversation.c.kind == ChatKind.PERSON.value,
            conversation.c.status != Status.RESOLVED.value,
        )
        .group_by(owner)
    )
    return dict(rows.all())
