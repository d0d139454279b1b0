"""Whether the database's file is whole, looked at before anything writes to it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from daemon.store.engine import BUSY_TIMEOUT_MS, Database


class DatabaseDamaged(Exception):
    """The file's pages contradict each other; the text is for a person."""


def check(database: Database) -> None:
    """Read the whole file without changing it (about a second for a million messages).

    Raises DatabaseDamaged.
    """
    address = f"{Path(database.path).absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_MS / 1000)) as conn:
            (verdict,) = conn.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        verdict = str(error)
    if verdict != "ok":
        raise DatabaseDamaged(
            f"The database {database.path} is damaged and was left as it is. Copy the file to a safe place, "
            "then restore the last backup into an empty folder with 'balas restore'."
        )
