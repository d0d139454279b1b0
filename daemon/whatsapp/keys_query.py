"""Reads rows out of a session's file of keys: a program of its own, for `daemon.whatsapp.message_secrets`.

The session's process must not open that file: the library has a SQLite of its own in there, and whoever closes a
file gives up all locks that his process has on it, the library's included (sqlite.org/howtocorrupt.html, 2.2).
Then the next one who closes it, a backup, takes the log away that the library still writes to.

In: JSON {file, question, values} on standard input. Out: JSON rows, texts and blobs as Latin-1; null without
tables.
"""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any


def main() -> None:
    """Answer one question."""
    asked = json.load(sys.stdin)
    uri = f"{Path(asked['file']).as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=10)) as db:
        db.text_factory = bytes
        json.dump(_rows(db, asked["question"], asked["values"]), sys.stdout)


def _rows(db: sqlite3.Connection, question: str, values: list[Any]) -> list[list[Any]] | None:
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'whatsmeow_message_secrets'").fetchone():
        return None
    return [[_plain(value) for value in row] for row in db.execute(question, values)]


def _plain(value: Any) -> Any:
    return value.decode("latin-1") if isinstance(value, bytes) else value


if __name__ == "__main__":
    main()
