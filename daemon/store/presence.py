"""Who is at the desk: open browser tabs, and who has said that he is away."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, case, delete, func, or_, select, update

from auth_store.tables import admin
from daemon.store.portions import MOST_ROWS
from daemon.store.sql import changed, upsert
from daemon.store.tables.desk import presence, seat

# A process renews its tabs this often; one that has not for three times as long has crashed.
RENEWED_EVERY = timedelta(seconds=20)
SILENT_FOR = 3 * RENEWED_EVERY
# A reload or a short walk through a dead spot is no absence.
GRACE = timedelta(seconds=20)
# Long enough to say since when somebody is gone.
KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TeamMember:
    """An admin as the team sees him: here, away, and how many conversations he takes by himself."""

    admin_id: int
    name: str
    is_here: bool
    away_since: datetime | None
    most_conversations: int | None

    @property
    def takes_work(self) -> bool:
        """Whether conversations may be given to him now."""
        return self.is_here and self.away_since is None


def join(conn: Connection, tab: str, admin_id: int, now: datetime) -> None:
    """A browser tab is there (again)."""
    new = {"admin_id": admin_id, "since": now}
    conn.execute(upsert(presence, {"tab": tab}, {"seen_at": now, "left_at": None}, only_new=new))


def renew(conn: Connection, tabs: list[str], now: datetime) -> None:
    """These tabs of one process are still there."""
    conn.execute(update(presence).where(presence.c.tab.in_(tabs)).values(seen_at=now))


def leave(conn: Connection, tab: str, now: datetime) -> None:
    """A tab has closed."""
    conn.execute(update(presence).where(presence.c.tab == tab).values(left_at=now))


def forget_gone(conn: Connection, now: datetime) -> int:
    """Sweep out tabs that have been gone for a day, MOST_ROWS of them; returns how many."""
    gone = select(presence.c.tab).where(presence.c.seen_at <= now - KEPT_FOR).limit(MOST_ROWS)
    return conn.execute(delete(presence).where(presence.c.tab.in_(gone))).rowcount


def gone_since(conn: Connection, now: datetime) -> dict[int, datetime]:
    """Since when those who are not here are gone; nobody is in it who has not been here for a day."""
    left = func.coalesce(presence.c.left_at, presence.c.seen_at)
    rows = conn.execute(
        select(presence.c.admin_id, func.max(left, type_=presence.c.seen_at.type).label("left"))
        .group_by(presence.c.admin_id)
        .having(func.max(case((_counts(now), 1), else_=0)) == 0)
    )
    return {row.admin_id: row.left for row in rows}


def _counts(now: datetime) -> ColumnElement[bool]:
    return (presence.c.seen_at > now - SILENT_FOR) & or_(
        presence.c.left_at.is_(None), presence.c.left_at > now - GRACE
    )


def team(conn: Connection, now: datetime) -> list[TeamMember]:
    """Everybody who may log in, by name."""
    here = (
        select(func.count())
        .where(presence.c.admin_id == admin.c.id, _counts(now))
        .correlate(admin)
        .scalar_subquery()
    )
    rows = conn.execute(
        select(admin.c.id, admin.c.name, here.label("tabs"), seat.c.away_since, seat.c.most_conversations)
        .outerjoin(seat, seat.c.admin_id == admin.c.id)
        .where(admin.c.disabled_at.is_(None))
        .order_by(admin.c.name, admin.c.id)
    )
    return [TeamMember(r.id, r.name, r.tabs > 0, r.away_since, r.most_conversations) for r in rows]


def set_away(conn: Connection, admin_id: int, since: datetime | None) -> bool:
    """Say that an admin is away (or, with None, back); False if that is known."""
    if since is None:
        back = update(seat).where(seat.c.admin_id == admin_id, seat.c.away_since.is_not(None))
        return changed(conn, back.values(away_since=None))
    away = upsert(seat, {"admin_id": admin_id}, {"away_since": since}, replaces=seat.c.away_since.is_(None))
    return changed(conn, away)


def most(conn: Connection, admin_id: int) -> int | None:
    """How many conversations an admin takes by himself, if that was ever said."""
    return conn.execute(select(seat.c.most_conversations).where(seat.c.admin_id == admin_id)).scalar()


def set_most(conn: Connection, admin_id: int, most: int | None) -> None:
    """How many conversations an admin takes by himself; None for the shop's usual limit."""
    conn.execute(upsert(seat, {"admin_id": admin_id}, {"most_conversations": most}))


def note_given(conn: Connection, admin_id: int, now: datetime) -> None:
    """He was given a conversation: in round-robin the others come next."""
    conn.execute(upsert(seat, {"admin_id": admin_id}, {"given_at": now}))


def given_at(conn: Connection) -> dict[int, datetime | None]:
    """When each admin was last given a conversation."""
    rows = conn.execute(select(seat.c.admin_id, seat.c.given_at))
    return {row.admin_id: row.given_at for row in rows}
