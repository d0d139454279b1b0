"""Signs of life from a child process: a byte a second through a pipe, seen without touching the disk."""

import os
import time

# seconds between two beats, and from the last one to the moment at which the child counts as silent
EVERY, SILENT_AFTER = 1.0, 5.0
# A child whose main loop has not turned for so long is ended: longer than it may wait for the database's lock
# (15 s). Its start and its way out have their own times: loading the library, handing over what is in flight.
DEAD_AFTER, START_TAKES, LEAVING_TAKES = 20.0, 120.0, 120.0

_BEAT, _LEAVING = b".", b"L"


class Beat:
    """The child's end; `fd` is -1 when nobody listens."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._next = 0.0
        # the supervisor has gone without a word: whoever feels that goes, too
        self.is_alone = False

    def beat(self) -> None:
        """The main loop has turned once more."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + EVERY
            self._write(_BEAT)

    def leave(self) -> None:
        """No more beats: the process ends by itself and may take its time."""
        self._write(_LEAVING)

    def _write(self, sign: bytes) -> None:
        if self._fd >= 0:
            try:
                os.write(self._fd, sign)
            except BrokenPipeError:
                self.is_alone = True
            except BlockingIOError:
                pass  # it is slow, and has enough to read


class Pulse:
    """The parent's end. Time is monotonic: a machine that slept has not been silent."""

    def __init__(self, now: float) -> None:
        self._reader, self.writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._last = now
        self._limit = START_TAKES
        self._beating = False

    def started(self) -> None:
        """The child has its own copy of the writing end."""
        os.close(self.writer)

    def look(self, now: float) -> None:
        """Take what has come."""
        try:
            signs = os.read(self._reader, 4096)
        except BlockingIOError:
            return
        if signs:
            self._last = now
            self._beating = _LEAVING not in signs
            self._limit = DEAD_AFTER if self._beating else LEAVING_TAKES

    def is_silent(self, now: float) -> bool:
        """Whether beats that should come have stopped."""
        return self._beating and now - self._last > SILENT_AFTER

    def is_dead(self, now: float) -> bool:
        """Whether waiting for another sign makes no sense."""
        return now - self._last > self._limit

    def close(self) -> None:
        """Give the pipe back."""
        os.close(self._reader)
