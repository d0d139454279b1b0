"""The shop's choices as they are kept: a JSON value a name."""

from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert as upsert

from daemon.store.tables.desk import setting


def read(conn: Connection, account_id: int) -> dict[str, Any]:
    """Everything that was chosen, by name."""
    rows = conn.execute(select(setting.c.name, setting.c.value).where(setting.c.account_id == account_id))
    return {row.name: row.value for row in rows}


def write(conn: Connection, account_id: int, name: str, value: Any) -> None:
    """Keep one choice."""
    statement = upsert(setting).values(account_id=account_id, name=name, value=value)
    conn.execute(statement.on_conflict_do_update(index_elements=["account_id", "name"], set_={"value": value}))
