"""Profile pictures of customers: which file, and when it is asked for again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from daemon.store.sql import upsert
from daemon.store.tables.contact_pictures import contact_picture


@dataclass(frozen=True, slots=True)
class ContactPicture:
    """What is known of one customer's picture; no `file`: there is none that we may see."""

    file: str | None
    wa_id: str | None
    next_at: datetime


def get(conn: Connection, contact_id: int) -> ContactPicture | None:
    """One customer's picture; None if it was never asked for."""
    columns = contact_picture.c.file, contact_picture.c.wa_id, contact_picture.c.next_at
    row = conn.execute(select(*columns).where(contact_picture.c.contact_id == contact_id)).first()
    return ContactPicture(*row) if row else None


def ask_again_at(conn: Connection, account_id: int, contact_id: int, at: datetime) -> None:
    """It is not asked for again before this; what is there stays."""
    key = {"contact_id": contact_id}
    conn.execute(upsert(contact_picture, key, {"next_at": at}, only_new={"account_id": account_id}))


def keep(
    conn: Connection, account_id: int, contact_id: int, file: str | None, wa_id: str | None, next_at: datetime
) -> None:
    """What WhatsApp shows now; the file that stood there before belongs to nobody any more."""
    values = {"account_id": account_id, "file": file, "wa_id": wa_id, "next_at": next_at}
    conn.execute(upsert(contact_picture, {"contact_id": contact_id}, values))


def files_of(conn: Connection, contact_ids: Sequence[int]) -> list[str]:
    """The files of some customers."""
    theirs = contact_picture.c.contact_id.in_(contact_ids), contact_picture.c.file.is_not(None)
    return list(conn.execute(select(contact_picture.c.file).where(*theirs)).scalars())


def forget(conn: Connection, contact_ids: Sequence[int]) -> None:
    """Forget what is known of some customers' pictures."""
    conn.execute(delete(contact_picture).where(contact_picture.c.contact_id.in_(contact_ids)))


def forget_all(conn: Connection, account_id: int) -> None:
    """Nobody wants to see them: the files go with the next sweep."""
    conn.execute(delete(contact_picture).where(contact_picture.c.account_id == account_id))


def merge(conn: Connection, survivor: int, gone: int) -> None:
    """Two customers are one: the survivor's picture stands, else the other's is his."""
    if get(conn, survivor) is None:
        mine = contact_picture.c.contact_id == gone
        conn.execute(update(contact_picture).where(mine).values(contact_id=survivor))
    forget(conn, [gone])


def still_used(conn: Connection, files: Collection[str]) -> set[str]:
    """Those of some files that are a customer's picture."""
    rows = select(contact_picture.c.file).where(contact_picture.c.file.in_(files))
    return {file for file in conn.execute(rows).scalars() if file}
