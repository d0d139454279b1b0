"""Fetch the one file of a job from stdin into stdout; the exit code is its DownloadResult."""

import contextlib
import ctypes
import os
import resource
import signal
import sys
from typing import NoReturn

from auth_store.process_hardening import guard_memory
from daemon.media_download.job import DownloadJob, DownloadResult, is_usable
from daemon.media_download.stream import TooSlow, download

# bytes of address space; a download of any size takes about 60 MB of it
MEMORY = 512 * 1024**2
# seconds of a processor: a hundred times what the largest file takes
PROCESSOR = 300
_PR_SET_PDEATHSIG = 1


def main() -> NoReturn:
    """Do it, and end."""
    # whatever is printed goes elsewhere
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        job = DownloadJob.from_json(sys.stdin.buffer.read())
        _end_with(job.parent)
        _bound(job)
        result = download(job, out) if is_usable(job.source) else DownloadResult.DAMAGED
        signal.setitimer(signal.ITIMER_REAL, 0)
    sys.exit(result)


def _end_with(parent: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent and os.getppid() != parent:
        sys.exit(DownloadResult.FAILED)


def _bound(job: DownloadJob) -> None:
    """Whatever comes, it takes little from the others: no memory, no disk, no time."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        # if the machine has too little memory, this process goes first
        file.write("1000")
    with contextlib.suppress(OSError):
        os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (job.wire_limit, job.wire_limit))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR, PROCESSOR))
    guard_memory()
    signal.signal(signal.SIGALRM, _too_slow)
    # again each second, should somebody have caught it
    signal.setitimer(signal.ITIMER_REAL, job.times.longest, 1.0)


def _too_slow(number: int, frame: object) -> NoReturn:
    raise TooSlow


if __name__ == "__main__":
    main()
