"""Customers, keyed by LID, with phone numbers and older ids as aliases."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from daemon.domain.ids import Address, Party
from daemon.store.tables import contact, contact_alias, conversation, message, turn

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
        known = _merge(conn, survivor=min(known, other), gone=max(known, other), now=now)
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
    changed = conn.execute(
        update(contact)
        .where(contact.c.id == contact_id, contact.c.name.is_distinct_from(name))
        .values(name=name[:200])
    )
    return changed.rowcount == 1


def address_of(conn: Connection, contact_id: int) -> Address:
    """Where to send: the LID if known, else the phone number, else the alias (a group)."""
    row = conn.execute(select(contact.c.lid, contact.c.phone).where(contact.c.id == contact_id)).one()
    if row.lid:
        return Address(row.lid, "lid")
    if row.phone:
        return Address(row.phone, "s.whatsapp.net")
    alias = conn.execute(
        select(contact_alias.c.user, contact_alias.c.server).where(contact_alias.c.contact_id == contact_id)
    ).first()
    if alias is None:
        raise LookupError("a contact without an address")
    return Address(alias.user, alias.server)


def _own(conn: Connection, account_id: int, address: Address, contact_id: int) -> None:
    values = {
        "account_id": account_id,
        "server": address.server,
        "user": address.user,
        "contact_id": contact_id,
    }
    # a number can move to another LID: the newest sighting wins
    conn.execute(
        upsert(contact_alias)
        .values(values)
        .on_conflict_do_update(index_elements=["account_id", "server", "user"], set_={"contact_id": contact_id})
    )


def _merge(conn: Connection, survivor: int, gone: int, now: datetime) -> int:
    """Move everything of `gone` to `survivor`; their unresolved conversations become one."""
    conn.execute(update(contact).where(contact.c.id == gone).values(merged_into=survivor))
    conn.execute(update(contact_alias).where(contact_alias.c.contact_id == gone).values(contact_id=survivor))
    # the same message seen under both addresses stays once
    twin = message.alias()
    twice = select(twin.c.wa_id).where(twin.c.contact_id == survivor, twin.c.from_me == message.c.from_me)
    conn.execute(
        update(message)
        .where(message.c.contact_id == gone, message.c.wa_id.not_in(twice) | message.c.wa_id.is_(None))
        .values(contact_id=survivor)
    )
    open_ones = dict(
        conn.execute(
            select(conversation.c.contact_id, conversation.c.id).where(
                conversation.c.contact_id.in_((survivor, gone)), conversation.c.status != "resolved"
            )
        )
        .tuples()
        .all()
    )
    if survivor in open_ones and gone in open_ones:
        _join_conversations(conn, keep=open_ones[survivor], drop=open_ones[gone], now=now)
    conn.execute(update(conversation).where(conversation.c.contact_id == gone).values(contact_id=survivor))
    return survivor


def _join_conversations(conn: Connection, keep: int, drop: int, now: datetime) -> None:
    newest = max(conn.execute(select(conversation.c.last_at).where(conversation.c.id.in_((keep, drop)))).scalars())
    open_turns = dict(
        conn.execute(
            select(turn.c.conversation_id, turn.c.id).where(
                turn.c.conversation_id.in_((keep, drop)), turn.c.closed_at.is_(None)
            )
        )
        .tuples()
        .all()
    )
    if keep in open_turns and drop in open_turns:
        conn.execute(update(message).where(message.c.turn_id == open_turns[drop]).values(turn_id=open_turns[keep]))
        conn.execute(delete(turn).where(turn.c.id == open_turns[drop]))
    conn.execute(update(message).where(message.c.conversation_id == drop).values(conversation_id=keep))
    conn.execute(update(turn).where(turn.c.conversation_id == drop).values(conversation_id=keep))
    conn.execute(update(conversation).where(conversation.c.id == drop).values(status="resolved", resolved_at=now))
    conn.execute(update(conversation).where(conversation.c.id == keep).values(last_at=newest))
