"""An account's customers as their page lists them: by name, the nameless last; found by name, number or tag."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, or_, select, tuple_

from daemon.domain.ids import PHONE_SERVER, ChatKind
from daemon.store import contact_names, tags
from daemon.store.sql import written_out
from daemon.store.tables.core import contact, contact_alias
from daemon.store.tables.desk import contact_tag
from daemon.store.tags import Tag


@dataclass(frozen=True, slots=True)
class ListedContact:
    """A customer as one row; `name` is what he is called, `own_name` what he calls himself."""

    id: int
    name: str | None
    own_name: str | None
    phone: str | None
    note: str | None
    tags: tuple[Tag, ...] = ()


def listing(
    conn: Connection,
    account_id: int,
    words: Sequence[str] = (),
    digits: str = "",
    tag_id: int | None = None,
    after: int | None = None,
    limit: int = 100,
) -> list[ListedContact]:
    """The customers behind the one with the id `after`, in the order of the list.

    `words` (as `contact_names.normal` makes them) are all in the names, or `digits` in a number.
    """
    which: list[ColumnElement[bool]] = [
        contact.c.account_id == account_id,
        contact.c.kind == written_out(ChatKind.PERSON),
        contact.c.merged_into.is_(None),
        contact.c.forgotten_at.is_(None),
    ]
    if words or digits:
        which.append(_found_by(words, digits))
    if tag_id is not None:
        which.append(contact.c.id.in_(select(contact_tag.c.contact_id).where(contact_tag.c.tag_id == tag_id)))
    start = conn.execute(select(contact.c.id, contact.c.listed_name).where(contact.c.id == after)).first()
    found: list[ListedContact] = []
    if start is None or start.listed_name is not None:
        named = [*which, contact.c.listed_name.is_not(None)]
        if start is not None:
            place = tuple_(contact.c.listed_name, contact.c.id)
            named.append(place > tuple_(start.listed_name, start.id))
        found = _read(conn, named, limit)
    if len(found) < limit:
        nameless = [*which, contact.c.listed_name.is_(None)]
        if start is not None and start.listed_name is None:
            nameless.append(contact.c.id > start.id)
        found += _read(conn, nameless, limit - len(found))
    return found


def _found_by(words: Sequence[str], digits: str) -> ColumnElement[bool]:
    ways: list[ColumnElement[bool]] = []
    if words:
        by_name = contact.c.listed_name.contains(words[0], autoescape=True)
        for word in words[1:]:
            by_name &= contact.c.listed_name.contains(word, autoescape=True)
        ways.append(by_name)
    if digits:
        numbers = select(contact_alias.c.contact_id).where(
            contact_alias.c.contact_id == contact.c.id,
            contact_alias.c.server == PHONE_SERVER,
            contact_alias.c.user.contains(digits, autoescape=True),
        )
        ways += [contact.c.phone.contains(digits, autoescape=True), numbers.exists()]
    return or_(*ways)


def _read(conn: Connection, which: Sequence[ColumnElement[bool]], limit: int) -> list[ListedContact]:
    rows = conn.execute(
        select(
            contact.c.id,
            contact_names.shown_name.label("shown"),
            contact.c.name,
            contact.c.phone,
            contact.c.note,
        )
        .where(*which)
        .order_by(contact.c.listed_name, contact.c.id)
        .limit(limit)
    ).all()
    tagged = tags.of_contacts(conn, [row.id for row in rows])
    return [
        ListedContact(row.id, row.shown, row.name, row.phone, row.note, tuple(tagged.get(row.id, ())))
        for row in rows
    ]
