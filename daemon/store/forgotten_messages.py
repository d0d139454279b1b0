"""Digests of forgotten customers' message ids: what is still under way must not bring them back."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select

from daemon.store.prepared_statement import Prepared
from daemon.store.sql import insert_new
from daemon.store.tables.core import forgotten_message

# nothing stays under way for so long, but a phone that is linked anew uploads up to a year
KEPT = timedelta(days=400)


_one = Prepared(
    select(forgotten_message.c.digest).where(
        forgotten_message.c.account_id == bindparam("account_id"),
        forgotten_message.c.digest == bindparam("digest"),
    )
)


def keep(conn: Connection, account_id: int, wa_ids: Iterable[str], now: datetime) -> None:
    """Remember messages that are being erased, and forget the old ones for good."""
    conn.execute(delete(forgotten_message).where(forgotten_message.c.forgotten_at < now - KEPT))
    rows = [{"account_id": account_id, "digest": _digest(wa_id), "forgotten_at": now} for wa_id in set(wa_ids)]
    if rows:
        conn.execute(insert_new(forgotten_message), rows)


def has(conn: Connection, account_id: int, wa_id: str) -> bool:
    """Whether a message was one of a forgotten customer's."""
    return _one.run(conn, {"account_id": account_id, "digest": _digest(wa_id)}) is not None


def without(conn: Connection, account_id: int, wa_ids: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some messages that were not a forgotten customer's, each once."""
    digests = {_digest(wa_id): wa_id for wa_id in wa_ids}
    found = select(forgotten_message.c.digest).where(
        forgotten_message.c.account_id == account_id, forgotten_message.c.digest.in_(digests)
    )
    for digest in conn.execute(found).scalars():
        del digests[digest]
    return tuple(digests.values())


def _digest(wa_id: str) -> str:
    return hashlib.sha256(wa_id.encode()).hexdigest()
