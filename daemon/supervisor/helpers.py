"""The supervisor's own threads: the desk's worker, the alerts', and what is done by the clock."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from daemon.config import Config
from daemon.domain.time import Clock
from daemon.store.engine import Database

if TYPE_CHECKING:
    from daemon.alerts.worker import AlertWorker
    from daemon.desk.worker import DeskWorker
    from daemon.supervisor.jobs import Jobs

log = logging.getLogger(__name__)

DESK_ENDS_WITHIN, ALERTS_END_WITHIN = 5.0, 3.0


class Helpers:
    """Started at the first look, replaced when they have died; they wait for the database with patience."""

    def __init__(self, config: Config, clock: Clock, inbox_answers: Callable[[], bool]) -> None:
        self._config = config
        self._clock = clock
        self._inbox_answers = inbox_answers
        self._database = Database(config.database_url)
        self._jobs: Jobs | None = None
        self._desk: DeskWorker | None = None
        self._alerts: AlertWorker | None = None

    def look(self) -> None:
        """See to it that all of them are at work."""
        if self._jobs is None:
            from daemon.supervisor.jobs import Jobs

            self._jobs = Jobs(self._config, self._database, self._clock).start()
        if self._desk is None or not self._desk.is_alive():
            self._desk = self._start_desk()
        if self._alerts is None or not self._alerts.is_alive():
            self._alerts = self._start_alerts()

    def stop(self) -> None:
        """Let them begin nothing new."""
        for one in (self._jobs, self._desk, self._alerts):
            if one is not None:
                one.stop()

    def join(self) -> None:
        """Wait a little for what is under way."""
        if self._desk is not None:
            self._desk.join(DESK_ENDS_WITHIN)
        if self._alerts is not None:
            self._alerts.join(ALERTS_END_WITHIN)
        self._database.close()

    def _start_desk(self) -> "DeskWorker":
        from daemon.desk.worker import DeskWorker

        if self._desk is not None:
            log.error("the desk's worker has died: another one goes on")
        config = self._config
        worker = DeskWorker(self._database, config.timezone, config.shop, self._clock, config.phone_limits)
        worker.start()
        return worker

    def _start_alerts(self) -> "AlertWorker":
        from daemon.alerts.worker import AlertWorker

        if self._alerts is not None:
            log.error("the alerts' worker has died: another one goes on")
        worker = AlertWorker(self._config, self._database, self._clock, self._inbox_answers)
        worker.start()
        return worker
