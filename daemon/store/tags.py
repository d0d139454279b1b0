"""Tags of conversations: made on first use, gone with their last."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from daemon.store.sql import changed, insert_new
from daemon.store.tables.desk import conversation_tag, tag


@dataclass(frozen=True, slots=True)
class Tag:
    """A word that conversations are found by."""

    id: int
    name: str


def every(conn: Connection, account_id: int) -> list[Tag]:
    """An account's tags, by name."""
    rows = conn.execute(select(tag.c.id, tag.c.name).where(tag.c.account_id == account_id))
    return sorted((Tag(row.id, row.name) for row in rows), key=lambda one: (one.name.casefold(), one.id))


def of(conn: Connection, conversation_ids: Sequence[int]) -> dict[int, list[Tag]]:
    """The tags of these conversations, by name; those without any are left out."""
    if not conversation_ids:
        return {}
    rows = conn.execute(
        select(conversation_tag.c.conversation_id, tag.c.id, tag.c.name)
        .join(tag, tag.c.id == conversation_tag.c.tag_id)
        .where(conversation_tag.c.conversation_id.in_(conversation_ids))
    ).all()
    found: dict[int, list[Tag]] = {}
    for row in sorted(rows, key=lambda one: (one.name.casefold(), one.id)):
        found.setdefault(row.conversation_id, []).append(Tag(row.id, row.name))
    return found


def create(conn: Connection, account_id: int, name: str) -> Tag:
    """A new tag; the caller knows that there is none of that name."""
    tag_id = conn.execute(insert(tag).values(account_id=account_id, name=name).returning(tag.c.id)).scalar_one()
    return Tag(tag_id, name)


def put(conn: Connection, conversation_id: int, tag_id: int) -> bool:
    """Tag a conversation; False if it has the tag."""
    values = {"conversation_id": conversation_id, "tag_id": tag_id}
    return changed(conn, insert_new(conversation_tag).values(values))


def take_off(conn: Connection, conversation_id: int, tag_id: int) -> bool:
    """Take a tag off a conversation, and away if it was the last to have it; False if it had not."""
    had = changed(
        conn,
        delete(conversation_tag).where(
            conversation_tag.c.conversation_id == conversation_id, conversation_tag.c.tag_id == tag_id
        ),
    )
    used = select(conversation_tag.c.tag_id).where(conversation_tag.c.tag_id == tag_id).exists()
    conn.execute(delete(tag).where(tag.c.id == tag_id, ~used))
    return had
