"""What the supervisor does by the clock."""

import logging
from datetime import timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from daemon.domain.time import Clock
from daemon.store import events
from daemon.store.engine import Database

log = logging.getLogger(__name__)

# a browser that was away for longer reads everything anew
EVENTS_KEPT = timedelta(days=7)


def prune_events(database: Database, clock: Clock) -> int:
    """Forget events that no reader will ask for any more; returns how many."""
    with database.write() as conn:
        return events.prune(conn, clock() - EVENTS_KEPT)


def schedule(database: Database, clock: Clock) -> BackgroundScheduler:
    """A started scheduler with all jobs; missed runs are made up for once."""
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(
        prune_events, "interval", hours=6, args=(database, clock), coalesce=True, misfire_grace_time=None
    )
    scheduler.start()
    return scheduler
