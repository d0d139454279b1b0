"""Attachments that are still to be fetched, written together with their message."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from daemon.store.tables import download, message


@dataclass(frozen=True, slots=True)
class Wanted:
    """An attachment to fetch: its message, the serialized content with the keys, and how often it failed."""

    message_id: int
    conversation_id: int
    raw: bytes
    media: dict[str, Any]
    failures: int


def want(conn: Connection, account_id: int, message_id: int, now: datetime) -> None:
    """Queue a message's attachment."""
    conn.execute(insert(download).values(account_id=account_id, message_id=message_id, next_at=now, failures=0))


def next_due(conn: Connection, account_id: int, now: datetime) -> Wanted | None:
    """The attachment that has been due for longest."""
    row = conn.execute(
        select(message.c.id, message.c.conversation_id, message.c.raw, message.c.media, download.c.failures)
        .join(message, message.c.id == download.c.message_id)
        .where(download.c.account_id == account_id, download.c.next_at <= now)
        .order_by(download.c.next_at)
        .limit(1)
    ).first()
    if row is None:
        return None
    return Wanted(row.id, row.conversation_id, row.raw or b"", row.media or {}, row.failures)


def later(conn: Connection, message_id: int, at: datetime) -> None:
    """Try again at a time."""
    conn.execute(
        update(download)
        .where(download.c.message_id == message_id)
        .values(next_at=at, failures=download.c.failures + 1)
    )


def done(conn: Connection, message_id: int, media: dict[str, Any]) -> None:
    """Nothing more to fetch; `media` is what the message shows from now on."""
    conn.execute(delete(download).where(download.c.message_id == message_id))
    conn.execute(update(message).where(message.c.id == message_id).values(media=media))
