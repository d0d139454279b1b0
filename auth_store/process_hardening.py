"""A process's memory holds what its files protect: it is never written to disk, nor read by a neighbour."""

import ctypes
import resource

_PR_SET_DUMPABLE = 4


def no_core_dumps() -> None:
    """A crash leaves no picture of this process, or of its later children, on the disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def guard_memory() -> None:
    """The same where the kernel pipes core dumps to a program, which heeds no limit; no debugger may attach.

    Holds for this process alone and until its next exec; `/proc/PID` then belongs to root.
    """
    no_core_dumps()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the process could not be made undumpable")
