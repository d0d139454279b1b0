"""Tags of conversations and of customers: made on first use, gone with their last unless they are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Table, delete, func, insert, select, update

from daemon.domain.tag_colours import TagColour
from daemon.store.sql import changed, insert_new
from daemon.store.tables.desk import contact_tag, conversation_tag, tag

_USES: tuple[tuple[Table, Column[int]], ...] = (
    (conversation_tag, conversation_tag.c.conversation_id),
    (contact_tag, contact_tag.c.contact_id),
)


@dataclass(frozen=True, slots=True)
class Tag:
    """A word that conversations and customers are found by."""

    id: int
    name: str
    colour: TagColour = TagColour.GREY


@dataclass(frozen=True, slots=True)
class TagUse:
    """How many conversations and customers have a tag."""

    conversations: int
    contacts: int


def every(conn: Connection, account_id: int) -> list[Tag]:
    """An account's tags, by name."""
    rows = conn.execute(select(tag.c.id, tag.c.name, tag.c.colour).where(tag.c.account_id == account_id))
    return sorted((_tag(row) for row in rows), key=_by_name)


def of(conn: Connection, conversation_ids: Sequence[int]) -> dict[int, list[Tag]]:
    """The tags of these conversations, by name; those without any are left out."""
    return _of(conn, conversation_tag, conversation_tag.c.conversation_id, conversation_ids)


def of_contacts(conn: Connection, contact_ids: Sequence[int]) -> dict[int, list[Tag]]:
    """The tags of these customers, by name; those without any are left out."""
    return _of(conn, contact_tag, contact_tag.c.contact_id, contact_ids)


def _of(conn: Connection, table: Table, whose: Column[int], ids: Sequence[int]) -> dict[int, list[Tag]]:
    if not ids:
        return {}
    rows = conn.execute(
        select(whose.label("whose"), tag.c.id, tag.c.name, tag.c.colour)
        .join(tag, tag.c.id == table.c.tag_id)
        .where(whose.in_(ids))
    ).all()
    found: dict[int, list[Tag]] = {}
    for row in sorted(rows, key=_by_name):
        found.setdefault(row.whose, []).append(_tag(row))
    return found


def create(conn: Connection, account_id: int, name: str) -> Tag:
    """A new tag; the caller knows that there is none of that name."""
    tag_id = conn.execute(insert(tag).values(account_id=account_id, name=name).returning(tag.c.id)).scalar_one()
    return Tag(tag_id, name)


def put(conn: Connection, conversation_id: int, tag_id: int) -> bool:
    """Tag a conversation; False if it has the tag."""
    values = {"conversation_id": conversation_id, "tag_id": tag_id}
    return changed(conn, insert_new(conversation_tag).values(values))


def put_on_contact(conn: Connection, contact_id: int, tag_id: int) -> bool:
    """Tag a customer; False if he has the tag."""
    return changed(conn, insert_new(contact_tag).values({"contact_id": contact_id, "tag_id": tag_id}))


def take_off(conn: Connection, conversation_id: int, tag_id: int) -> bool:
    """Take a tag off a conversation, and away if it was the last to have it; False if it had not."""
    return _take_off(conn, conversation_tag, conversation_tag.c.conversation_id, conversation_id, tag_id)


def take_off_contact(conn: Connection, contact_id: int, tag_id: int) -> bool:
    """The same of a customer."""
    return _take_off(conn, contact_tag, contact_tag.c.contact_id, contact_id, tag_id)


def _take_off(conn: Connection, table: Table, whose: Column[int], one: int, tag_id: int) -> bool:
    had = changed(conn, delete(table).where(whose == one, table.c.tag_id == tag_id))
    unused = [~select(each.c.tag_id).where(each.c.tag_id == tag_id).exists() for each, _ in _USES]
    conn.execute(delete(tag).where(tag.c.id == tag_id, tag.c.is_kept.is_(False), *unused))
    return had


def keep(conn: Connection, account_id: int, tag_id: int, name: str, colour: TagColour) -> bool:
    """Call a tag so, in this colour; it stays, whoever has it. False if there is no such tag."""
    one = (tag.c.account_id == account_id) & (tag.c.id == tag_id)
    return changed(conn, update(tag).where(one).values(name=name, colour=colour.value, is_kept=True))


def drop(conn: Connection, account_id: int, tag_id: int) -> bool:
    """Take a tag off everybody, and away; False if there is none."""
    if conn.execute(select(tag.c.id).where(tag.c.account_id == account_id, tag.c.id == tag_id)).first() is None:
        return False
    for table, _ in _USES:
        conn.execute(delete(table).where(table.c.tag_id == tag_id))
    return changed(conn, delete(tag).where(tag.c.id == tag_id))


def uses(conn: Connection, account_id: int) -> dict[int, TagUse]:
    """How often each of an account's tags is used."""
    counts: list[dict[int, int]] = []
    for table, _ in _USES:
        rows = conn.execute(
            select(table.c.tag_id, func.count())
            .join(tag, tag.c.id == table.c.tag_id)
            .where(tag.c.account_id == account_id)
            .group_by(table.c.tag_id)
        )
        counts.append(dict(rows.all()))
    conversations, contacts = counts
    return {
        one.id: TagUse(conversations.get(one.id, 0), contacts.get(one.id, 0)) for one in every(conn, account_id)
    }


def _by_name(one: Any) -> tuple[str, int]:
    return one.name.casefold(), one.id


def _tag(row: Any) -> Tag:
    return Tag(row.id, row.name, TagColour(row.colour) if row.colour in set(TagColour) else TagColour.GREY)
