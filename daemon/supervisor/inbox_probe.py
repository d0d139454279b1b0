"""Asks the inbox, as a browser would, whether it answers."""

import http.client
import logging
import threading
import time

from daemon.config import Config
from daemon.logs import Guard

log = logging.getLogger(__name__)

# seconds between two questions (sooner while it starts), and for an answer
EVERY, AT_FIRST, PATIENCE = 5.0, 0.2, 5.0
# an inbox that has not answered for so long is ended: a new one does better
DEAD_AFTER, START_TAKES = 30.0, 60.0

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


class InboxProbe(threading.Thread):
    """Knows when the inbox last said that it and its database are well."""

    def __init__(self, config: Config) -> None:
        super().__init__(name="inbox probe", daemon=True)
        self._config = config
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._guarded = Guard(log, "the inbox probe's")
        self._lives = 0
        self._answered: float | None = None
        self._since = time.monotonic()

    def begin_anew(self) -> None:
        """Another inbox process was started."""
        with self._lock:
            self._lives += 1
            self._answered, self._since = None, time.monotonic()

    @property
    def answers(self) -> bool:
        """Whether the last question was answered; False until the first one was."""
        with self._lock:
            return self._answered is not None and time.monotonic() - self._answered < EVERY + PATIENCE + 1

    @property
    def is_dead(self) -> bool:
        """Whether waiting for another answer makes no sense."""
        with self._lock:
            if self._answered is None:
                return time.monotonic() - self._since > START_TAKES
            return time.monotonic() - self._answered > DEAD_AFTER

    def run(self) -> None:
        """Ask until told to stop."""
        while not self._stopping.is_set():
            with self._lock:
                life = self._lives
            if self._ask():
                with self._lock:
                    # an answer of the process before says nothing about this one
                    if life == self._lives:
                        self._answered = time.monotonic()
            self._stopping.wait(EVERY if self.answers else AT_FIRST)

    def _ask(self) -> bool:
        with self._guarded("question"):
            return inbox_answers(self._config)
        return False

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()


def inbox_answers(config: Config) -> bool:
    """Whether the inbox says now that it and its database are well."""
    host = _EVERYWHERE.get(config.host, config.host)
    connection = http.client.HTTPConnection(host, config.port, timeout=PATIENCE)
    try:
        connection.request("GET", "/healthz", headers={"Connection": "close"})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
