"""One mechanism for everything that has a pace: counted in the database, so that all processes count together."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.domain.pace import Pace, Paced, TooFast
from daemon.store import paces


def free_at(conn: Connection, account_id: int, what: Paced, pace: Pace, now: datetime) -> datetime | None:
    """When it may be done again; None: now."""
    times = [
        last + span
        for span, most in pace.spans
        if (last := paces.last_but(conn, account_id, what, most - 1, now - span, now)) is not None
    ]
    return max(times, default=None)


def take(conn: Connection, account_id: int, what: Paced, pace: Pace, now: datetime) -> None:
    """It is being done, in this transaction; raises TooFast, and nothing is counted, if it may not be yet."""
    if (until := free_at(conn, account_id, what, pace, now)) is not None:
        raise TooFast(until)
    paces.mark(conn, account_id, what, now)
