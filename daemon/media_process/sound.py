"""A sound as WhatsApp's apps send it: a voice message (Opus, one channel) with its wave form, or music."""

import itertools
import subprocess
from array import array
from pathlib import Path
from typing import IO

from daemon.domain.message_kinds import MessageKind
from daemon.media_process import ffmpeg
from daemon.media_process.preparation_job import NotConvertible, PreparedFile
from daemon.media_process.streams import Streams

# values of a wave form, from 0 to 100, as the apps draw it
WAVE_LENGTH, LOUDEST = 64, 100
# samples a second to measure by, of two bytes; and how many make one measure (a twentieth of a second)
_RATE, _MEASURE = 8000, 400
OPUS = "audio/ogg; codecs=opus"
# what WhatsApp plays as it is, by codec: FFmpeg's name of the file's format, the message's type, and ours
_PLAYED = {
    "mp3": ("mp3", "audio/mpeg", "audio/mpeg"),
    "aac": ("ipod", "audio/mp4", "audio/mp4"),
    "opus": ("ogg", OPUS, "audio/ogg"),
}


def prepare_voice(path: Path, mime: str, found: Streams, out: Path) -> PreparedFile:
    """Write a voice message; raises NotConvertible."""
    if found.sound == "opus" and found.is_mono:
        # what a browser has recorded is only packed anew
        how: tuple[str, ...] = ("-c:a", "copy")
    else:
        how = ("-c:a", "libopus", "-b:a", "32k", "-ac", "1", "-ar", "48000", "-application", "voip")
    return _prepare(MessageKind.VOICE, path, mime, out, ("ogg", OPUS, "audio/ogg"), how)


def prepare_audio(path: Path, mime: str, found: Streams, out: Path) -> PreparedFile:
    """Write a sound that WhatsApp plays; raises NotConvertible."""
    if found.sound in _PLAYED:
        return _prepare(MessageKind.AUDIO, path, mime, out, _PLAYED[found.sound], ("-c:a", "copy"))
    how = ("-c:a", "aac", "-b:a", "128k", "-ac", "2")
    return _prepare(MessageKind.AUDIO, path, mime, out, _PLAYED["aac"], how)


def _prepare(
    kind: MessageKind, path: Path, mime: str, out: Path, form: tuple[str, str, str], how: tuple[str, ...]
) -> PreparedFile:
    ffmpeg.convert(path, mime, out, form[0], ("-map", "0:a:0", "-vn", *how))
    loudness, seconds = _listen(out, form[2])
    about = {"seconds": max(1, round(seconds)), "waveform": wave_form(loudness).hex()}
    return PreparedFile(kind, form[1], b"", about)


def wave_form(loudness: list[float]) -> bytes:
    """The loudness of so many equal parts of a sound, the loudest of them being 100; 0 is silence."""
    if not loudness:
        return bytes(WAVE_LENGTH)
    edges = [part * len(loudness) // WAVE_LENGTH for part in range(WAVE_LENGTH + 1)]
    parts = []
    for start, end in itertools.pairwise(edges):
        # a short sound has fewer measures than parts
        measures = loudness[start : max(end, start + 1)]
        parts.append(sum(measures) / len(measures))
    loudest = max(parts)
    return bytes(round(part / loudest * LOUDEST) if loudest else 0 for part in parts)


def _listen(path: Path, mime: str) -> tuple[list[float], float]:
    """How loud it is each twentieth of a second, and its seconds; raises NotConvertible."""
    making = ("-loglevel", "quiet", "-map", "0:a:0", "-ac", "1", "-ar", str(_RATE), "-f", "s16le", "pipe:1")
    loudness: list[float] = []
    samples = 0
    with path.open("rb") as file:
        process = ffmpeg.start(file, mime, making, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        with ffmpeg.ended(process):
            assert process.stdout is not None
            while piece := _samples(process.stdout):
                samples += len(piece)
                # the last one may be of a few samples, which say nothing
                if len(piece) == _MEASURE or not loudness:
                    loudness.append(sum(map(abs, piece)) / len(piece))
            code = process.wait()
    if code or not samples:
        raise NotConvertible
    return loudness, samples / _RATE


def _samples(stream: IO[bytes]) -> "array[int]":
    data = stream.read(_MEASURE * 2)
    return array("h", data[: len(data) // 2 * 2])
