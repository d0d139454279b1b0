"""Ends calls of which WhatsApp tells no end."""

import time
from datetime import datetime, timedelta
from math import inf

from daemon.domain.calls import RINGS_FOR
from daemon.domain.time import Clock
from daemon.ingest.calls import end_unanswered
from daemon.store import accounts, calls
from daemon.store.engine import Database

# while the link is away, the end of a call may wait at WhatsApp's for so long
LONGEST_WAIT = timedelta(minutes=10)
# seconds between two looks while one rings: somebody may set our clock
EVERY = 30.0


class CallWatch:
    """Looks when somebody has written to the database, and when a call that rings has rung for long enough."""

    def __init__(self, database: Database, account_id: int, clock: Clock) -> None:
        self._database, self._account_id, self._clock = database, account_id, clock
        self._look_at = 0.0

    def look(self, has_news: bool, is_ready: bool) -> None:
        """End what is due; `is_ready`: the link is up, and what was missed has come."""
        if not has_news and time.monotonic() < self._look_at:
            return
        now, longest = self._clock(), RINGS_FOR if is_ready else LONGEST_WAIT
        with self._database.read() as conn:
            since = calls.rings_since(conn, self._account_id)
        if since is None:
            self._look_at = inf
            return
        if self._is_over(since, now, longest):
            with self._database.write() as conn:
                until = max(now - longest, since)
                end_unanswered(conn, accounts.get(conn, self._account_id), until, now)
            self._look_at = 0.0
            return
        left = (since + longest - now).total_seconds()
        self._look_at = time.monotonic() + min(left, EVERY)

    @staticmethod
    def _is_over(since: datetime, now: datetime, longest: timedelta) -> bool:
        # our clock was set back: how long it has rung is not known any more
        return since + longest <= now or since > now + longest
