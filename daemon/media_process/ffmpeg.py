"""FFmpeg (from imageio-ffmpeg's wheel), kept on a short lead: it reads the one file that it is handed."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import imageio_ffmpeg

from daemon.media_process.bounds import end_with
from daemon.media_process.preparation_job import NotConvertible

# our types and FFmpeg's names of their formats: none that names other files (playlists, concat) is among them
FORMATS = {
    "image/gif": "gif",
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/3gpp": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "video/x-msvideo": "avi",
    "video/x-ms-wmv": "asf",
    "video/mpeg": "mpeg",
    "audio/webm": "matroska",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp4": "mov",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/wav": "wav",
    "audio/flac": "flac",
}
# points of a picture: a little more than those of the largest films that telephones make (7680 by 4320)
MOST_POINTS = 34_000_000
# bytes of what it says
_MOST_WORDS = 65_536
# who made it, with what, when and where
PRIVATE = ("-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1", "-dn", "-sn")


def start(file: IO[bytes], mime: str, arguments: Sequence[str], **pipes: Any) -> "subprocess.Popen[bytes]":
    """Start it on an open file of one of our types; it ends with this process. Raises NotConvertible."""
    if mime not in FORMATS:
        raise NotConvertible
    file.seek(0)
    # by its descriptor: the only thing that it may read; each thread of a decoder would hold pictures of its own
    reading = ("-protocol_whitelist", "fd", "-threads", "1", "-max_pixels", str(MOST_POINTS), "-f", FORMATS[mime])
    command = [_program(), "-hide_banner", "-nostdin", "-nostats", *reading, "-i", "fd:", *arguments]
    parent = os.getpid()
    try:
        return subprocess.Popen(  # noqa: S603 (no shell, and no word of it is anybody's)
            command,
            stdin=file,
            env={"MALLOC_ARENA_MAX": "2"},
            # this process has one thread; also when it is killed itself, FFmpeg goes with it
            preexec_fn=lambda: end_with(parent, 1),
            **pipes,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NotConvertible from error


def look(path: Path, mime: str) -> str:
    """What it says about a file."""
    with path.open("rb") as file:
        process = start(file, mime, (), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        with ended(process):
            assert process.stderr is not None
            # that there is nothing to make it calls an error each time
            return process.stderr.read(_MOST_WORDS).decode(errors="replace")


def convert(path: Path, mime: str, out: Path, form: str, arguments: Sequence[str]) -> None:
    """Make another file of it, in one of FFmpeg's formats; raises NotConvertible."""
    # a film with a little damage is still one; more, and its document is the better copy
    making = ("-loglevel", "quiet", "-max_error_rate", "0.05")
    ends = ("-protocol_whitelist", "file", "-f", form, "-y", f"file:{out}")
    with path.open("rb") as file:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = start(file, mime, (*making, *PRIVATE, *arguments, *ends), **quiet)
        with ended(process):
            code = process.wait()
    if code or not out.is_file() or not out.stat().st_size:
        raise NotConvertible


@contextmanager
def ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Whatever happens meanwhile, the process has ended afterwards."""
    try:
        yield
    finally:
        process.kill()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        process.wait()


def _program() -> str:
    try:
        return imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise NotConvertible from error
