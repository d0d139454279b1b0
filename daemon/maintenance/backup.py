"""Backups: a consistent copy of everything in one file, made while the daemon runs."""

import errno
import hashlib
import io
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO

from auth_store.files import AlreadyOpen, Lock, prepare_folder, session_path
from daemon.maintenance.manifest import DATABASE, MANIFEST, NAMES, BackedUpFile, Manifest
from daemon.store import accounts
from daemon.store.engine import BUSY_TIMEOUT_MS, Database
from daemon.store.schema import revision

# in the data folder; the backup never contains it
FOLDER = "backups"
# what a killed backup leaves behind begins like this
PART = ".part-"


class BackupFailed(Exception):
    """No backup was made; the text is one sentence for a person, `reason` a stable word."""

    def __init__(self, sentence: str, reason: str = "failed") -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class MadeBackup:
    """A finished backup."""

    path: Path
    size: int
    members: int


def folder(data: Path) -> Path:
    """Where backups go that nobody gave another place."""
    found = data / FOLDER
    prepare_folder(found)
    return found


def make(
    data: Path,
    database: Database,
    target: Path,
    now: datetime,
    *,
    with_session: bool = False,
    stopping: Callable[[], bool] = lambda: False,
) -> MadeBackup:
    """Copy the database, the attachments and, if asked for, the keys into one new file, 0600.

    The copy is what the database was at one moment; nobody waits for it. The file appears under its name once
    it is complete and on the disk. Raises BackupFailed, and then leaves nothing behind.
    """
    if target.exists():
        raise BackupFailed(f"There is a file {target} already.", "exists")
    try:
        with _locked(data):
            _clear(data / FOLDER)
            made = _make(data, database, target, now, with_session, stopping)
    except OSError as error:
        reason = "disk_full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "failed"
        raise BackupFailed(f"The backup {target} can't be written ({error.strerror or error}).", reason) from error
    except sqlite3.Error as error:
        full = "full" in str(error)
        raise BackupFailed(
            f"The database can't be copied ({error}).", "disk_full" if full else "failed"
        ) from error
    return made


def _make(
    data: Path, database: Database, target: Path, now: datetime, with_session: bool, stopping: Callable[[], bool]
) -> MadeBackup:
    with _work_folder(target.parent) as work:
        part = work / "backup.tar"
        manifest = _write(part, data, database, work, now, with_session, stopping)
        size = part.stat().st_size
        part.rename(target)
        _sync_folder(target.parent)
    return MadeBackup(target, size, len(manifest.members))


def _clear(place: Path) -> None:
    """What a killed backup has left behind."""
    for left in place.glob(f"{PART}*"):
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    lock = Lock(data / "backup.lock", "")
    try:
        lock.acquire()
    except AlreadyOpen as error:
        raise BackupFailed("Another backup is being made right now.", "busy") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _work_folder(place: Path) -> Iterator[Path]:
    """A private folder on the target's own disk, gone afterwards."""
    work = Path(tempfile.mkdtemp(prefix=PART, dir=place))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _write(
    part: Path,
    data: Path,
    database: Database,
    work: Path,
    now: datetime,
    with_session: bool,
    stopping: Callable[[], bool],
) -> Manifest:
    members: list[BackedUpFile] = []
    with _private(part) as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:

        def add(name: str, path: Path) -> None:
            with path.open("rb") as source:
                members.append(_add(tar, name, source, os.fstat(source.fileno()).st_size, now, stopping))

        for name, original in _databases(data, database, with_session):
            copy = work / "copy.db"
            _copy_database(original, copy, stopping)
            add(name, copy)
            copy.unlink()
        # after the database: every attachment that it knows is there by now
        for name, path in _attachments(data):
            try:
                add(name, path)
            except FileNotFoundError:
                continue  # forgotten since we looked
        found = revision(database)
        manifest = Manifest(version("balas"), found or "", now, with_session, tuple(members))
        content = manifest.to_json()
        _add(tar, MANIFEST, io.BytesIO(content), len(content), now, stopping)
        tar.close()
        file.flush()
        os.fsync(file.fileno())
    return manifest


def _databases(data: Path, database: Database, with_session: bool) -> Iterator[tuple[str, Path]]:
    yield DATABASE, Path(database.path)
    if not with_session:
        return
    with database.read() as conn:
        account_ids = [account.id for account in accounts.every(conn)]
    for account_id in account_ids:
        path = session_path(data, account_id)
        if path.exists():
            yield f"keys/{path.name}", path


def _copy_database(original: Path, copy: Path, stopping: Callable[[], bool]) -> None:
    """One moment of a database as a file of its own, looked over; writers go on meanwhile."""
    with _private(copy):
        pass
    patience = BUSY_TIMEOUT_MS / 1000
    # a database that is not there must not be made here
    there = f"{original.absolute().as_uri()}?mode=rw"
    with (
        closing(sqlite3.connect(there, timeout=patience, uri=True)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        # in one step: a copy in several begins anew whenever somebody writes
        source.backup(target, pages=-1)
        _go_on(stopping)
        # the copy is complete without side files
        target.execute("PRAGMA journal_mode=DELETE")
        check(target)


def check(conn: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError if a database's pages contradict each other."""
    (verdict,) = conn.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError("it is damaged")


def _attachments(data: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted((data / "media").glob("*/*")):
        name = path.relative_to(data).as_posix()
        # half-fetched files have other names
        if NAMES.fullmatch(name) and path.suffix != ".part" and path.is_file() and not path.is_symlink():
            yield name, path


def _add(
    tar: tarfile.TarFile, name: str, source: IO[bytes], size: int, now: datetime, stopping: Callable[[], bool]
) -> BackedUpFile:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(now.timestamp())
    reader = _Summing(source, stopping)
    tar.addfile(info, reader)  # type: ignore[arg-type]
    return BackedUpFile(name, size, reader.sum.hexdigest())


class _Summing:
    """A file that sums up what is read from it."""

    def __init__(self, source: IO[bytes], stopping: Callable[[], bool]) -> None:
        self.sum = hashlib.sha256()
        self._source = source
        self._stopping = stopping

    def read(self, count: int) -> bytes:
        """The next bytes."""
        _go_on(self._stopping)
        chunk = self._source.read(count)
        self.sum.update(chunk)
        return chunk


def _go_on(stopping: Callable[[], bool]) -> None:
    if stopping():
        raise BackupFailed("The backup was stopped.", "stopped")


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        yield file


def _sync_folder(place: Path) -> None:
    fd = os.open(place, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
