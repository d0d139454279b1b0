"""Films and sounds for tests, made by FFmpeg, and what it finds in others."""

import subprocess
from pathlib import Path

import imageio_ffmpeg

RED, BLUE = "color=red:s={size}:r=10:d=1", "color=blue:s={size}:r=10:d=1"
# silent at first, loud at the end
RISING = "aevalsrc='sin(2*PI*440*t)*t/{seconds}':s=48000:d={seconds}"


def ffmpeg(*arguments: str, data: bytes | None = None) -> bytes:
    """Run FFmpeg; gives what it wrote to stdout."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-y", *arguments]
    done = subprocess.run(command, input=data, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def film(path: Path, *options: str, size: str = "320x240", sound: bool = True) -> Path:
    """Two seconds, red and then blue, that know where they were taken."""
    inputs = ["-f", "lavfi", "-i", RED.format(size=size), "-f", "lavfi", "-i", BLUE.format(size=size)]
    how = ["-filter_complex", "[0][1]concat=n=2[v]", "-map", "[v]"]
    if sound:
        inputs += ["-f", "lavfi", "-i", "sine=d=2"]
        how += ["-map", "2:a"]
    where = ["-metadata", "location=-06.1750+106.8272/", "-metadata", "title=Kamera Toko"]
    where += ["-metadata:s:v", "handler_name=Kamera Toko"]
    ffmpeg(*inputs, *how, *where, *options, str(path))
    return path


def sound(path: Path, *options: str, seconds: int = 3, source: str = RISING) -> Path:
    """A tone that rises."""
    about = ["-metadata", "title=Kamera Toko"]
    ffmpeg("-f", "lavfi", "-i", source.format(seconds=seconds), *about, *options, str(path))
    return path


def about(content: bytes) -> str:
    """What FFmpeg says of a file."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", "pipe:0"]
    return subprocess.run(command, input=content, capture_output=True, timeout=60).stderr.decode(errors="replace")


def samples(content: bytes) -> bytes:
    """A sound as mono samples of two bytes, 8,000 a second: it can be played."""
    return ffmpeg("-xerror", "-i", "pipe:0", "-f", "s16le", "-ac", "1", "-ar", "8000", "pipe:1", data=content)


def pictures(path: Path) -> int:
    """How many pictures of a film can be shown, upright and in colours; each is read."""
    shown = ffmpeg("-xerror", "-i", str(path), "-f", "framecrc", "pipe:1", "-map", "0:v:0")
    return sum(line.startswith(b"0,") for line in shown.splitlines())
