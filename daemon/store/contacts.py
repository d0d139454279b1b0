"""Customers, keyed by LID, with phone numbers and older ids as aliases."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from daemon.domain.ids import LID_SERVER, PHONE_SERVER, Address, Party
from daemon.store import contact_merge
from daemon.store.sql import changed, upsert
from daemon.store.tables.core import contact, contact_alias

_find = select(contact_alias.c.contact_id).where(
    contact_alias.c.account_id == bindparam("account_id"),
    contact_alias.c.server == bindparam("server"),
    contact_alias.c.user == bindparam("user"),
)


def find(conn: Connection, account_id: int, address: Address) -> int | None:
    """The contact that owns this address, or None."""
    return conn.execute(_find, {"account_id": account_id, "server": address.server, "user": address.user}).scalar()


def is_split(conn: Connection, account_id: int, party: Party) -> bool:
    """Whether the party's two addresses belong to two contacts, which `resolve` will merge."""
    if party.alternative is None:
        return False
    first, second = find(conn, account_id, party.address), find(conn, account_id, party.alternative)
    return first is not None and second is not None and first != second


def resolve(conn: Connection, account_id: int, party: Party, now: datetime) -> int:
    """The contact of a party, created if new; two contacts that turn out to be one are merged."""
    known = find(conn, account_id, party.address)
    other = find(conn, account_id, party.alternative) if party.alternative else None
    if known is not None and (party.alternative is None or known == other):
        return known
    if known is None and other is None:
        known = conn.execute(
            insert(contact)
            .values(account_id=account_id, kind=party.kind.value, lid=party.lid, phone=party.phone, created_at=now)
            .returning(contact.c.id)
        ).scalar_one()
    elif known is not None and other is not None:
        known = contact_merge.merge(conn, account_id, survivor=min(known, other), gone=max(known, other), now=now)
    contact_id = known if known is not None else other
    assert contact_id is not None
    for address in (party.address, party.alternative):
        if address:
            _own(conn, account_id, address, contact_id)
    conn.execute(
        update(contact)
        .where(contact.c.id == contact_id)
        .values({k: v for k, v in (("lid", party.lid), ("phone", party.phone)) if v} or {"id": contact_id})
    )
    return contact_id


def set_name(conn: Connection, contact_id: int, name: str) -> bool:
    """Record the name a customer gave himself; True if it is new."""
    return changed(
        conn,
        update(contact)
        .where(contact.c.id == contact_id, contact.c.name.is_distinct_from(name))
        .values(name=name[:200]),
    )


def set_first_name(conn: Connection, contact_id: int, name: str) -> None:
    """Name a customer who has no name yet: what the phone remembers is older than what he wrote with."""
    conn.execute(
        update(contact).where(contact.c.id == contact_id, contact.c.name.is_(None)).values(name=name[:200])
    )


def address_of(conn: Connection, contact_id: int) -> Address:
    """Where to send: the LID if known, else the phone number, else the alias (a group)."""
    row = conn.execute(select(contact.c.lid, contact.c.phone).where(contact.c.id == contact_id)).one()
    if row.lid:
        return Address(row.lid, LID_SERVER)
    if row.phone:
        return Address(row.phone, PHONE_SERVER)
    alias = conn.execute(
        select(contact_alias.c.user, contact_alias.c.server).where(contact_alias.c.contact_id == contact_id)
    ).first()
    if alias is None:
        raise LookupError("a contact without an address")
    return Address(alias.user, alias.server)


def _own(conn: Connection, account_id: int, address: Address, contact_id: int) -> None:
    key = {"account_id": account_id, "server": address.server, "user": address.user}
    # a number can move to another LID: the newest sighting wins
    conn.execute(upsert(contact_alias, key, {"contact_id": contact_id}))
