"""Rounds over many rows: a portion in each write transaction, and the lock is given away in between."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection

from daemon.store.engine import Database

# what one write transaction of a round may do, whichever comes first; seconds
MOST_ROWS, LONGEST = 100, 0.05
# Seconds until the round goes on. Who waits for the lock looks every 25 ms at first (SQLite's busy handler).
LEAST_PAUSE = 0.03

T = TypeVar("T")


class Portion:
    """So many rows or LONGEST seconds from its making, but one row at least: for one write transaction."""

    def __init__(self, most: int = MOST_ROWS) -> None:
        self._most = most
        self._end = time.monotonic() + LONGEST
        self._done = 0

    @property
    def is_used_up(self) -> bool:
        """Whether the rest is for another transaction."""
        return self._done >= self._most or (self._done > 0 and time.monotonic() >= self._end)

    def of(self, rows: Iterable[T]) -> Iterator[T]:
        """The rows that may still be done."""
        for row in rows:
            if self.is_used_up:
                return
            self._done += 1
            yield row


def write_in_portions(
    database: Database,
    rows: Sequence[T],
    work: Callable[[Connection, T], object],
    most: int = MOST_ROWS,
) -> None:
    """Do something with every row, a portion a transaction; what a crash leaves undone is the caller's to find."""
    done = 0
    while done < len(rows):
        begun = time.monotonic()
        before = done
        with database.write() as conn:
            for row in Portion(most).of(islice(rows, before, None)):
                work(conn, row)
                done += 1
        if done < len(rows):
            time.sleep(max(LEAST_PAUSE, time.monotonic() - begun))
