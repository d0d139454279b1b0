"""How often something was done that has a pace: one row a time, for a day."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from daemon.domain.pace import Paced
from daemon.store.portions import MOST_ROWS
from daemon.store.tables.questions import pace_mark

# as long as the longest span
KEPT = timedelta(days=1)


def mark(conn: Connection, account_id: int, what: Paced, now: datetime) -> None:
    """It was done now."""
    conn.execute(insert(pace_mark).values(account_id=account_id, what=what.value, at=now))


def last_but(
    conn: Connection, account_id: int, what: Paced, count: int, since: datetime, now: datetime
) -> datetime | None:
    """When it was done for the last time but `count`, if that was after `since`.

    What a clock that was set back has marked in the future counts as nothing.
    """
    within = (pace_mark.c.at > since) & (pace_mark.c.at <= now)
    mine = (pace_mark.c.account_id == account_id) & (pace_mark.c.what == what.value)
    found = select(pace_mark.c.at).where(mine, within).order_by(pace_mark.c.at.desc()).offset(count).limit(1)
    return conn.execute(found).scalar()


def has_old(conn: Connection, now: datetime) -> bool:
    """Whether any row counts no more."""
    return conn.execute(select(pace_mark.c.id).where(pace_mark.c.at < now - KEPT).limit(1)).first() is not None


def forget_old(conn: Connection, now: datetime) -> bool:
    """Forget MOST_ROWS of those that count no more; True if more may be left."""
    old = select(pace_mark.c.id).where(pace_mark.c.at < now - KEPT).limit(MOST_ROWS)
    return conn.execute(delete(pace_mark).where(pace_mark.c.id.in_(old))).rowcount == MOST_ROWS
