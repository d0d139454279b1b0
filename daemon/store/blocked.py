"""Which customers are blocked on WhatsApp, as it has told us last."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from daemon.domain.ids import Address
from daemon.store.sql import changed
from daemon.store.tables.core import contact, contact_alias

_CHUNK = 500


def mark(conn: Connection, contact_id: int, at: datetime | None) -> bool:
    """A customer is blocked since then, or (None) not any more; False if that is known."""
    known = contact.c.blocked_at.is_(None) if at is not None else contact.c.blocked_at.is_not(None)
    return changed(conn, update(contact).where(contact.c.id == contact_id, known).values(blocked_at=at))


def is_blocked(conn: Connection, contact_id: int) -> bool:
    """Whether a customer is blocked."""
    found = select(contact.c.blocked_at).where(contact.c.id == contact_id)
    return conn.execute(found).scalar() is not None


def known_by_lid(conn: Connection, account_id: int) -> set[int]:
    """The blocked customers whom WhatsApp's list, which is one of LIDs, must name."""
    blocked = contact.c.blocked_at.is_not(None)
    theirs = contact.c.account_id == account_id, blocked, contact.c.lid.is_not(None)
    return set(conn.execute(select(contact.c.id).where(*theirs)).scalars())


def owners(conn: Connection, account_id: int, addresses: Sequence[Address]) -> set[int]:
    """Our customers among the owners of some addresses."""
    found: set[int] = set()
    for start in range(0, len(addresses), _CHUNK):
        chunk = addresses[start : start + _CHUNK]
        rows = conn.execute(
            select(contact_alias.c.user, contact_alias.c.server, contact_alias.c.contact_id).where(
                contact_alias.c.account_id == account_id,
                contact_alias.c.server.in_({one.server for one in chunk}),
                contact_alias.c.user.in_([one.user for one in chunk]),
            )
        )
        named = {(one.user, one.server) for one in chunk}
        found |= {row.contact_id for row in rows if (row.user, row.server) in named}
    return found
