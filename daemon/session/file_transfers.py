"""What fetching and bringing files share: one at a time, counted before it begins, and tried again for hours."""

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Connection

from daemon.domain.time import Clock
from daemon.session import fail_stop
from daemon.session.media_process import MediaProcess, ProcessDied, ProcessStopped
from daemon.store.busy import is_busy, until_taken
from daemon.store.change_watch import ChangeWatch
from daemon.store.engine import Database
from daemon.store.transfer_attempts import Attempts

log = logging.getLogger(__name__)

# seconds between two looks while messages pour in
PAUSE = 0.2
# attempts that ended with their process, ours or the transfer's
MOST_DEATHS = 3


class FileTransfer(Protocol):
    """A file on its way: its message, how often that failed, or ended with its process."""

    @property
    def message_id(self) -> int: ...
    @property
    def failures(self) -> int: ...
    @property
    def deaths(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Retries:
    """A file is tried again after `first`, then twice as long each time; given up after so many failures."""

    first: timedelta
    most: int


class TransferFailed(Exception):
    """A later attempt may do better."""


class NoLongerWanted(Exception):
    """Somebody has taken it back meanwhile."""


T = TypeVar("T", bound=FileTransfer)
V = TypeVar("V")


class FileTransfers(threading.Thread, ABC, Generic[T]):
    """Works off the files of one account while `link` is set; what nobody foresaw ends the process.

    An attempt is counted before anything of its file is looked at: one that ends each session is given up.
    """

    def __init__(
        self,
        name: str,
        database: Database,
        account_id: int,
        link: threading.Event,
        clock: Clock,
        attempts: Attempts,
        retries: Retries,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._database = database
        self._account_id = account_id
        self._link = link
        self._clock = clock
        self._attempts = attempts
        self._retries = retries
        self._process = MediaProcess()
        self._stopping = threading.Event()

    @abstractmethod
    def _clear_away(self) -> None:
        """Remove what the last session has left half-made."""

    @abstractmethod
    def _next_due(self, conn: Connection) -> int | None:
        """The message whose file has been due for longest."""

    @abstractmethod
    def _load(self, conn: Connection, message_id: int) -> T | None:
        """What is known of a file; None if nobody wants it any more."""

    @abstractmethod
    def _transfer(self, item: T) -> None:
        """Do it, and write what came of it; raises TransferFailed, NoLongerWanted, OSError, …"""

    @abstractmethod
    def _give_up(self, item: T, *, deadly: bool) -> None:
        """It will not be tried again: its message says so."""

    def _may_begin(self) -> bool:
        """Whether there is room for another one; what else there is to do then is done here."""
        return True

    def _tell(self, conn: Connection, message_id: int) -> None:
        """An attempt has failed: the next one is waited for."""

    def run(self) -> None:
        """Look when something was written, and as often as the first retry comes."""
        with fail_stop.fail_stop(f"the {self.name}"):
            try:
                self._work()
            except ProcessStopped:
                return  # the session ends

    def stop(self, timeout: float) -> None:
        """End the transfer that runs, start no further one, and wait so many seconds for what is to be written."""
        self._stopping.set()
        self._process.stop()
        if self.is_alive():
            self.join(timeout)

    def _work(self) -> None:
        self._clear_away()
        self._settle()
        watch = ChangeWatch(self._database)
        while not self._stopping.wait(PAUSE):
            if not self._link.wait(1.0):
                continue
            while not self._stopping.is_set() and self._link.is_set() and self._do_next():
                pass
            watch.wait(self._retries.first.total_seconds())
        watch.close()

    def _settle(self) -> None:
        """Count what ended with the last session, and give up what did so too often."""
        for attempt in self._read(lambda conn: self._attempts.begun(conn, self._account_id)):
            if attempt.deaths + 1 < MOST_DEATHS:
                self._try_after_death(attempt.message_id, attempt.deaths)
                continue
            try:
                self._give_up_deadly(attempt.message_id)
            except ProcessStopped:
                raise
            except Exception as error:
                # what can't even be given up ends no further session
                log.error("a file is passed over: %s", type(error).__name__)
                self._pass_over(attempt.message_id)

    def _do_next(self) -> bool:
        message_id = self._read(self._next_due)
        if message_id is None or not self._may_begin():
            return False
        # written before it begins: what takes this process along is not tried for ever
        self._write(lambda conn: self._attempts.begin(conn, message_id, self._clock()))
        item = self._read(lambda conn: self._load(conn, message_id))
        if item is None:
            self._write(lambda conn: self._attempts.interrupted(conn, message_id))
            return True
        try:
            self._transfer(item)
        except ProcessDied:
            log.warning("the process of the %s has died", self.name)
            self._died(item)
        except ProcessStopped:
            self._interrupted(message_id)
            raise
        except TransferFailed:
            self._failed(item)
        except NoLongerWanted:
            self._write(lambda conn: self._attempts.interrupted(conn, message_id))
        except OSError as error:
            log.warning("the %s could not do its work: %s", self.name, type(error).__name__)
            self._failed(item)
        return True

    def _interrupted(self, message_id: int) -> None:
        """The session ends meanwhile: that is no death."""
        try:
            with self._database.write() as conn:
                self._attempts.interrupted(conn, message_id)
        except Exception as error:
            if not is_busy(error):
                raise

    def _failed(self, item: T) -> None:
        if item.failures >= self._retries.most:
            self._give_up(item, deadly=False)
            return
        at = self._clock() + self._retries.first * 2**item.failures

        def write(conn: Connection) -> None:
            self._attempts.later(conn, item.message_id, at)
            self._tell(conn, item.message_id)

        self._write(write)

    def _died(self, item: T) -> None:
        if item.deaths + 1 >= MOST_DEATHS:
            self._give_up(item, deadly=True)
        else:
            self._try_after_death(item.message_id, item.deaths)

    def _try_after_death(self, message_id: int, deaths: int) -> None:
        at = self._clock() + self._retries.first * 2**deaths

        def write(conn: Connection) -> None:
            self._attempts.died(conn, message_id, at)
            self._tell(conn, message_id)

        self._write(write)

    def _give_up_deadly(self, message_id: int) -> None:
        item = self._read(lambda conn: self._load(conn, message_id))
        if item is not None:
            self._give_up(item, deadly=True)
        else:
            self._write(lambda conn: self._attempts.interrupted(conn, message_id))

    def _pass_over(self, message_id: int) -> None:
        self._write(lambda conn: self._attempts.pass_over(conn, message_id, self._clock()))

    def _read(self, work: Callable[[Connection], V]) -> V:
        def once() -> V:
            with self._database.read() as conn:
                return work(conn)

        return until_taken(once, f"a question of the {self.name}", self._unless_stopped)

    def _write(self, work: Callable[[Connection], V]) -> V:
        """Write what came of a transfer, however long the database is busy."""

        def once() -> V:
            with self._database.write() as conn:
                return work(conn)

        return until_taken(once, f"what the {self.name} has done", self._unless_stopped)

    def _unless_stopped(self) -> None:
        if self._stopping.is_set():
            raise ProcessStopped
