"""Child processes: started by exec with their environment from the first instruction on, ended with us."""

import ctypes
import logging
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    # a child that outlives a killed supervisor would hold the credentials' lock
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class ChildProcess:
    """One child process; `environment` is added to ours, and of our open files it inherits `keeps`."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        now: datetime,
        keeps: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.started_at = now
        self._process = subprocess.Popen(  # noqa: S603 - our own modules
            list(command),
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            pass_fds=keeps,
            preexec_fn=_die_with_parent,
        )
        log.info("%s started", name)

    @property
    def pid(self) -> int:
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.poll()

    def terminate(self) -> None:
        """Ask it to end."""
        if self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """End it without asking: it no longer listens."""
        if self._process.poll() is None:
            self._process.kill()

    def wait(self, seconds: float) -> None:
        """Wait for its end, then make an end of it."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            log.warning("%s did not end in time and is killed", self.name)
            self._process.kill()
            self._process.wait()
