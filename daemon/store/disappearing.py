"""After how many seconds WhatsApp deletes a chat's messages, and since when, by WhatsApp's clock, it is so."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from daemon.store.sql import changed
from daemon.store.tables.core import contact


def note(conn: Connection, contact_id: int, seconds: int, at: datetime) -> bool:
    """A message or a setting says it, at a time of WhatsApp's: what is older than what is known says nothing.

    0 is off. True if that is news.
    """
    known = conn.execute(
        select(contact.c.disappearing, contact.c.disappearing_at).where(contact.c.id == contact_id)
    ).one()
    is_newest = contact.c.disappearing_at.is_(None) | (contact.c.disappearing_at <= at)
    newer = update(contact).where(contact.c.id == contact_id, is_newest)
    said = changed(conn, newer.values(disappearing=seconds, disappearing_at=at))
    return said and known.disappearing != seconds


def seconds_of(conn: Connection, contact_id: int) -> int:
    """After how many seconds a message to this contact disappears, 0 if it stays."""
    return conn.execute(select(contact.c.disappearing).where(contact.c.id == contact_id)).scalar() or 0
