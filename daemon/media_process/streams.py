"""What a film or a sound is made of, as FFmpeg tells it (there is no ffprobe in its wheel)."""

import re
from dataclasses import dataclass
from pathlib import Path

from daemon.media_process import ffmpeg
from daemon.media_process.preparation_job import NotConvertible

# Lines of its own begin with two spaces; what a file says of itself stands further in.
_LENGTH = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d\.\d+)", re.MULTILINE)
_STREAM = re.compile(r"^  Stream #0:\d+[^:\n]*: (Video|Audio): (\w+)(.*)$", re.MULTILINE)
_SIZE = re.compile(r", (\d{1,5})x(\d{1,5})[, \[]")
# a song's cover is no film
_COVER = "(attached pic)"


@dataclass(frozen=True, slots=True)
class Film:
    """A moving picture: its codec, how its points are stored, its size in points (as stored, 0 if unknown)."""

    codec: str
    points: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Streams:
    """The first film and the first sound of a file (its codec, and whether it is mono); seconds, 0 if unknown."""

    film: Film | None
    sound: str | None
    is_mono: bool
    seconds: float


def read(path: Path, mime: str) -> Streams:
    """Look into a file; raises NotConvertible if it holds neither."""
    words = ffmpeg.look(path, mime)
    film: Film | None = None
    sound: tuple[str, bool] | None = None
    for kind, codec, rest in _STREAM.findall(words):
        if kind == "Audio" and sound is None:
            sound = codec, ", mono" in rest
        elif kind == "Video" and film is None and _COVER not in rest:
            size = _SIZE.search(rest)
            width, height = (int(size[1]), int(size[2])) if size else (0, 0)
            film = Film(codec, "yuv420p" if re.search(r", yuv420p\b", rest) else "", width, height)
    if film is None and sound is None:
        raise NotConvertible
    return Streams(film, sound[0] if sound else None, bool(sound and sound[1]), _seconds(words))


def _seconds(words: str) -> float:
    found = _LENGTH.search(words)
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]) if found else 0.0
