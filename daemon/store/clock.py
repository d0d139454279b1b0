"""WhatsApp's clock and ours, as an account's session has last seen them apart."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select, update

from daemon.domain.clocks import is_wrong, real_lead
from daemon.store import links
from daemon.store.tables.core import link

_lead = select(link.c.clock_lead).where(link.c.account_id == bindparam("account_id"))


def lead(conn: Connection, account_id: int) -> timedelta:
    """How far our clock is ahead of WhatsApp's (negative: behind it)."""
    return real_lead(conn.execute(_lead, {"account_id": account_id}).scalar())


def on_ours(conn: Connection, account_id: int, at: datetime, now: datetime) -> datetime:
    """What our clock showed at a moment of WhatsApp's; never later than `now`."""
    return min(at + lead(conn, account_id), now)


def on_whatsapps(conn: Connection, account_id: int, now: datetime) -> datetime:
    """What WhatsApp's clock shows while ours shows `now`."""
    return now - lead(conn, account_id)


def note(conn: Connection, account_id: int, seconds: int, now: datetime) -> None:
    """Remember how far our clock is ahead; announced when people are to be told, or no longer."""
    before = conn.execute(_lead, {"account_id": account_id}).scalar()
    if is_wrong(before) != is_wrong(seconds):
        links.change(conn, account_id, now, clock_lead=seconds)
    elif before != seconds:
        conn.execute(update(link).where(link.c.account_id == account_id).values(clock_lead=seconds))
