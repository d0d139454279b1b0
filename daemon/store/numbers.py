"""Several numbers in one Balas: finding one by name, making, renaming and removing one."""

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from daemon.domain.account_names import BadName, is_same, parse_name
from daemon.domain.links import LinkReason, LinkState
from daemon.store import accounts, events
from daemon.store.accounts import Account, Link
from daemon.store.tables.core import account, contact, desk_tables, event_log, metadata

# the name of the first one, until somebody calls it something else
MAIN = "main"


def called(conn: Connection, name: str) -> Account | None:
    """The account that people would find under a name, whatever its capital letters."""
    return next((one for one in accounts.every(conn) if is_same(one.name, name)), None)


def add(conn: Connection, typed: str, now: datetime) -> Account:
    """A new account of the typed name; raises BadName."""
    name = parse_name(typed)
    if called(conn, name) is not None:
        raise BadName("taken")
    made = accounts.ensure(conn, name, now)
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
    heir = next(one.id for one in accounts.every(conn) if one.id != account_id)
    # what was done stays in the owner's log; and the event log has no gaps: readers would think it was pruned
    log = desk_tables.audit
    conn.execute(update(log).where(log.c.account_id == account_id).values(account_id=None))
    conn.execute(update(event_log).where(event_log.c.account_id == account_id).values(account_id=heir))
    for table in reversed(metadata.sorted_tables):
        if "account_id" in table.c:
            conn.execute(delete(table).where(table.c.account_id == account_id))
    conn.execute(delete(account).where(account.c.id == account_id))
    events.append(conn, heir, events.EventKind.LINK_CHANGED, now)
    return True


def may_be_removed(conn: Connection, account_id: int) -> bool:
    """Whether it is one of several, was never linked and is not just being linked; nobody has written to it."""
    if accounts.get(conn, account_id).phone is not None:
        return False
    if accounts.get_link(conn, account_id).state == LinkState.LINKING or len(accounts.every(conn)) < 2:
        return False
    return conn.execute(select(contact.c.id).where(contact.c.account_id == account_id).limit(1)).first() is None


def in_use(conn: Connection) -> list[tuple[Account, Link]]:
    """The accounts that are meant to send: without those never linked or unlinked here, unless all are such."""
    every = [(one, accounts.get_link(conn, one.id)) for one in accounts.every(conn)]
    used = [(one, link) for one, link in every if one.phone is not None and not _is_given_up(link)]
    return used or every


def _is_given_up(link: Link) -> bool:
    return link.state == LinkState.UNLINKED and link.reason == LinkReason.UNLINKED_HERE
