"""Customers, keyed by LID, with phone numbers and older ids as aliases."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from daemon.domain.ids import LID_SERVER, PHONE_SERVER, Address, Party
from daemon.store import contact_merge, contact_names
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


def find_party(conn: Connection, account_id: int, party: Party) -> int | None:
    """The contact that owns either of a party's addresses, or None; `resolve` makes one."""
    found = find(conn, account_id, party.address)
    if found is None and party.alternative is not None:
        found = find(conn, account_id, party.alternative)
    return found


def may_be(conn: Connection, account_id: int, contact_id: int, party: Party) -> bool:
    """Whether a party is this contact, as far as is known: an address that nobody has may be its other one."""
    owners = {find(conn, account_id, address) for address in party.addresses}
    if contact_id in owners or owners != {None}:
        return contact_id in owners
    row = conn.execute(
        select(contact.c.lid, contact.c.phone, contact.c.kind).where(contact.c.id == contact_id)
    ).one()
    return row.kind == party.kind.value and not (row.lid and party.lid) and not (row.phone and party.phone)


def is_split(conn: Connection, account_id: int, party: Party) -> bool:
    """Whether the party's two addresses belong to two contacts, which `resolve` will merge or tell apart."""
    if party.alternative is None:
        return False
    first, second = find(conn, account_id, party.address), find(conn, account_id, party.alternative)
    return first is not None and second is not None and first != second


def resolve(conn: Connection, account_id: int, party: Party, now: datetime, *, is_old: bool = False) -> int:
    """The contact of a party, created if new; two contacts that turn out to be one are merged.

    A phone number that was another person's (he has a LID of his own) has moved: it becomes this one's, and the
    two stay apart. `is_old` is for what history tells: it moves no number.
    """
    owners = {address: find(conn, account_id, address) for address in party.addresses}
    for address in party.addresses:
        owner = owners[address]
        if address.is_phone and owner is not None and _has_another_lid(conn, owner, party.lid):
            if is_old:
                return resolve(conn, account_id, Party(party.lid_address or party.address), now)
            _lose_number(conn, owner)
            owners[address] = None
    known = sorted({owner for owner in owners.values() if owner is not None})
    if len(known) == 1 and None not in owners.values():
        if not is_old and _has_another_lid(conn, known[0], party.lid):
            # somebody with two accounts, merged by hand: replies go to the one that was heard of last
            conn.execute(update(contact).where(contact.c.id == known[0]).values(lid=party.lid))
        return known[0]
    if not known:
        values = {"account_id": account_id, "kind": party.kind.value, "created_at": now}
        contact_id = conn.execute(insert(contact).values(values).returning(contact.c.id)).scalar_one()
    elif len(known) == 1:
        contact_id = known[0]
    else:
        contact_id = contact_merge.merge(conn, account_id, survivor=known[0], gone=known[1], now=now)
    for address in party.addresses:
        _own(conn, account_id, address, contact_id)
    told = {name: user for name, user in (("lid", party.lid), ("phone", party.phone)) if user}
    if told:
        conn.execute(update(contact).where(contact.c.id == contact_id).values(told))
    return contact_id


def _has_another_lid(conn: Connection, contact_id: int, lid: str | None) -> bool:
    known = conn.execute(select(contact.c.lid).where(contact.c.id == contact_id)).scalar()
    return known is not None and lid is not None and known != lid


def _lose_number(conn: Connection, contact_id: int) -> None:
    conn.execute(update(contact).where(contact.c.id == contact_id).values(phone=None))


def set_name(conn: Connection, contact_id: int, name: str) -> bool:
    """Record the name a customer gave himself; True if it is new."""
    is_new = update(contact).where(contact.c.id == contact_id, contact.c.name.is_distinct_from(name))
    if not changed(conn, is_new.values(name=name[:200])):
        return False
    contact_names.list_by_names(conn, [contact_id])
    return True


def set_first_name(conn: Connection, contact_id: int, name: str) -> None:
    """Name a customer who has no name yet: what the phone remembers is older than what he wrote with."""
    nameless = update(contact).where(contact.c.id == contact_id, contact.c.name.is_(None))
    if changed(conn, nameless.values(name=name[:200])):
        contact_names.list_by_names(conn, [contact_id])


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
