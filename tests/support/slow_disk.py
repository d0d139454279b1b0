"""A disk that is slow at times: the library's writes to its keys wait for a lock that somebody holds."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def slow_disk(session_file: Path, busy: float = 0.025, free: float = 0.002) -> Iterator[None]:
    """Hold the write lock on a shop's keys for `busy` seconds, let it go for `free`, and so on, until the end."""
    over = threading.Event()

    def hold() -> None:
        with closing(sqlite3.connect(session_file, isolation_level=None, timeout=10)) as connection:
            while not over.is_set():
                connection.execute("BEGIN IMMEDIATE")
                over.wait(busy)
                connection.execute("ROLLBACK")
                over.wait(free)

    holder = threading.Thread(target=hold, name="slow disk")
    holder.start()
    try:
        yield
    finally:
        over.set()
        holder.join()
