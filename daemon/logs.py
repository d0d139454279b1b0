"""Log lines for journald or a terminal: what happened, never to whom or with which words."""

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

# journald knows the time and, by a number in front of each line, how bad it is (sd-daemon(3))
_PRIORITIES = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}


def set_up(level: str, process: str) -> None:
    """Send this process's log to stderr, one line an entry."""
    handler = logging.StreamHandler(sys.stderr)
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
