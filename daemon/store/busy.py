"""A database that takes nothing at the moment: others hold its lock, or the disk is full. That passes."""

import logging
import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)

# seconds from one attempt to the next, at first and at most
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0
# primary result codes (sqlite.org/rescode.html): locked, no room, and what reading or writing the file met
_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}


def is_busy(error: BaseException) -> bool:
    """Whether trying again may help: nothing was written, and the fault is not in what was to be written."""
    cause = getattr(error, "orig", error)
    # the low byte of an extended code is the primary one
    return (
        isinstance(cause, sqlite3.OperationalError) and getattr(cause, "sqlite_errorcode", -1) & 0xFF in _PASSING
    )


def until_taken(work: Callable[[], T], what: str, meanwhile: Callable[[], object] = lambda: None) -> T:
    """Do `work` again, ever more slowly, for as long as the database is busy; other errors are raised.

    `meanwhile` is called after each attempt in vain; it may raise to give up.
    """
    pause = _FIRST_PAUSE
    while True:
        try:
            return work()
        except Exception as error:
            if not is_busy(error):
                raise
            log.warning("the database does not take %s: waiting", what)
        meanwhile()
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
