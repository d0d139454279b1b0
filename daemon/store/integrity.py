"""Whether a database's file is whole, looked at before anything writes to it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from daemon.store.engine import BUSY_TIMEOUT_MS, Database

# bytes that can be read through at each start of a session: about 1 ms a megabyte
_SOON_READ = 32_000_000
_WHOLE, _FIRST_PAGES = "PRAGMA quick_check(1)", "SELECT 'ok' FROM sqlite_master UNION SELECT 'ok'"


class DatabaseDamaged(Exception):
    """The file's pages contradict each other; the text is for a person."""


def check(database: Database) -> None:
    """Read the whole file without changing it (about a second for a million messages).

    Raises DatabaseDamaged.
    """
    try:
        verdict = _verdict(Path(database.path), _WHOLE)
    except sqlite3.DatabaseError as error:
        verdict = str(error)
    if verdict != "ok":
        raise DatabaseDamaged(
            f"The database {database.path} is damaged and was left as it is. Copy the file to a safe place, "
            "then restore the last backup into an empty folder with 'balas restore'."
        )


def looks_sound(path: Path) -> bool:
    """Whether nothing wrong is seen in a file; of a very large one only the beginning is looked at."""
    try:
        return _verdict(path, _WHOLE if path.stat().st_size <= _SOON_READ else _FIRST_PAGES) == "ok"
    except sqlite3.OperationalError:
        return True  # another process has it locked
    except sqlite3.DatabaseError:
        return False


def _verdict(path: Path, question: str) -> str:
    address = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_MS / 1000)) as conn:
        return str(conn.execute(question).fetchone()[0])
