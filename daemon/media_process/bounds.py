"""What such a process may take, and that it ends with whoever started it."""

import contextlib
import ctypes
import os
import resource
import signal
import sys
from typing import NoReturn

from auth_store.process_hardening import guard_memory
from daemon.media_process.hosts import TooSlow

# bytes of address space; a transfer of any size takes about 60 MB of it
MEMORY = 512 * 1024**2
# seconds of a processor: a hundred times what the largest file takes
PROCESSOR = 300
_PR_SET_PDEATHSIG = 1


def end_with(parent: int, code: int) -> None:
    """End with the process that waits for this one; if that is gone already, at once with `code`."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent and os.getppid() != parent:
        sys.exit(code)


def bound(largest_file: int, longest: float, memory: int = MEMORY, processor: int = PROCESSOR) -> None:
    """Whatever comes, it takes little from the others: no memory, no disk (bytes), no time (seconds).

    What it starts is bound as it is, each by itself; only the alarm is its own.
    """
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        # if the machine has too little memory, this process goes first
        file.write("1000")
    with contextlib.suppress(OSError):
        os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    resource.setrlimit(resource.RLIMIT_CPU, (processor, processor))
    guard_memory()
    signal.signal(signal.SIGALRM, _too_slow)
    # again each second, should somebody have caught it
    signal.setitimer(signal.ITIMER_REAL, longest, 1.0)


def hurry(seconds: float) -> None:
    """What comes now may take so long at most, whatever is left of the whole."""
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    signal.setitimer(signal.ITIMER_REAL, min(left or seconds, seconds), 1.0)


def in_time() -> None:
    """It is done: the alarm is off."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def _too_slow(number: int, frame: object) -> NoReturn:
    raise TooSlow
