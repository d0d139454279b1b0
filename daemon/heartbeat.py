"""Signs of life: what a process tells of itself to whoever looks, and what a child tells its supervisor.

To whoever looks by `Vitals`, a small file in the data folder that is never flushed: telling costs microseconds, no
commit wakes anybody, and what is in it is worthless after the next start of the machine. To the supervisor by
`Beat` and `Pulse`, the two ends of a pipe: seen without touching the disk, and broken when either end is gone.
"""

import os
import struct
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

# seconds between two beats, and from the last one to the moment at which the process counts as silent
EVERY, SILENT_AFTER = 1.0, 5.0
# A child whose main loop has not turned for so long is ended: longer than it may wait for the database's lock
# (15 s). Its start and its way out have their own times: loading the library, handing over what is in flight.
DEAD_AFTER, START_TAKES, LEAVING_TAKES = 20.0, 120.0, 120.0
# what a child writes into the pipe
_ALIVE, _LEAVING = b".", b"L"

# what a child ends with when it met what nobody foresaw (EX_SOFTWARE in sysexits.h)
UNFORESEEN = 70

SUPERVISOR = "supervisor"
# upper limits of the classes of durations, in seconds; what took longer is in a class of its own
LIMITS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
# the last beat (monotonic seconds), all durations together, and how many there were in each class
_BEAT, _SUM, _COUNTS = struct.Struct("<d"), struct.Struct("<d"), struct.Struct(f"<{len(LIMITS) + 1}Q")
_SIZE = _BEAT.size + _SUM.size + _COUNTS.size


@dataclass(frozen=True, slots=True)
class Reading:
    """What a process has told: its last beat, and how long its work took, in seconds."""

    beat: float
    total: float
    counts: tuple[int, ...]

    def is_silent(self, now: float | None = None) -> bool:
        """Whether the process is dead or stuck; `now` is monotonic."""
        age = (time.monotonic() if now is None else now) - self.beat
        # a beat in the future is of an earlier start of the machine
        return not 0 <= age <= SILENT_AFTER

    @property
    def classes(self) -> list[tuple[str, int]]:
        """Each class's upper limit, and how many durations were within it."""
        return list(zip([*map(str, LIMITS), "+Inf"], accumulate(self.counts), strict=True))


def session(account_id: int) -> str:
    """The name under which an account's session tells."""
    return f"session-{account_id}"


class Vitals:
    """The end of the process that tells; what is told is added to what its predecessors told."""

    def __init__(self, data: Path, name: str) -> None:
        path = _path(data, name)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        self._fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        before = read(data, name)
        self._total, self._counts = (
            (before.total, list(before.counts)) if before else (0.0, [0] * (len(LIMITS) + 1))
        )
        self._tell(_SUM.pack(self._total) + _COUNTS.pack(*self._counts), _BEAT.size)

    def beat(self) -> None:
        """The process lives."""
        self._tell(_BEAT.pack(time.monotonic()), 0)

    def took(self, seconds: float) -> None:
        """A piece of work is done; call from one thread only."""
        self._counts[sum(seconds > limit for limit in LIMITS)] += 1
        self._total += seconds
        self._tell(_SUM.pack(self._total) + _COUNTS.pack(*self._counts), _BEAT.size)

    def _tell(self, found: bytes, place: int) -> None:
        # a full disk: whoever looks sees no beat, and we have more important work
        with suppress(OSError):
            os.pwrite(self._fd, found, place)

    def close(self) -> None:
        """Tell nothing more."""
        os.close(self._fd)


def read(data: Path, name: str) -> Reading | None:
    """What a process has told so far; None if it never has."""
    try:
        found = _path(data, name).read_bytes()
    except FileNotFoundError:
        return None
    if len(found) != _SIZE:
        return None
    (beat,), (total,) = _BEAT.unpack_from(found), _SUM.unpack_from(found, _BEAT.size)
    return Reading(beat, total, _COUNTS.unpack_from(found, _BEAT.size + _SUM.size))


def is_silent(data: Path, name: str) -> bool:
    """Whether a process that should be there has nothing to tell."""
    found = read(data, name)
    return found is None or found.is_silent()


def _path(data: Path, name: str) -> Path:
    return data / "vitals" / name


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
            self._write(_ALIVE)

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
