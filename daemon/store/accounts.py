"""Linked numbers, called accounts: finding, making, renaming, removing one, and which phone and device it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, false, insert, or_, select, update

from auth_store.tables import metadata
from daemon.domain.account_names import BadName, is_same, parse_name
from daemon.domain.history import HistoryState
from daemon.domain.links import LinkReason, LinkState
from daemon.domain.messages import Author
from daemon.domain.primary_phone import PhoneStep, SightingKind
from daemon.store import events, evidence, links
from daemon.store.links import Link
from daemon.store.tables.core import account, contact, event_log, link
from daemon.store.tables.desk import audit

# the name of the first one, until somebody calls it something else
MAIN = "main"


@dataclass(frozen=True, slots=True)
class Account:
    """One linked number; phone, lid (digits) and device are unknown until it is linked."""

    id: int
    name: str
    phone: str | None
    lid: str | None
    device: int | None
    linked_at: datetime | None = None


_ACCOUNT = tuple(account.c[name] for name in Account.__dataclass_fields__)


def ensure(conn: Connection, name: str, now: datetime) -> Account:
    """The account of that name, made with an unlinked link if it does not exist."""
    row = conn.execute(select(*_ACCOUNT).where(account.c.name == name)).first()
    if row is not None:
        return Account(*row)
    row = conn.execute(insert(account).values(name=name, created_at=now).returning(*_ACCOUNT)).one()
    conn.execute(insert(link).values(account_id=row.id, state=LinkState.UNLINKED.value, since=now))
    return Account(*row)


def every(conn: Connection) -> list[Account]:
    """All accounts, oldest first."""
    return [Account(*row) for row in conn.execute(select(*_ACCOUNT).order_by(account.c.id))]


def get(conn: Connection, account_id: int) -> Account:
    """The account of that id; raises NoResultFound."""
    return Account(*conn.execute(select(*_ACCOUNT).where(account.c.id == account_id)).one())


def called(conn: Connection, name: str) -> Account | None:
    """The account that people would find under a name, whatever its capital letters."""
    return next((one for one in every(conn) if is_same(one.name, name)), None)


def add(conn: Connection, typed: str, now: datetime) -> Account:
    """A new account of the typed name; raises BadName."""
    name = parse_name(typed)
    if called(conn, name) is not None:
        raise BadName("taken")
    made = ensure(conn, name, now)
    events.append(conn, made.id, events.EventKind.LINK_CHANGED, now)
    return made


def rename(conn: Connection, account_id: int, typed: str, now: datetime) -> None:
    """Call an account something else, and announce it; raises BadName."""
    name = parse_name(typed)
    other = called(conn, name)
    if other is not None and other.id != account_id:
        raise BadName("taken")
    conn.execute(update(account).where(account.c.id == account_id).values(name=name))
    events.append(conn, account_id, events.EventKind.LINK_CHANGED, now)


def remove(conn: Connection, account_id: int, now: datetime) -> bool:
    """Take away an account that was never linked; False, and nothing changes, if it may not go."""
    if not may_be_removed(conn, account_id):
        return False
    heir = next(one.id for one in every(conn) if one.id != account_id)
    # what was done stays in the owner's log; and the event log has no gaps: readers would think it was pruned
    conn.execute(update(audit).where(audit.c.account_id == account_id).values(account_id=None))
    conn.execute(update(event_log).where(event_log.c.account_id == account_id).values(account_id=heir))
    for table in reversed(metadata.sorted_tables):
        if "account_id" in table.c:
            conn.execute(delete(table).where(table.c.account_id == account_id))
    conn.execute(delete(account).where(account.c.id == account_id))
    events.append(conn, heir, events.EventKind.LINK_CHANGED, now)
    return True


def may_be_removed(conn: Connection, account_id: int) -> bool:
    """Whether it is one of several, was never linked and is not just being linked; nobody has written to it."""
    if get(conn, account_id).phone is not None:
        return False
    if links.get(conn, account_id).state == LinkState.LINKING or len(every(conn)) < 2:
        return False
    return conn.execute(select(contact.c.id).where(contact.c.account_id == account_id).limit(1)).first() is None


def in_use(conn: Connection) -> list[tuple[Account, Link]]:
    """The accounts that are meant to send: without those never linked or unlinked here, unless all are such."""
    found = [(one, links.get(conn, one.id)) for one in every(conn)]
    used = [(one, link) for one, link in found if one.phone is not None and not _is_given_up(link)]
    return used or found


def _is_given_up(link: Link) -> bool:
    return link.state == LinkState.UNLINKED and link.reason == LinkReason.UNLINKED_HERE


def take_identity(
    conn: Connection, account_id: int, phone: str | None, lid: str | None, device: int, now: datetime
) -> bool:
    """Record which phone the account is linked to, unless another account is linked to the same one.

    False, and nothing changes, if it is: two links to one phone would answer its customers with two voices.
    """
    known_as = {account.c.phone: phone, account.c.lid: lid}
    same = or_(*(column == value for column, value in known_as.items() if value), false())
    theirs = select(account.c.id).where(account.c.id != account_id, account.c.device.is_not(None), same)
    if conn.execute(theirs).first() is not None:
        return False
    known = get(conn, account_id)
    set_identity(conn, account_id, phone, lid or (known.lid if known.phone == phone else None), device, now)
    return True


def set_identity(
    conn: Connection, account_id: int, phone: str | None, lid: str | None, device: int, now: datetime
) -> None:
    """Record which phone and device the account is linked as; a new device was linked by the phone just now."""
    changes: dict[str, Any] = {"phone": phone, "lid": lid, "device": device}
    if get(conn, account_id).device != device:
        changes["linked_at"] = now
        evidence.note(conn, account_id, SightingKind.LINKED, now, now)
        fresh: dict[str, Any] = {
            "phone_step": PhoneStep.FINE.value,
            "phone_back_at": None,
            "pinged_at": None,
            "heard_at": now,
        }
        fresh |= {"phone_seen_at": now, "phone_seen_by": SightingKind.LINKED.value, "listening_since": now}
        fresh |= {"history_state": HistoryState.NONE.value, "history_percent": None, "history_messages": 0}
        conn.execute(update(link).where(link.c.account_id == account_id).values(**fresh))
    conn.execute(update(account).where(account.c.id == account_id).values(**changes))


def own_author(device: int) -> Author:
    """Who wrote in our name but not through us: the phone (device 0) or a linked device."""
    return Author.PHONE if device == 0 else Author.COMPANION


def forget_identity(conn: Connection, account_id: int) -> None:
    """The device is no longer linked; the phone stays known."""
    conn.execute(update(account).where(account.c.id == account_id).values(device=None))
