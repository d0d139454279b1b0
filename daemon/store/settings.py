"""The shop's choices as they are kept: a JSON value a name."""

from typing import Any

from sqlalchemy import Connection, select

from daemon.store.sql import upsert
from daemon.store.tables.desk import setting


def read(conn: Connection, account_id: int) -> dict[str, Any]:
    """Everything that was chosen, by name."""
    rows = conn.execute(select(setting.c.name, setting.c.value).where(setting.c.account_id == account_id))
    return {row.name: row.value for row in rows}


def write(conn: Connection, account_id: int, name: str, value: Any) -> None:
    """Keep one choice."""
    conn.execute(upsert(setting, {"account_id": account_id, "name": name}, {"value": value}))
