"""The attachments' files: `media/ACCOUNT/MESSAGE.ext` below the data folder."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, select

from daemon.store.tables import message

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
    numbers = {int(stem) for path in names.values() if (stem := path.name.partition(".")[0]).isdecimal()}
    rows = conn.execute(select(message.c.media).where(message.c.id.in_(numbers))).scalars()
    known = {media.get("file") for media in rows if media}
    return [path for name, path in names.items() if name not in known]
