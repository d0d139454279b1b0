"""Keeping messages only as long as the shop wants to."""

import logging
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from daemon.desk import settings
from daemon.store import accounts, clock, erasing, events, links, media
from daemon.store.accounts import Account
from daemon.store.engine import Database
from daemon.store.events import EventKind
from daemon.store.portions import MOST_ROWS, write_in_portions

log = logging.getLogger(__name__)

# messages that go together, with all that hangs on them
FEW = 20
HEARD_LATELY = timedelta(days=1)


def sweep(database: Database, data: Path, now: datetime) -> int:
    """Delete what is older than each account keeps it, with its files; returns how many messages went.

    Only resolved conversations lose messages. A few at a time: nobody waits long for the write lock.
    """
    with database.read() as conn:
        every = accounts.every(conn)
        wishes = [
            (account.id, settings.load(conn, account.id).keep_days, clock.on_whatsapps(conn, account.id, now))
            for account in every
            if _clock_is_believed(conn, account, now)
        ]
    for account_id in [account.id for account in every]:
        with database.read() as conn:
            left_over_messages = erasing.remains(conn, account_id)
        _erase(database, data, account_id, left_over_messages, now)
    gone = sum(
        _sweep(database, data, account_id, whatsapps_now - timedelta(days=days), now)
        for account_id, days, whatsapps_now in wishes
        if days > 0
    )
    with database.read() as conn:
        left_over = media.orphans(conn, data, now)
    for path in left_over:
        path.unlink(missing_ok=True)
    if gone or left_over:
        log.info("deleted %d old messages and %d files that belonged to none", gone, len(left_over))
    return gone


def _clock_is_believed(conn: Connection, account: Account, now: datetime) -> bool:
    """Whether WhatsApp has shown us lately what time it is: a clock that is years ahead would take everything.

    A number that is not linked any more can only go by ours.
    """
    heard_at = links.get(conn, account.id).heard_at
    return account.device is None or (heard_at is not None and abs(now - heard_at) < HEARD_LATELY)


def _sweep(database: Database, data: Path, account_id: int, before: datetime, now: datetime) -> int:
    gone = 0
    while True:
        # found without the lock: nothing that is old becomes young, and what is to leave meanwhile is left out
        with database.read() as conn:
            old = erasing.outdated(conn, account_id, before)
        erased = _erase(database, data, account_id, old, now)
        gone += erased
        if not erased:
            return gone


def _erase(database: Database, data: Path, account_id: int, message_ids: list[int], now: datetime) -> int:
    """Delete messages of resolved conversations, a few at a time; returns how many went."""
    gone = 0

    def erase(conn: Connection, few: list[int]) -> None:
        nonlocal gone
        erasing.thoroughly(conn)
        still = erasing.still_resolved(conn, account_id, few)
        for conversation_id in erasing.conversations_with(conn, still):
            events.append(conn, account_id, EventKind.CONVERSATION_CHANGED, now, conversation_id)
        files.extend(erasing.erase(conn, still))
        gone += len(still)

    files: list[str] = []
    fews = [message_ids[start : start + FEW] for start in range(0, len(message_ids), FEW)]
    write_in_portions(database, fews, erase, most=MOST_ROWS // FEW)
    media.remove(data, files)
    return gone
