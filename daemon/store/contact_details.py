"""What the shop knows about a customer: his note, fields of its own, and his earlier conversations."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from auth_store.tables import admin
from daemon.domain.ids import Address, ChatKind
from daemon.store.conversations import is_resolved
from daemon.store.sql import changed, upsert
from daemon.store.tables.core import contact, contact_alias, conversation, message
from daemon.store.tables.desk import contact_field, rating


@dataclass(frozen=True, slots=True)
class EarlierConversation:
    """A resolved conversation of a customer."""

    conversation_id: int
    created_at: datetime
    resolved_at: datetime | None
    resolved_by_name: str | None
    score: int | None


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A contact's own row."""

    account_id: int
    kind: ChatKind
    name: str | None
    shop_name: str | None
    phone: str | None
    note: str | None
    is_forgotten: bool
    # into another one
    is_merged: bool


def card(conn: Connection, contact_id: int) -> ContactRow | None:
    """A contact's own row; None if there is none."""
    row = conn.execute(
        select(
            contact.c.account_id,
            contact.c.kind,
            contact.c.name,
            contact.c.shop_name,
            contact.c.phone,
            contact.c.note,
            contact.c.forgotten_at,
            contact.c.merged_into,
        ).where(contact.c.id == contact_id)
    ).first()
    if row is None:
        return None
    return ContactRow(
        account_id=row.account_id,
        kind=ChatKind(row.kind),
        name=row.name,
        shop_name=row.shop_name,
        phone=row.phone,
        note=row.note,
        is_forgotten=row.forgotten_at is not None,
        is_merged=row.merged_into is not None,
    )


def addresses(conn: Connection, contact_id: int) -> list[Address]:
    """Everything that reaches a contact, phones first."""
    rows = conn.execute(
        select(contact_alias.c.user, contact_alias.c.server)
        .where(contact_alias.c.contact_id == contact_id)
        .order_by(contact_alias.c.server.desc(), contact_alias.c.user)
    )
    return [Address(row.user, row.server) for row in rows]


def set_note(conn: Connection, contact_id: int, note: str | None) -> bool:
    """Keep a note; False if it says that already."""
    new = update(contact).where(contact.c.id == contact_id, contact.c.note.is_distinct_from(note))
    return changed(conn, new.values(note=note))


def fields(conn: Connection, contact_id: int) -> list[tuple[str, str]]:
    """A contact's fields, by name."""
    rows = conn.execute(
        select(contact_field.c.name, contact_field.c.value).where(contact_field.c.contact_id == contact_id)
    )
    return sorted(((row.name, row.value) for row in rows), key=lambda field: (field[0].casefold(), field[0]))


def put_field(conn: Connection, contact_id: int, name: str, value: str) -> None:
    """Fill a field."""
    conn.execute(upsert(contact_field, {"contact_id": contact_id, "name": name}, {"value": value}))


def drop_field(conn: Connection, contact_id: int, name: str) -> bool:
    """Take a field away; False if there was none."""
    return changed(
        conn, delete(contact_field).where(contact_field.c.contact_id == contact_id, contact_field.c.name == name)
    )


def earlier(conn: Connection, contact_id: int, limit: int = 20) -> list[EarlierConversation]:
    """A contact's resolved conversations, the newest first; those that a merge has emptied are no more."""
    rows = conn.execute(
        select(
            conversation.c.id,
            conversation.c.created_at,
            conversation.c.resolved_at,
            admin.c.name,
            rating.c.score,
        )
        .outerjoin(admin, admin.c.id == conversation.c.resolved_by_id)
        .outerjoin(rating, rating.c.conversation_id == conversation.c.id)
        .where(
            conversation.c.contact_id == contact_id,
            is_resolved,
            select(message.c.id).where(message.c.conversation_id == conversation.c.id).exists(),
        )
        .order_by(conversation.c.resolved_at.desc(), conversation.c.id.desc())
        .limit(limit)
    )
    return [EarlierConversation(row.id, row.created_at, row.resolved_at, row.name, row.score) for row in rows]
