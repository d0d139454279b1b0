"""Attachments that are still to be fetched, written together with their message."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from daemon.store.tables.core import download, message


@dataclass(frozen=True, slots=True)
class WantedFile:
    """An attachment to fetch: its message, the serialized content with the keys, and how often it failed."""

    message_id: int
    conversation_id: int
    raw: bytes
    media: dict[str, Any]
    failures: int


def want(conn: Connection, account_id: int, message_id: int, now: datetime) -> None:
    """Queue a message's attachment."""
    conn.execute(insert(download).values(account_id=account_id, message_id=message_id, next_at=now, failures=0))


def next_due(conn: Connection, account_id: int, now: datetime) -> WantedFile | None:
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
    return WantedFile(row.id, row.conversation_id, row.raw or b"", row.media or {}, row.failures)


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


FOLDER = "media"
# younger ones may be on their way: the file comes first, then its row
_YOUNG = timedelta(days=1)


def remove(data: Path, names: Iterable[str]) -> None:
    """Delete files by the names that messages have for them; one that is gone is gone."""
    folder = (data / FOLDER).resolve()
    for name in names:
        path = (folder / name).resolve()
        if path.is_relative_to(folder) and path.is_file():
            path.unlink(missing_ok=True)


def orphans(conn: Connection, data: Path, now: datetime) -> list[Path]:
    """Files that no message has: half-fetched ones, and those of a deletion that was interrupted."""
    old = list(_old_files(data, now))
    return [path for start in range(0, len(old), 500) for path in _unknown(conn, data, old[start : start + 500])]


def _old_files(data: Path, now: datetime) -> Iterator[Path]:
    for path in sorted((data / FOLDER).glob("*/*")):
        if path.is_file() and path.stat().st_mtime < (now - _YOUNG).timestamp():
            yield path


def _unknown(conn: Connection, data: Path, paths: Iterable[Path]) -> list[Path]:
    names = {path.relative_to(data / FOLDER).as_posix(): path for path in paths}
    message_ids = {int(stem) for path in names.values() if (stem := path.name.partition(".")[0]).isdecimal()}
    rows = conn.execute(select(message.c.media).where(message.c.id.in_(message_ids))).scalars()
    known = {media.get("file") for media in rows if media}
    return [path for name, path in names.items() if name not in known]
