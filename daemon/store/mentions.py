"""Colleagues named in internal notes, until they have looked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from auth_store.tables import admin
from daemon.store.sql import changed
from daemon.store.tables.core import message
from daemon.store.tables.desk import mention


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody was named in a note."""

    conversation_id: int
    message_id: int
    by_name: str
    text: str


def by_username(conn: Connection) -> dict[str, int]:
    """Everybody who may log in, by user name."""
    rows = conn.execute(select(admin.c.username, admin.c.id).where(admin.c.disabled_at.is_(None)))
    return {row.username: row.id for row in rows}


def add(conn: Connection, message_id: int, admin_ids: Iterable[int]) -> None:
    """Note who is named in a note."""
    rows = [{"message_id": message_id, "admin_id": admin_id} for admin_id in sorted(set(admin_ids))]
    if rows:
        conn.execute(insert(mention), rows)


def unseen(conn: Connection, admin_id: int) -> list[Mention]:
    """Where an admin is named and has not looked yet, oldest first."""
    rows = conn.execute(
        select(message.c.conversation_id, message.c.id, admin.c.name, message.c.text)
        .select_from(mention)
        .join(message, message.c.id == mention.c.message_id)
        .outerjoin(admin, admin.c.id == message.c.admin_id)
        .where(mention.c.admin_id == admin_id, mention.c.seen_at.is_(None))
        .order_by(message.c.id)
    )
    return [Mention(row.conversation_id, row.id, row.name or "", row.text or "") for row in rows]


def unseen_by_admin(conn: Connection) -> dict[int, list[int]]:
    """For every admin who is named somewhere and has not looked yet: in which conversations."""
    rows = conn.execute(
        select(mention.c.admin_id, message.c.conversation_id)
        .join(message, message.c.id == mention.c.message_id)
        .where(mention.c.seen_at.is_(None))
        .distinct()
        .order_by(message.c.conversation_id)
    )
    found: dict[int, list[int]] = {}
    for row in rows:
        found.setdefault(row.admin_id, []).append(row.conversation_id)
    return found


def see(conn: Connection, conversation_id: int, admin_id: int, now: datetime) -> bool:
    """An admin has looked at a conversation; True if he was named there."""
    here = select(message.c.id).where(
        message.c.conversation_id == conversation_id, message.c.id == mention.c.message_id
    )
    return changed(
        conn,
        update(mention)
        .where(mention.c.admin_id == admin_id, mention.c.seen_at.is_(None), here.exists())
        .values(seen_at=now),
    )
