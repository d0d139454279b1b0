"""Keeping messages only as long as the shop wants to."""

import logging
from datetime import datetime, timedelta
from pathlib import Path

from daemon.desk import settings
from daemon.store import accounts, erasing, events, media
from daemon.store.engine import Database
from daemon.store.events import EventKind

log = logging.getLogger(__name__)


def sweep(database: Database, data: Path, now: datetime) -> int:
    """Delete what is older than each account keeps it, with its files; returns how many messages went.

    Only resolved conversations lose messages. A few at a time: nobody waits long for the write lock.
    """
    with database.read() as conn:
        wishes = [(account.id, settings.load(conn, account.id).keep_days) for account in accounts.every(conn)]
    with database.write() as conn:
        for account_id, _ in wishes:
            erasing.erase(conn, erasing.remains(conn, account_id))
    gone = sum(
        _sweep(database, data, account_id, now - timedelta(days=days), now)
        for account_id, days in wishes
        if days > 0
    )
    with database.read() as conn:
        left_over = media.orphans(conn, data, now)
    for path in left_over:
        path.unlink(missing_ok=True)
    if gone or left_over:
        log.info("deleted %d old messages and %d files that belonged to none", gone, len(left_over))
    return gone


def _sweep(database: Database, data: Path, account_id: int, before: datetime, now: datetime) -> int:
    gone = 0
    while True:
        with database.write() as conn:
            erasing.thoroughly(conn)
            old = erasing.outdated(conn, account_id, before)
            touched = erasing.conversations_with(conn, old)
            files = erasing.erase(conn, old)
            for conversation_id in touched:
                events.append(conn, account_id, EventKind.CONVERSATION_CHANGED, now, conversation_id)
        media.remove(data, files)
        if not old:
            return gone
        gone += len(old)
