"""What the supervisor does by the clock."""

import logging
import threading
import time
from datetime import timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from daemon.config import Config
from daemon.domain.time import Clock, utc_now
from daemon.maintenance import nightly_backup, retention
from daemon.store import alerts, events
from daemon.store.engine import Database
from daemon.store.portions import LEAST_PAUSE, MOST_ROWS

log = logging.getLogger(__name__)

# a browser that was away for longer reads everything anew
EVENTS_KEPT = timedelta(days=7)
# what was wrong, and is over
ALERTS_KEPT = timedelta(days=90)
# after a start the shop comes first
FIRST_LOOK = timedelta(minutes=5)


def prune_events(database: Database, clock: Clock) -> int:
    """Forget events that no reader will ask for any more; returns how many."""
    before, gone = clock() - EVENTS_KEPT, 0
    while True:
        with database.write() as conn:
            count = events.prune(conn, before)
        gone += count
        if count < MOST_ROWS:
            return gone
        time.sleep(LEAST_PAUSE)


def prune_alerts(database: Database, clock: Clock) -> int:
    """Forget alerts that were over long ago; returns how many rows went."""
    with database.write() as conn:
        return alerts.prune(conn, clock() - ALERTS_KEPT)


class Jobs:
    """All jobs, from their start until `stop`."""

    def __init__(self, config: Config, database: Database, clock: Clock) -> None:
        self._config = config
        self._database = database
        self._clock = clock
        self._stopping = threading.Event()
        self._scheduler = BackgroundScheduler(timezone="UTC")

    def start(self) -> "Jobs":
        """Begin; missed runs are made up for once."""
        # the scheduler goes by the machine's own clock
        first = utc_now() + FIRST_LOOK
        made_up = {"coalesce": True, "misfire_grace_time": None}
        books = (self._database, self._clock)
        self._scheduler.add_job(prune_events, "interval", hours=6, start_date=first, args=books, **made_up)
        self._scheduler.add_job(prune_alerts, "interval", hours=24, start_date=first, args=books, **made_up)
        # once a minute, and not at the time itself: a computer that was off at night makes up for it; a second
        # one finds the lock of a long one and ends
        self._scheduler.add_job(self.back_up, "interval", minutes=1, start_date=first, max_instances=2, **made_up)
        self._scheduler.add_job(self.sweep, "interval", hours=6, start_date=first, **made_up)
        self._scheduler.start()
        return self

    def stop(self) -> None:
        """Begin nothing new, and end a backup that is under way."""
        self._stopping.set()
        self._scheduler.shutdown(wait=False)

    def sweep(self) -> int:
        """Delete what the shop does not want to keep; returns how many messages went."""
        return retention.sweep(self._database, self._config.data, self._clock())

    def back_up(self) -> nightly_backup.LastBackup | None:
        """Make tonight's backup if it is due; None if there was nothing to do."""
        config, now = self._config, self._clock()
        if not config.backup_keep or not nightly_backup.is_due(
            nightly_backup.last(config.data), now, config.backup_at, config.timezone
        ):
            return None
        return nightly_backup.make(
            config.data, self._database, config.backup_keep, now, config.timezone, self._stopping.is_set
        )
