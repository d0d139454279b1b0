"""Quick replies: the team's and everybody's own, each shortcut once among its own."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, or_, select, update

from daemon.store.tables.desk import quick_reply


@dataclass(frozen=True, slots=True)
class QuickReply:
    """A prepared text; without an admin it is the whole team's."""

    id: int
    admin_id: int | None
    shortcut: str
    text: str


_all = select(quick_reply.c.id, quick_reply.c.admin_id, quick_reply.c.shortcut, quick_reply.c.text)


def listing(conn: Connection, account_id: int, admin_id: int) -> list[QuickReply]:
    """What an admin can use, by shortcut; his own before the team's of the same name."""
    rows = conn.execute(
        _all.where(
            quick_reply.c.account_id == account_id,
            or_(quick_reply.c.admin_id.is_(None), quick_reply.c.admin_id == admin_id),
        ).order_by(quick_reply.c.shortcut, quick_reply.c.admin_id.is_(None), quick_reply.c.id)
    )
    return [QuickReply(*row) for row in rows]


def get(conn: Connection, account_id: int, quick_reply_id: int) -> QuickReply | None:
    """One of them, whoever's it is."""
    row = conn.execute(
        _all.where(quick_reply.c.account_id == account_id, quick_reply.c.id == quick_reply_id)
    ).first()
    return QuickReply(*row) if row else None


def of(conn: Connection, account_id: int, admin_id: int | None) -> list[QuickReply]:
    """The team's (None) or an admin's own."""
    rows = conn.execute(
        _all.where(
            quick_reply.c.account_id == account_id, quick_reply.c.admin_id.is_not_distinct_from(admin_id)
        ).order_by(quick_reply.c.shortcut)
    )
    return [QuickReply(*row) for row in rows]


def add(conn: Connection, account_id: int, admin_id: int | None, shortcut: str, text: str) -> int:
    """A new one."""
    values = {"account_id": account_id, "admin_id": admin_id, "shortcut": shortcut, "text": text}
    return conn.execute(insert(quick_reply).values(values).returning(quick_reply.c.id)).scalar_one()


def change(conn: Connection, quick_reply_id: int, admin_id: int | None, shortcut: str, text: str) -> None:
    """Rewrite one."""
    values = {"admin_id": admin_id, "shortcut": shortcut, "text": text}
    conn.execute(update(quick_reply).where(quick_reply.c.id == quick_reply_id).values(values))


def drop(conn: Connection, quick_reply_id: int) -> None:
    """Throw one away."""
    conn.execute(delete(quick_reply).where(quick_reply.c.id == quick_reply_id))
