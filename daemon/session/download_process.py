"""Starts the process that fetches an attachment, waits for it, and ends it when the session ends."""

import logging
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

from daemon.media_transfer.download_job import DownloadJob, DownloadResult

log = logging.getLogger(__name__)

# seconds beyond a job's own for what no timer interrupts (a name that is looked up)
PATIENCE = 60.0


class DownloadDied(Exception):
    """The process ended without a result."""


class DownloadStopped(Exception):
    """The session ends: nothing is known about the file."""


class DownloadProcess:
    """Runs one download at a time, each in a process of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped = False
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, job: DownloadJob, part: Path) -> DownloadResult:
        """Fetch into a file (0600), which is whole if the result is DONE.

        Raises DownloadDied, DownloadStopped, OSError.
        """
        job = replace(job, parent=os.getpid())
        fd = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "wb") as out:
            # by exec alone: a fork of this process, with Go's threads, would hang
            process = self._start(out.fileno())
            try:
                process.communicate(job.to_json(), job.times.longest + PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                return DownloadResult.FAILED
            if self._stopped:
                raise DownloadStopped
            try:
                result = DownloadResult(process.returncode)
            except ValueError:
                raise DownloadDied from None
            if result == DownloadResult.DONE:
                os.fsync(fd)
            return result

    def stop(self) -> None:
        """End what runs, and start nothing more."""
        with self._lock:
            self._stopped = True
            if self._process is not None and self._process.poll() is None:
                self._process.kill()

    def _start(self, out: int) -> "subprocess.Popen[bytes]":
        with self._lock:
            if self._stopped:
                raise DownloadStopped
            self._process = subprocess.Popen(
                [sys.executable, "-m", "daemon.media_transfer", "download"], stdin=subprocess.PIPE, stdout=out
            )
            return self._process
