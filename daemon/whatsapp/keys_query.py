"""Reads rows out of a session's file of keys; as a program of its own once the library has opened that file.

From then on the session's process must not open it: the library has a SQLite of its own in there, and whoever
closes a file gives up all locks that his process has on it, the library's included (sqlite.org/howtocorrupt.html,
2.2). Then the next one who closes it, a backup, takes the log away that the library still writes to.

In: JSON {file, question, values} on standard input. Out: JSON rows, texts and blobs as Latin-1.
"""

import json
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any


def rows(file: Path, question: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """What a question finds, texts as bytes; nothing while the library has made no tables.

    Raises sqlite3.Error.
    """
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as db:
        db.text_factory = bytes
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'whatsmeow_message_secrets'").fetchone():
            return []
        return db.execute(question, values).fetchall()


def main() -> None:
    """Answer one question."""
    asked = json.load(sys.stdin)
    found = rows(Path(asked["file"]), asked["question"], asked["values"])
    json.dump([[_plain(value) for value in row] for row in found], sys.stdout)


def _plain(value: Any) -> Any:
    return value.decode("latin-1") if isinstance(value, bytes) else value


if __name__ == "__main__":
    main()
