"""Runs a command inside the unit's fence as far as an ordinary process can build it, without systemd as PID 1.

`python -m tests.support.fence UNIT COMMAND…`: the unit's system calls and nothing else, no memory that is written
and then run, no new rights, no core dumps, its umask. Capabilities, the file system's view and the rest need
systemd.
"""

import ctypes
import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

_PR_SET_NO_NEW_PRIVS, _PR_SET_MDWE, _PR_MDWE_REFUSE_EXEC_GAIN = 38, 65, 1
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM


def directives(unit: Path) -> list[tuple[str, str]]:
    """All `Name=value` lines of a unit file, in order."""
    lines = [line.strip() for line in unit.read_text().splitlines()]
    pairs = [line.partition("=") for line in lines if "=" in line and not line.startswith(("#", ";"))]
    return [(name, value) for name, _, value in pairs]


def _groups() -> dict[str, list[str]]:
    """systemd's groups of system calls, by name with @."""
    shown = subprocess.run(["systemd-analyze", "syscall-filter"], capture_output=True, text=True, check=True)
    groups: dict[str, list[str]] = {}
    members: list[str] = []
    for line in shown.stdout.splitlines():
        word = line.strip()
        if line.startswith("@"):
            members = groups.setdefault(word, [])
        elif line.startswith(" ") and word and not word.startswith("#"):
            members.append(word)
        elif not line.strip():
            members = []
    return groups


def allowed_calls(unit: Path) -> set[str]:
    """The system calls that the unit's SystemCallFilter lines leave."""
    groups = _groups()

    def expand(word: str) -> set[str]:
        return {call for one in groups[word] for call in expand(one)} if word.startswith("@") else {word}

    allowed: set[str] = expand("@default")
    for name, value in directives(unit):
        if name == "SystemCallFilter":
            calls = {call for word in value.lstrip("~").split() for call in expand(word)}
            allowed = allowed - calls if value.startswith("~") else allowed | calls
    # systemd lets the program start, whatever the filter says
    return allowed | {"execve"}


def _filter(calls: set[str]) -> None:
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_REFUSE)))
    for call in calls:
        number = library.seccomp_syscall_resolve_name(call.encode())
        # negative: not a call of this processor
        if number >= 0 and library.seccomp_rule_add(context, ctypes.c_uint32(_ALLOW), number, 0) != 0:
            raise OSError(f"no rule for {call}")
    if library.seccomp_load(context) != 0:
        raise OSError("the filter was not loaded")


def _control(what: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(what, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {what}")


def enter(unit: Path) -> None:
    """Put this process and all its later children behind the fence."""
    given = dict(directives(unit))
    calls = allowed_calls(unit)
    os.umask(int(given["UMask"], 8))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    assert given["NoNewPrivileges"] == given["MemoryDenyWriteExecute"] == "yes"
    _control(_PR_SET_NO_NEW_PRIVS, 1)
    _control(_PR_SET_MDWE, _PR_MDWE_REFUSE_EXEC_GAIN)
    _filter(calls)


if __name__ == "__main__":
    enter(Path(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
