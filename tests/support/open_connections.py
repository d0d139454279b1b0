"""Which SQLite connections of this process were never closed; Python itself tells from 3.13 on only."""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import local

# what was opened since each watch under way began: the file and its connection
_watches: list[list[tuple[str, sqlite3.Connection]]] = []
_opening = local()


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "sqlite3.connect":
        _opening.path = str(arguments[0])
    elif event == "sqlite3.connect/handle":
        for opened in _watches:
            opened.append((_opening.path, arguments[0]))  # type: ignore[arg-type]


sys.addaudithook(_note)


@contextmanager
def watched(folder: Path) -> Iterator[Callable[[], list[str]]]:
    """Gives what lists the databases in a folder that were opened from here on and are still open."""
    opened: list[tuple[str, sqlite3.Connection]] = []
    _watches.append(opened)
    try:
        yield lambda: [path for path, connection in opened if str(folder) in path and _is_open(connection)]
    finally:
        _watches.pop()


def _is_open(connection: sqlite3.Connection) -> bool:
    try:
        return connection.total_changes >= 0
    except sqlite3.ProgrammingError:
        return False
