"""Customers, keyed by LID, with phone numbers and older ids as aliases."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from daemon.domain.ids import Address, Party
from daemon.domain.messages import MessageKind
from daemon.store import events
from daemon.store.tables import (
    contact,
    contact_alias,
    conversation,
    download,
    message,
    outbox,
    reaction,
    turn,
)

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
        known = _merge(conn, account_id, survivor=min(known, other), gone=max(known, other), now=now)
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


def set_first_name(conn: Connection, contact_id: int, name: str) -> None:
    """Name a customer who has no name yet: what the phone remembers is older than what he wrote with."""
    conn.execute(
        update(contact).where(contact.c.id == contact_id, contact.c.name.is_(None)).values(name=name[:200])
    )


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


def _merge(conn: Connection, account_id: int, survivor: int, gone: int, now: datetime) -> int:
    """Move everything of `gone` to `survivor`; their unresolved conversations become one."""
    conn.execute(update(contact).where(contact.c.id == gone).values(merged_into=survivor))
    name = select(contact.c.name).where(contact.c.id == gone)
    if named := conn.execute(name).scalar():
        set_first_name(conn, survivor, named)
    conn.execute(update(contact_alias).where(contact_alias.c.contact_id == gone).values(contact_id=survivor))
    _drop_twins(conn, survivor, gone)
    conn.execute(update(message).where(message.c.contact_id == gone).values(contact_id=survivor))
    rows = conn.execute(
        select(conversation.c.contact_id, conversation.c.id).where(
            conversation.c.contact_id.in_((survivor, gone)), conversation.c.status != "resolved"
        )
    )
    open_ones: dict[int, int] = dict(rows.all())
    if survivor in open_ones and gone in open_ones:
        keep, drop = open_ones[survivor], open_ones[gone]
        _join_conversations(conn, keep, drop, now)
        for number in (keep, drop):
            events.append(conn, account_id, events.EventKind.CONVERSATION_CHANGED, now, number)
    conn.execute(update(conversation).where(conversation.c.contact_id == gone).values(contact_id=survivor))
    return survivor


def _drop_twins(conn: Connection, survivor: int, gone: int) -> None:
    """The same message seen under both addresses stays once: the readable one, else the survivor's."""
    twin = message.alias()
    twins = conn.execute(
        select(message.c.id, message.c.kind, twin.c.id, twin.c.kind)
        .join(twin, (twin.c.from_me == message.c.from_me) & (twin.c.wa_id == message.c.wa_id))
        .where(message.c.contact_id == gone, twin.c.contact_id == survivor)
    ).all()
    for copy, copy_kind, original, original_kind in twins:
        if original_kind == MessageKind.UNREADABLE != copy_kind:
            _drop_message(conn, original, instead=copy)
        else:
            _drop_message(conn, copy, instead=original)


def _drop_message(conn: Connection, message_id: int, instead: int) -> None:
    row = conn.execute(
        select(message.c.conversation_id, message.c.turn_id).where(message.c.id == message_id)
    ).one()
    conn.execute(update(turn).where(turn.c.closing_message_id == message_id).values(closing_message_id=instead))
    for table in (reaction, download, outbox):
        conn.execute(delete(table).where(table.c.message_id == message_id))
    conn.execute(delete(message).where(message.c.id == message_id))
    _lead(conn, row.conversation_id)
    # a turn with nothing in it waits for no answer
    empty = ~select(message.c.id).where(message.c.turn_id == row.turn_id).exists()
    conn.execute(delete(turn).where(turn.c.id == row.turn_id, turn.c.closed_at.is_(None), empty))


def _join_conversations(conn: Connection, keep: int, drop: int, now: datetime) -> None:
    rows = conn.execute(
        select(turn.c.conversation_id, turn.c.id, turn.c.opened_at).where(
            turn.c.conversation_id.in_((keep, drop)), turn.c.closed_at.is_(None)
        )
    )
    turns = {row.conversation_id: row for row in rows}
    if keep in turns and drop in turns:
        since = min(turns[keep].opened_at, turns[drop].opened_at)
        conn.execute(update(message).where(message.c.turn_id == turns[drop].id).values(turn_id=turns[keep].id))
        conn.execute(delete(turn).where(turn.c.id == turns[drop].id))
        conn.execute(update(turn).where(turn.c.id == turns[keep].id).values(opened_at=since))
    both = conversation.c.id.in_((keep, drop))
    # what was unread in either of them stays unread
    newest, seen = conn.execute(
        select(func.max(conversation.c.last_at), func.min(conversation.c.seen_message_id)).where(both)
    ).one()
    conn.execute(update(message).where(message.c.conversation_id == drop).values(conversation_id=keep))
    conn.execute(update(turn).where(turn.c.conversation_id == drop).values(conversation_id=keep))
    conn.execute(update(conversation).where(conversation.c.id == drop).values(status="resolved", resolved_at=now))
    conn.execute(
        update(conversation).where(conversation.c.id == keep).values(last_at=newest, seen_message_id=seen)
    )
    _lead(conn, keep)


def _lead(conn: Connection, conversation_id: int) -> None:
    """Let the newest message of a conversation lead it in the list."""
    newest = (
        select(message.c.id)
        .where(message.c.conversation_id == conversation_id)
        .order_by(message.c.sent_at.desc(), message.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    conn.execute(update(conversation).where(conversation.c.id == conversation_id).values(last_message_id=newest))
