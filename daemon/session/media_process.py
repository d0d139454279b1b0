"""Starts the process that fetches, prepares or brings a file, waits for it, and ends it when the session ends."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from daemon.domain.attachments import UploadedFile
from daemon.media_process.download_job import DownloadJob, DownloadResult
from daemon.media_process.preparation_job import PreparationJob, PreparationResult, PreparedFile
from daemon.media_process.profile_picture_job import ProfilePictureJob, ProfilePictureResult
from daemon.media_process.thumbnail_job import LONGEST as LONGEST_THUMBNAIL
from daemon.media_process.thumbnail_job import MeasuredPicture, ThumbnailJob
from daemon.media_process.upload_job import UploadJob, UploadResult, read_answer

# seconds beyond a job's own for what no timer interrupts (a name that is looked up)
PATIENCE = 60.0


class ProcessDied(Exception):
    """The process ended without a result."""


class ProcessStopped(Exception):
    """The session ends: nothing is known about the file."""


class MediaProcess:
    """Runs one job at a time, each in a process of its own.

    Its methods raise ProcessDied and ProcessStopped.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped = False
        self._process: subprocess.Popen[bytes] | None = None

    def download(self, job: DownloadJob, part: Path) -> DownloadResult:
        """Fetch into a file (0600), which is whole if the result is DONE; raises OSError, too."""
        told = replace(job, parent=os.getpid()).to_json()
        fd = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "wb") as out:
            code, _ = self._run("download", told, job.times.longest, out.fileno())
            if code is None:
                return DownloadResult.FAILED
            try:
                result = DownloadResult(code)
            except ValueError:
                raise ProcessDied from None
            if result == DownloadResult.DONE:
                os.fsync(fd)
            return result

    def upload(
        self, job: UploadJob, on_progress: Callable[[int], None] = lambda percent: None
    ) -> tuple[UploadResult, UploadedFile | None]:
        """Bring a file; where it lies, if the result is DONE. What `on_progress` (percent) raises ends it."""
        told = replace(job, parent=os.getpid()).to_json()
        code, said = self._run_and_listen("upload", told, job.times.longest, on_progress)
        if code is None:
            return UploadResult.FAILED, None
        try:
            result = UploadResult(code)
            return result, read_answer(said) if result == UploadResult.DONE else None
        except (ValueError, KeyError, TypeError):
            raise ProcessDied from None

    def prepare(self, job: PreparationJob) -> PreparedFile | None:
        """Make what is sent; None if nothing can be made of it, or that takes too long."""
        code, said = self._run("prepare", replace(job, parent=os.getpid()).to_json(), job.longest)
        if code is None or code == PreparationResult.NOT_CONVERTIBLE:
            return None
        try:
            return PreparedFile.from_json(said)
        except (ValueError, KeyError, TypeError):
            raise ProcessDied from None

    def profile_picture(self, job: ProfilePictureJob) -> ProfilePictureResult:
        """Fetch and draw a profile picture."""
        code, _ = self._run("profile-picture", replace(job, parent=os.getpid()).to_json(), job.times.longest)
        if code is None:
            return ProfilePictureResult.FAILED
        try:
            return ProfilePictureResult(code)
        except ValueError:
            raise ProcessDied from None

    def thumbnail(self, job: ThumbnailJob) -> MeasuredPicture | None:
        """Measure a picture and make the one that a thread shows; None if it is none, or takes too long."""
        code, said = self._run("thumbnail", replace(job, parent=os.getpid()).to_json(), LONGEST_THUMBNAIL)
        if code is None or code == PreparationResult.NOT_CONVERTIBLE:
            return None
        try:
            return MeasuredPicture.from_json(said)
        except (ValueError, KeyError, TypeError):
            raise ProcessDied from None

    def stop(self) -> None:
        """End what runs, and start nothing more."""
        with self._lock:
            self._stopped = True
            if self._process is not None and self._process.poll() is None:
                self._process.kill()

    def _run(self, deed: str, told: bytes, longest: float, out: int = subprocess.PIPE) -> tuple[int | None, bytes]:
        """The exit code, None if it took too long, and what the process has said."""
        process = self._start(deed, out)
        try:
            said, _ = process.communicate(told, longest + PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None, b""
        if self._stopped:
            raise ProcessStopped
        return process.returncode, said or b""

    def _run_and_listen(
        self, deed: str, told: bytes, longest: float, on_progress: Callable[[int], None]
    ) -> tuple[int | None, bytes]:
        """As `_run`, of a process that says how far it is: a number a line, then what it has to say."""
        process, is_late, said = self._start(deed, subprocess.PIPE), threading.Event(), b""
        assert process.stdin is not None
        assert process.stdout is not None

        def end() -> None:
            is_late.set()
            process.kill()

        timer = threading.Timer(longest + PATIENCE, end)
        timer.daemon = True
        timer.start()
        try:
            # it may have died at once
            with contextlib.suppress(BrokenPipeError), process.stdin:
                process.stdin.write(told)
            with process.stdout:
                for said in process.stdout:
                    if said.strip().isdigit():
                        on_progress(int(said))
        except BaseException:
            process.kill()
            raise
        finally:
            timer.cancel()
            process.wait()
        if self._stopped:
            raise ProcessStopped
        return (None, b"") if is_late.is_set() else (process.returncode, said)

    def _start(self, deed: str, out: int) -> "subprocess.Popen[bytes]":
        with self._lock:
            if self._stopped:
                raise ProcessStopped
            # by exec alone: a fork of this process, with Go's threads, would hang
            command = [sys.executable, "-m", "daemon.media_process", deed]
            # a fixed program with a word of ours
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out)  # noqa: S603
            return self._process
