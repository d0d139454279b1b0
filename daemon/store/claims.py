"""Claims: one row a conversation, taken by compare-and-set, void once it has expired."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select, update

from auth_store.tables import admin
from daemon.domain.desk import CLAIM_LASTS, Claim
from daemon.store.portions import MOST_ROWS
from daemon.store.sql import changed
from daemon.store.tables.desk import claim

_claims = select(
    claim.c.conversation_id,
    claim.c.admin_id,
    admin.c.name,
    claim.c.tab,
    claim.c.taken_at,
    claim.c.expires_at,
).join(admin, admin.c.id == claim.c.admin_id)


def holds(now: datetime) -> ColumnElement[bool]:
    """A claim that ends later than it can was taken before the clock was set back."""
    return ends_between(now, now + CLAIM_LASTS)


def ends_between(
    now: datetime | ColumnElement[datetime], latest: datetime | ColumnElement[datetime]
) -> ColumnElement[bool]:
    """`holds`, for a statement that is made once; `latest` is `now` and CLAIM_LASTS."""
    return (claim.c.expires_at > now) & (claim.c.expires_at <= latest)


def holder(conn: Connection, conversation_id: int, now: datetime) -> Claim | None:
    """Who is answering a conversation right now."""
    row = conn.execute(_claims.where(claim.c.conversation_id == conversation_id, holds(now))).first()
    return Claim(*row) if row else None


def held(conn: Connection, account_id: int, now: datetime) -> list[Claim]:
    """All claims of an account that hold now."""
    rows = conn.execute(_claims.where(claim.c.account_id == account_id, holds(now)))
    return [Claim(*row) for row in rows]


def put(conn: Connection, account_id: int, conversation_id: int, admin_id: int, tab: str, now: datetime) -> None:
    """Give the conversation's claim to an admin's tab, whoever had it."""
    conn.execute(delete(claim).where(claim.c.conversation_id == conversation_id))
    conn.execute(
        insert(claim).values(
            conversation_id=conversation_id,
            account_id=account_id,
            admin_id=admin_id,
            tab=tab,
            taken_at=now,
            expires_at=now + CLAIM_LASTS,
        )
    )


def renew(conn: Connection, conversation_id: int, tab: str, now: datetime) -> bool:
    """Prolong a claim that its tab still holds; False if it is somebody else's or has expired."""
    return changed(
        conn,
        update(claim)
        .where(claim.c.conversation_id == conversation_id, claim.c.tab == tab, holds(now))
        .values(expires_at=now + CLAIM_LASTS),
    )


def drop(conn: Connection, conversation_id: int) -> bool:
    """End a conversation's claim; False if there was none."""
    return changed(conn, delete(claim).where(claim.c.conversation_id == conversation_id))


def drop_of_tab(conn: Connection, tab: str) -> list[tuple[int, int]]:
    """End what a tab held; gives (account, conversation) of each."""
    rows = conn.execute(
        delete(claim).where(claim.c.tab == tab).returning(claim.c.account_id, claim.c.conversation_id)
    )
    return [(row.account_id, row.conversation_id) for row in rows]


def drop_expired(conn: Connection, now: datetime) -> list[tuple[int, int]]:
    """Sweep out claims that have expired, MOST_ROWS of them; gives (account, conversation) of each."""
    expired = select(claim.c.conversation_id).where(~holds(now)).limit(MOST_ROWS)
    rows = conn.execute(
        delete(claim)
        .where(claim.c.conversation_id.in_(expired))
        .returning(claim.c.account_id, claim.c.conversation_id)
    )
    return [(row.account_id, row.conversation_id) for row in rows]


_now, _latest = (bindparam(name, type_=claim.c.expires_at.type) for name in ("now", "latest"))
_expired = select(claim.c.tab).where(~ends_between(_now, _latest)).limit(1)


def any_expired(conn: Connection, now: datetime) -> bool:
    """Whether there is something to sweep out (asked every second)."""
    return conn.execute(_expired, {"now": now, "latest": now + CLAIM_LASTS}).first() is not None
