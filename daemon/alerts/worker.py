"""The thread that looks what is wrong and tells whoever wants to know; nothing else waits for it."""

import logging
import threading
import time
from collections.abc import Callable

from daemon.alerts import evaluate
from daemon.alerts.delivery import AlertDelivery
from daemon.alerts.facts import Machine
from daemon.alerts.message import AlertWriter
from daemon.config import Config
from daemon.domain.time import Clock
from daemon.logs import Guard
from daemon.store.change_watch import ChangeWatch
from daemon.store.engine import Database

log = logging.getLogger(__name__)

# seconds between two looks at the clock, two looks at everything, and until what failed is tried again
TICK, EVERY, RETRY_AFTER = 1.0, 5.0, 30.0
# for a message that is under way at the end
LAST_WORDS = 2.0


class AlertWorker(threading.Thread):
    """Looks every few seconds, sends as soon as there is something to send."""

    def __init__(
        self, config: Config, database: Database, clock: Clock, inbox_answers: Callable[[], bool]
    ) -> None:
        super().__init__(name="alerts", daemon=True)
        self._database = database
        self._clock = clock
        self._machine = Machine(config, database, clock(), inbox_answers)
        self._writer = AlertWriter(config)
        self._delivery = AlertDelivery(database)
        self._stopping = threading.Event()
        self._guarded = Guard(log, "the alerts'")

    def run(self) -> None:
        """Look at once, and then until told to stop."""
        watch = ChangeWatch(self._database)
        looked_at = -EVERY
        while not self._stopping.is_set():
            self._guarded.failed = False
            due = time.monotonic() - looked_at >= EVERY
            if due:
                looked_at = time.monotonic()
                with self._guarded("look"):
                    self._look()
            with self._guarded("post"):
                # time alone makes something due as well: the end of a pause
                if due or self._delivery.is_busy or watch.changed():
                    self._delivery.go(self._clock())
            self._stopping.wait(RETRY_AFTER if self._guarded.failed else TICK)
        with self._guarded("end"):
            self._delivery.finish(self._clock(), LAST_WORDS)
        watch.close()

    def stop(self) -> None:
        """Begin nothing new; `join` waits a little for messages under way."""
        self._stopping.set()

    def _look(self) -> None:
        now = self._clock()
        with self._database.read() as conn:
            found = evaluate.changes(conn, self._machine, now)
        if found:
            with self._database.write() as conn:
                evaluate.tend(conn, self._machine, self._writer, now)
