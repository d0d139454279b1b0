"""Notice that somebody else has written to the database: at once, and at no cost while nobody does."""

import sqlite3
import time
from pathlib import Path

from inotify_simple import INotify, flags

from daemon.store.engine import Database

# from the first page of a commit in the file to the moment it can be read there is a flush to disk
SETTLE = 0.2
STEP = 0.001


class ChangeWatch:
    """One reader's eye on the database; use it from one thread.

    `PRAGMA data_version` on a connection of its own tells in microseconds whether another connection has
    committed. While nothing happens the reader sleeps until the kernel reports a write in the folder.
    """

    def __init__(self, database: Database) -> None:
        self._connection = sqlite3.connect(database.path, isolation_level=None, check_same_thread=False)
        self._connection.execute(f"PRAGMA busy_timeout={database.patience_ms}")
        self._version = -1
        self._inotify = INotify(nonblocking=True)
        # the folder, because the log file beside the database comes and goes
        self._inotify.add_watch(Path(database.path).parent, flags.MODIFY)
        self._log = Path(database.path).name + "-wal"

    def changed(self) -> bool:
        """True when something was committed since the last call (and at the first call)."""
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        before, self._version = self._version, version
        return version != before

    def wait(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds for another connection's commit; True if there was one."""
        deadline = time.monotonic() + timeout
        while not self.changed():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            if self._written(left) and self._settled():
                return True
        return True

    def _written(self, seconds: float) -> bool:
        return any(found.name == self._log for found in self._inotify.read(timeout=seconds * 1000))

    def _settled(self) -> bool:
        end = time.monotonic() + SETTLE
        while time.monotonic() < end:
            if self.changed():
                return True
            time.sleep(STEP)
        return False

    def close(self) -> None:
        """Give connection and watch back."""
        self._connection.close()
        self._inotify.close()
