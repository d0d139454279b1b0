"""Reads the facts that alerts are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from daemon.config import Config
from daemon.desk import auto_assignment, settings
from daemon.domain.alert_checks import AccountFacts, BackupFacts, MachineFacts
from daemon.domain.alerts import AlertChoices
from daemon.domain.links import LinkReason
from daemon.maintenance import nightly_backup
from daemon.maintenance.disk_space import DiskSpace
from daemon.store import accounts, links, media
from daemon.store.accounts import Account
from daemon.store.engine import Database

# a computer that was off for days gets so long for the backup that is due
BACKUP_TAKES = timedelta(hours=1)


def of_account(
    conn: Connection, account: Account, choices: AlertChoices, config: Config, now: datetime
) -> AccountFacts:
    """One account as it stands."""
    link = links.get(conn, account.id)
    waiting: int | None = 0
    if choices.waiting_after is not None:
        hours = settings.load(conn, account.id).hours
        waiting = auto_assignment.waiting_too_long(
            conn, account.id, hours, timedelta(minutes=choices.waiting_after), now, config.timezone
        )
    return AccountFacts(
        state=link.state,
        reason=link.reason,
        is_linked=account.device is not None,
        until=link.retry_at,
        phone_step=link.phone_step,
        phone_seen_at=link.phone_seen_at,
        phone_seen_by=link.phone_seen_by.value if link.phone_seen_by else None,
        waiting=waiting,
    )


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the facts that all accounts share are found."""

    config: Config
    database: Database
    started_at: datetime
    inbox_answers: Callable[[], bool]

    def facts(self, conn: Connection, now: datetime) -> MachineFacts:
        """Disk, backups and inbox as they are."""
        room = DiskSpace(self.config, self.database)
        reasons = [links.get(conn, one.id).reason for one in accounts.every(conn)]
        full = LinkReason.DISK_FULL in reasons
        return MachineFacts(
            self._backup(now),
            room.free(),
            full or room.is_short(),
            self.inbox_answers(),
            media.waiting_for_room(conn),
        )

    def _backup(self, now: datetime) -> BackupFacts | None:
        if not self.config.backup_keep:
            return None
        last = nightly_backup.last(self.config.data)
        good_at = last.good_at if last else None
        overdue = (
            good_at is not None and now - good_at > timedelta(days=1) and now - self.started_at < BACKUP_TAKES
        )
        age = now - good_at if good_at is not None and not overdue else None
        return BackupFacts(last.reason if last else None, age)
