"""Attachments that are still to be fetched, written together with their message."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, insert, select, update

from daemon.domain.attachments import WAITS, original_of, small_of
from daemon.domain.message_kinds import MessageKind
from daemon.store import contact_pictures, outgoing_files
from daemon.store.tables.core import download, message
from daemon.store.transfer_attempts import Attempts

attempts = Attempts(download)


@dataclass(frozen=True, slots=True)
class WantedFile:
    """An attachment to fetch: its message, the serialized content with the keys, how often it failed or died."""

    message_id: int
    conversation_id: int
    kind: MessageKind
    raw: bytes
    media: dict[str, Any]
    failures: int
    deaths: int


_NEEDED = (
    message.c.id,
    message.c.conversation_id,
    message.c.kind,
    message.c.raw,
    message.c.media,
    download.c.failures,
    download.c.deaths,
)
_WAITS_FOR_ROOM = message.c.media[WAITS].as_integer().is_not(None)


def _wanted(*conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(*_NEEDED)
        .join(message, message.c.id == download.c.message_id)
        .where(*conditions)
        .order_by(download.c.next_at)
    )


def _due(account_id: int, now: datetime) -> ColumnElement[bool]:
    return and_(download.c.account_id == account_id, download.c.next_at <= now)


def _files(conn: Connection, query: Select[Any]) -> list[WantedFile]:
    return [
        WantedFile(
            row.id,
            row.conversation_id,
            MessageKind(row.kind),
            row.raw or b"",
            row.media or {},
            row.failures,
            row.deaths,
        )
        for row in conn.execute(query)
    ]


def want(conn: Connection, account_id: int, message_id: int, now: datetime) -> None:
    """Queue a message's attachment."""
    conn.execute(insert(download).values(account_id=account_id, message_id=message_id, next_at=now, failures=0))


def next_due(conn: Connection, account_id: int, now: datetime) -> int | None:
    """The message whose attachment has been due for longest."""
    due = _wanted(_due(account_id, now)).with_only_columns(message.c.id).limit(1)
    return conn.execute(due).scalar()


def load(conn: Connection, message_id: int) -> WantedFile | None:
    """An attachment to fetch; None if nobody wants it any more."""
    return next(iter(_files(conn, _wanted(download.c.message_id == message_id))), None)


def due_without_mark(conn: Connection, account_id: int, now: datetime, limit: int) -> list[WantedFile]:
    """Attachments that are due and whose messages do not say that they wait for room."""
    return _files(conn, _wanted(_due(account_id, now), ~_WAITS_FOR_ROOM).limit(limit))


def waiting_for_room(conn: Connection) -> int:
    """How many attachments, of all accounts, are not fetched because there is no room for them."""
    # not a join: SQLite would begin with the messages
    waits = select(message.c.id).where(message.c.id == download.c.message_id, _WAITS_FOR_ROOM).exists()
    return conn.execute(select(func.count()).select_from(download).where(waits)).scalar_one()


def mark_waiting(conn: Connection, wanted: WantedFile) -> None:
    """Let the message say that its attachment waits for room."""
    _show(conn, wanted, {**wanted.media, WAITS: 1})


def unmark(conn: Connection, wanted: WantedFile) -> None:
    """There is room: its message says no more that it waits for some."""
    if WAITS in wanted.media:
        _show(conn, wanted, _without_mark(wanted))


def done(conn: Connection, wanted: WantedFile, more: dict[str, Any], without: Iterable[str] = ()) -> bool:
    """Nothing more to fetch; `more` is what the message shows from now on beside what it has, less `without`.

    False if nobody wants it any more: the message was deleted meanwhile.
    """
    gone = conn.execute(delete(download).where(download.c.message_id == wanted.message_id))
    if not gone.rowcount:
        return False
    kept = {name: value for name, value in _without_mark(wanted).items() if name not in without}
    _show(conn, wanted, kept | more)
    return True


def _without_mark(wanted: WantedFile) -> dict[str, Any]:
    return {name: value for name, value in wanted.media.items() if name != WAITS}


def _show(conn: Connection, wanted: WantedFile, media: dict[str, Any]) -> None:
    conn.execute(update(message).where(message.c.id == wanted.message_id).values(media=media))


FOLDER = "media"
# younger ones may be on their way: the file comes first, then its row
_YOUNG = timedelta(days=1)


def remove(data: Path, names: Iterable[str]) -> None:
    """Delete files by the names that messages have for them, and the smaller pictures; what is gone is gone."""
    folder = (data / FOLDER).resolve()
    for name in (one for file in names for one in (file, small_of(file))):
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
    known |= outgoing_files.still_used(conn, {original_of(name) for name in names})
    known |= contact_pictures.still_used(conn, names)
    return [path for name, path in names.items() if original_of(name) not in known]
