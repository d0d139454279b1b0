"""Quick replies: the team's and everybody's own, each shortcut once among its own."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from daemon.domain.attachments import OutgoingFile
from daemon.store.tables.desk import quick_reply


@dataclass(frozen=True, slots=True)
class QuickReply:
    """A prepared text, a file or both; without an admin it is the whole team's."""

    id: int
    account_id: int
    admin_id: int | None
    shortcut: str
    text: str
    file: OutgoingFile | None = None


_all = select(quick_reply)


def listing(conn: Connection, account_id: int, admin_id: int) -> list[QuickReply]:
    """What an admin can use, by shortcut; his own before the team's of the same name."""
    rows = conn.execute(
        _all.where(
            quick_reply.c.account_id == account_id,
            or_(quick_reply.c.admin_id.is_(None), quick_reply.c.admin_id == admin_id),
        ).order_by(quick_reply.c.shortcut, quick_reply.c.admin_id.is_(None), quick_reply.c.id)
    )
    return [_one(row) for row in rows]


def get(conn: Connection, account_id: int, quick_reply_id: int) -> QuickReply | None:
    """One of them, whoever's it is."""
    row = conn.execute(
        _all.where(quick_reply.c.account_id == account_id, quick_reply.c.id == quick_reply_id)
    ).first()
    return _one(row) if row else None


def of(conn: Connection, account_id: int, admin_id: int | None) -> list[QuickReply]:
    """The team's (None) or an admin's own."""
    rows = conn.execute(
        _all.where(
            quick_reply.c.account_id == account_id, quick_reply.c.admin_id.is_not_distinct_from(admin_id)
        ).order_by(quick_reply.c.shortcut)
    )
    return [_one(row) for row in rows]


def add(
    conn: Connection,
    account_id: int,
    admin_id: int | None,
    shortcut: str,
    text: str,
    file: OutgoingFile | None = None,
) -> int:
    """A new one."""
    values = {"account_id": account_id, "admin_id": admin_id, "shortcut": shortcut, "text": text} | _columns(file)
    return conn.execute(insert(quick_reply).values(values).returning(quick_reply.c.id)).scalar_one()


def change(
    conn: Connection,
    quick_reply_id: int,
    admin_id: int | None,
    shortcut: str,
    text: str,
    file: OutgoingFile | None = None,
) -> None:
    """Rewrite one."""
    values = {"admin_id": admin_id, "shortcut": shortcut, "text": text} | _columns(file)
    conn.execute(update(quick_reply).where(quick_reply.c.id == quick_reply_id).values(values))


def drop(conn: Connection, quick_reply_id: int) -> None:
    """Throw one away."""
    conn.execute(delete(quick_reply).where(quick_reply.c.id == quick_reply_id))


def _columns(file: OutgoingFile | None) -> dict[str, Any]:
    if file is None:
        return dict.fromkeys(("file", "file_mime", "file_size", "file_name"))
    return {"file": file.file, "file_mime": file.mime, "file_size": file.size, "file_name": file.name}


def _one(row: Row[*tuple[Any, ...]]) -> QuickReply:
    file = OutgoingFile(row.file, row.file_mime, row.file_size, row.file_name) if row.file else None
    return QuickReply(row.id, row.account_id, row.admin_id, row.shortcut, row.text, file)
