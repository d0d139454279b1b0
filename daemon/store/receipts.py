"""Receipts as they came: who saw which message, on which device, when."""

from datetime import datetime

from sqlalchemy import Connection, select

from daemon.store.sql import insert_new
from daemon.store.tables.core import receipt


def record(
    conn: Connection,
    account_id: int,
    wa_ids: tuple[str, ...],
    user: str,
    device: int,
    kind: str,
    at: datetime,
) -> int:
    """Keep one receipt for each message id; returns how many were new."""
    rows = [
        {
            "account_id": account_id,
            "wa_id": wa_id,
            "user": user,
            "device": device,
            "kind": kind,
            "at": at,
        }
        for wa_id in dict.fromkeys(wa_ids)
    ]
    return conn.execute(insert_new(receipt), rows).rowcount if rows else 0


def kinds(conn: Connection, account_id: int, wa_id: str) -> list[str]:
    """The kinds of receipt that came for a message, in no order."""
    return list(
        conn.execute(
            select(receipt.c.kind).where(receipt.c.account_id == account_id, receipt.c.wa_id == wa_id).distinct()
        ).scalars()
    )
