"""What nobody foresaw ends the process: the witnesses of what was under way stay, and the next life recovers."""

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from daemon.heartbeat import UNFORESEEN
from daemon.logs import without_words

log = logging.getLogger(__name__)

# Seconds. The library acknowledges on a thread of its own while our callback runs: what was not acknowledged
# would come again, to end the next life as well.
ACKNOWLEDGING_TAKES = 0.2


def end(error: BaseException, what: str) -> NoReturn:
    """Say where it happened, without what it was about, and end the process at once, whatever the thread."""
    log.critical("%s met what nobody foresaw, the session ends: %s", what, without_words(error))
    time.sleep(ACKNOWLEDGING_TAKES)
    logging.shutdown()
    os._exit(UNFORESEEN)


@contextmanager
def fail_stop(what: str) -> Iterator[None]:
    """Around what must not go wrong unnoticed."""
    try:
        yield
    except Exception as error:
        end(error, what)


def watch_threads() -> None:
    """A thread that dies of an error ends the process: a session without it would only look well."""

    def died(given: threading.ExceptHookArgs) -> None:
        if given.exc_value is not None and not isinstance(given.exc_value, SystemExit):
            end(given.exc_value, f"the thread {given.thread.name if given.thread else ''}")

    threading.excepthook = died
