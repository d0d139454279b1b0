"""Log lines for journald or a terminal: what happened, never to whom or with which words; repeats are counted."""

import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

# journald knows the time and, by a number in front of each line, how bad it is (sd-daemon(3))
_PRIORITIES = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}
# seconds in which a line is printed once, and then one line that says how often it came
WINDOW = 60.0
# warnings and worse: what goes well is never said a thousand times
_COUNTED_FROM = logging.WARNING


def set_up(level: str, process: str) -> None:
    """Send this process's log to stderr, one line an entry."""
    handler = CountingHandler(sys.stderr)
    if is_journal(os.environ, sys.stderr):
        handler.setFormatter(JournalFormatter(f"{process} %(name)s: %(message)s"))
    else:
        handler.setFormatter(logging.Formatter(f"%(asctime)s {process} %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("alembic", "apscheduler", "urllib3", "PIL"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    # it warns at every start that ffmpeg is missing, which nothing here needs
    logging.getLogger("neonize").setLevel(logging.ERROR)


def is_journal(environ: Mapping[str, str], stream: TextIO) -> bool:
    """Whether this stream is the journal's socket (JOURNAL_STREAM is inherited by everybody)."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


class JournalFormatter(logging.Formatter):
    """No time, and the priority in front of every line, those of a traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        """The entry's lines."""
        priority = _PRIORITIES.get(record.levelno, 6)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).splitlines())


@dataclass
class _Repeated:
    """A line that was printed, and how often it came again since."""

    since: float
    count: int = 0


class CountingHandler(logging.StreamHandler[TextIO]):
    """Prints a warning at once, and what repeats it within a minute as a number; `clock` is monotonic seconds."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(stream)
        self._clock = clock
        self._lines: dict[tuple[str, int, str], _Repeated] = {}
        self._timer: threading.Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Print an entry, or count it."""
        self.tell()
        if record.levelno >= _COUNTED_FROM:
            key = record.name, record.levelno, _text(record)
            if known := self._lines.get(key):
                known.count += 1
                self._wake()
                return
            self._lines[key] = _Repeated(self._clock())
        super().emit(record)

    def tell(self) -> None:
        """Print how often lines came again whose minute is over; forget those that did not."""
        with self._locked():
            now = self._clock()
            over = [key for key, line in self._lines.items() if now - line.since >= WINDOW]
            for key in over:
                if self._tell(key):
                    self._lines[key] = _Repeated(now)

    def close(self) -> None:
        """Print what is counted; nothing follows."""
        with self._locked():
            for key in list(self._lines):
                self._tell(key)
            if self._timer is not None:
                self._timer.cancel()
        super().close()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def _tell(self, key: tuple[str, int, str]) -> bool:
        count = self._lines.pop(key).count
        if count:
            name, level, text = key
            words = f"{text} … {count:,} more {'time' if count == 1 else 'times'} in the last minute"
            super().emit(logging.LogRecord(name, level, __file__, 0, words, None, None))
        return count > 0

    def _wake(self) -> None:
        # it may be that nothing else is ever logged; a timer from before a fork is not alive
        if self._timer is None or not self._timer.is_alive():
            self._timer = threading.Timer(WINDOW, self._ring)
            self._timer.daemon = True
            self._timer.start()

    def _ring(self) -> None:
        with self._locked():
            self._timer = None
            self.tell()
            if any(line.count for line in self._lines.values()):
                self._wake()


def _text(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        # printed as what it is: a mistake in the program
        return str(record.msg)


def without_words(error: BaseException) -> str:
    """What went wrong and where: the kind of error and the lines of the program, not what it was about."""
    found = []
    cause: BaseException | None = error
    while cause is not None:
        found.append("".join(traceback.format_tb(cause.__traceback__)) + type(cause).__name__)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\n".join(reversed(found))


class Guard:
    """Lets a thread go on, whatever goes wrong in its work; what it was about stays out of the log."""

    def __init__(self, log: logging.Logger, whose: str) -> None:
        self._log = log
        self._whose = whose
        # whether anything went wrong since the thread last set it back
        self.failed = False

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Around the piece of work of that name."""
        try:
            yield
        except Exception as error:
            self.failed = True
            self._log.error("%s %s failed: %s", self._whose, name, type(error).__name__)
