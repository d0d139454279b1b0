"""Restoring a backup: looked through to the last byte first, then written into an empty folder."""

import hashlib
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy import select, update

from auth_store.files import PlaceError, prepare_folder, session_path
from daemon.domain.links import LinkState
from daemon.domain.messages import Delivery, OutboxState
from daemon.maintenance import backup
from daemon.maintenance.manifest import DATABASE, MANIFEST, NAMES, BackedUpFile, Manifest
from daemon.store import accounts, messages
from daemon.store.engine import Database
from daemon.store.schema import SchemaTooNew, migrate
from daemon.store.tables.core import link, outbox
from daemon.store.tables.message_changes import message_change

_CHUNK = 1 << 20
_LONGEST_MANIFEST = 1 << 28
_STAGE = ".restoring"


class RestoreFailed(Exception):
    """Nothing was restored; the text is one sentence for a person."""


def restore(file: Path, data: Path, now: datetime) -> Manifest:
    """Write a backup into a new or empty data folder; all files become 0600, all folders 0700.

    Replies that waited in the backup become uncertain: the Balas it was made of may have sent them since.
    Without keys in the backup its accounts are to be linked anew. Raises RestoreFailed, and then leaves the
    folder as it was.
    """
    is_new = not data.exists()
    if not is_new and (not data.is_dir() or any(data.iterdir())):
        raise RestoreFailed(f"{data} is not empty: a backup is restored into an empty folder only.")
    manifest = verify(file)
    try:
        prepare_folder(data)
        with _stage(data, is_new) as stage:
            _extract(file, manifest, stage)
            _look_over(stage, manifest)
            _settle(stage, manifest, now)
            _move_in(stage, data)
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise RestoreFailed(f"The backup can't be written to {data} ({why}).") from error
    except (PlaceError, SchemaTooNew) as error:
        raise RestoreFailed(str(error)) from error
    return manifest


def verify(file: Path) -> Manifest:
    """Read a whole backup and compare every byte with its manifest; raises RestoreFailed, and writes nothing."""
    found: list[BackedUpFile] = []
    manifest: Manifest | None = None
    try:
        with _opened(file) as tar:
            for info in tar:
                source = _content(tar, info)
                if info.name == MANIFEST:
                    if info.size > _LONGEST_MANIFEST or manifest:
                        raise RestoreFailed(f"{file} is no backup of Balas.")
                    manifest = Manifest.from_json(source.read())
                    continue
                if not NAMES.fullmatch(info.name):
                    raise RestoreFailed(
                        f"{file} is no backup of Balas: it holds files that do not belong into one."
                    )
                found.append(BackedUpFile(info.name, info.size, _sum(source)))
    except OSError as error:
        raise RestoreFailed(f"{file} can't be read ({error.strerror or error}).") from error
    except ValueError as error:
        raise RestoreFailed(f"{file} is no backup that this version of Balas can read.") from error
    if manifest is None:
        raise RestoreFailed(f"{file} is incomplete: its end is missing.")
    if sorted(found, key=_by_name) != sorted(manifest.members, key=_by_name) or not _has_database(found):
        raise RestoreFailed(f"{file} is damaged: its content is not what its manifest says.")
    return manifest


def _has_database(found: list[BackedUpFile]) -> bool:
    names = [member.name for member in found]
    return DATABASE in names and len(set(names)) == len(names)


def _by_name(member: BackedUpFile) -> tuple[str, str]:
    return member.name, member.sha256


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, mode="r:") as tar:
            yield tar
    except tarfile.TarError as error:
        raise RestoreFailed(f"{file} is no backup of Balas, or it is damaged.") from error


def _content(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    """The bytes of a plain file; links, folders and devices have no place in a backup."""
    source = tar.extractfile(info) if info.type in (tarfile.REGTYPE, tarfile.AREGTYPE) else None
    if source is None:
        raise tarfile.TarError("not a plain file")
    return source


def _sum(source: IO[bytes], target: IO[bytes] | None = None) -> str:
    total = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        total.update(chunk)
        if target is not None:
            target.write(chunk)
    return total.hexdigest()


@contextmanager
def _stage(data: Path, is_new: bool) -> Iterator[Path]:
    """A folder inside the data folder, on its disk; whatever goes wrong, the data folder is as before."""
    stage = data / _STAGE
    stage.mkdir(mode=0o700)
    try:
        yield stage
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        if is_new:
            with suppress(OSError):
                data.rmdir()
        raise
    stage.rmdir()


def _extract(file: Path, manifest: Manifest, stage: Path) -> None:
    sums = {member.name: member.sha256 for member in manifest.members}
    with _opened(file) as tar:
        for info in tar:
            if info.name == MANIFEST:
                continue
            # the file may have changed since it was looked through
            if not NAMES.fullmatch(info.name):
                raise RestoreFailed(f"{file} has just been changed.")
            path = stage / info.name
            for place in reversed(path.relative_to(stage).parents[:-1]):
                (stage / place).mkdir(mode=0o700, exist_ok=True)
            fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(fd, "wb") as target:
                if _sum(_content(tar, info), target) != sums.get(info.name):
                    raise RestoreFailed(f"{file} has just been changed.")
                target.flush()
                os.fsync(fd)


def _look_over(stage: Path, manifest: Manifest) -> None:
    for member in manifest.members:
        if not member.name.endswith(".db"):
            continue
        with closing(sqlite3.connect(stage / member.name)) as conn:
            try:
                backup.check(conn)
            except sqlite3.DatabaseError as error:
                raise RestoreFailed(f"The database {member.name} in the backup is damaged.") from error


def _settle(stage: Path, manifest: Manifest, now: datetime) -> None:
    """What was true when the backup was made may have been done or undone since."""
    database = Database(f"sqlite:///{stage / DATABASE}")
    try:
        migrate(database)
        with database.write() as conn:
            waiting = (OutboxState.QUEUED.value, OutboxState.SENDING.value)
            for message_id in (
                conn.execute(select(outbox.c.message_id).where(outbox.c.state.in_(waiting))).scalars().all()
            ):
                messages.set_delivery(conn, message_id, Delivery.UNCERTAIN)
            for table in (outbox, message_change):
                unsure = update(table).where(table.c.state.in_(waiting))
                conn.execute(unsure.values(state=OutboxState.UNCERTAIN.value))
            for account in accounts.every(conn):
                if str(session_path(Path(), account.id)) in {member.name for member in manifest.members}:
                    continue
                fresh = {"state": LinkState.UNLINKED.value, "reason": "", "since": now, "retry_at": None}
                fresh |= {
                    "detail": None,
                    "qr": None,
                    "pair_code": None,
                    "pair_until": None,
                    "pair_phone": None,
                    "wish": "",
                }
                conn.execute(update(link).where(link.c.account_id == account.id).values(fresh))
                accounts.forget_identity(conn, account.id)
    finally:
        database.close()


def _move_in(stage: Path, data: Path) -> None:
    # the database last: a folder without it is no Balas
    for path in sorted(stage.iterdir(), key=lambda path: path.name == DATABASE):
        if (data / path.name).exists():
            raise RestoreFailed(f"Somebody else has written into {data} meanwhile.")
        path.rename(data / path.name)
