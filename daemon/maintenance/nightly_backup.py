"""The nightly backup: when it is due, how many are kept, and what became of the last one."""

import contextlib
import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from auth_store.files import PlaceError
from daemon.maintenance import backup
from daemon.maintenance.backup import BackupFailed
from daemon.store.engine import Database

log = logging.getLogger(__name__)

NAME = "nightly-%Y-%m-%d-%H%M%S.tar"
RETRY_AFTER = timedelta(hours=1)
_LAST = "last.json"


@dataclass(frozen=True, slots=True)
class LastBackup:
    """What became of the last nightly backup, and when one last succeeded; `reason` is BackupFailed's word."""

    at: datetime
    reason: str | None
    file: str | None
    size: int | None
    good_at: datetime | None

    @property
    def succeeded(self) -> bool:
        return self.reason is None


def last(data: Path) -> LastBackup | None:
    """What became of the last nightly backup; None if there has been none."""
    try:
        values = json.loads((data / backup.FOLDER / _LAST).read_text())
        good_at = values["good_at"]
        return LastBackup(
            datetime.fromisoformat(values["at"]),
            values["reason"],
            values["file"],
            values["size"],
            datetime.fromisoformat(good_at) if good_at else None,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_due(before: LastBackup | None, now: datetime, at: time, zone: ZoneInfo) -> bool:
    """Whether tonight's backup is still to be made; a machine that slept through the night makes up for it."""
    local = now.astimezone(zone)
    planned = datetime.combine(local.date(), at, zone)
    if planned > local:
        planned = datetime.combine(local.date() - timedelta(days=1), at, zone)
    # a clock that was wrong for a while must not stop all backups
    if before is None or before.at > now + timedelta(days=1):
        return True
    if not before.succeeded:
        return abs(now - before.at) >= RETRY_AFTER
    return before.at < planned


def make(
    data: Path, database: Database, keep: int, now: datetime, zone: ZoneInfo, stopping: Callable[[], bool]
) -> LastBackup | None:
    """Make a backup, remember how it went, and let the oldest go; None if it was stopped or another one runs."""
    before = last(data)
    try:
        place = backup.folder(data)
        made = backup.make(data, database, place / now.astimezone(zone).strftime(NAME), now, stopping=stopping)
    except (BackupFailed, PlaceError) as error:
        reason = getattr(error, "reason", "failed")
        if reason in ("stopped", "busy"):
            return None
        log.error("the nightly backup failed: %s", error)
        outcome = LastBackup(now, reason, None, None, before.good_at if before else None)
    else:
        log.info("the nightly backup has %d bytes", made.size)
        outcome = LastBackup(now, None, made.path.name, made.size, now)
        for old in nightly_files(place)[keep:]:
            old.unlink(missing_ok=True)
    _remember(data, outcome)
    return outcome


def nightly_files(place: Path) -> list[Path]:
    """The nightly backups in a folder, the newest first; those that people made are left alone."""
    return sorted(place.glob("nightly-*.tar"), reverse=True)


def _remember(data: Path, outcome: LastBackup) -> None:
    values = {
        "at": outcome.at.isoformat(),
        "reason": outcome.reason,
        "file": outcome.file,
        "size": outcome.size,
        "good_at": outcome.good_at.isoformat() if outcome.good_at else None,
    }
    path = data / backup.FOLDER / _LAST
    part = path.with_suffix(".new")
    # on a full disk the old word stays: the log has the new one
    with contextlib.suppress(OSError):
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            json.dump(values, file)
        part.rename(path)
