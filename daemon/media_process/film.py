"""A film as WhatsApp's apps send it: MP4 with H.264 and AAC, and a picture of it that stands there meanwhile."""

import io
import subprocess
from pathlib import Path

from PIL import Image

from daemon.domain.attachments import LARGEST_FILE
from daemon.domain.message_kinds import MessageKind
from daemon.media_process import ffmpeg, picture, streams
from daemon.media_process.preparation_job import NotConvertible, PreparedFile
from daemon.media_process.streams import Streams

# points of the longer side: what the apps call HD (1280 by 720)
LONGEST_SIDE = 1280
# bits a second of such a film at most, of its sound, and below which it is no pleasure
MOST_BITS, SOUND_BITS, FEWEST_BITS = 2_500_000, 96_000, 200_000
# bytes of one picture of it
_LARGEST_POSTER = 20_000_000
# Points may be no squares: they are made so, by four times at most. Then no side is longer than the longest, both
# are even, and the colours are those that every telephone reads.
_SHAPE = (
    "scale=w='max(2,iw*max(0.25,min(4,sar)))':h=ih,setsar=1,"
    f"scale=w='min({LONGEST_SIDE},iw)':h='min({LONGEST_SIDE},ih)'"
    ":force_original_aspect_ratio=decrease:force_divisible_by=2:out_range=tv,format=yuv420p"
)


def prepare(path: Path, mime: str, found: Streams, out: Path) -> PreparedFile:
    """Write the MP4 that is sent; raises NotConvertible."""
    if _is_suitable(mime, found):
        _make(path, mime, out, ("-c", "copy"))
    else:
        _make(path, mime, out, _encoding(found))
    made = streams.read(out, "video/mp4")
    poster = _poster(out)
    width, height = poster.size
    about = {"width": width, "height": height, "seconds": max(1, round(made.seconds))}
    if mime == "image/gif":
        about["gif"] = 1
    return PreparedFile(MessageKind.VIDEO, "video/mp4", picture.small(poster), about)


def _is_suitable(mime: str, found: Streams) -> bool:
    film = found.film
    if film is None or ffmpeg.FORMATS[mime] != "mov" or found.sound not in (None, "aac"):
        return False
    return (film.codec, film.points) == ("h264", "yuv420p") and 0 < max(film.width, film.height) <= LONGEST_SIDE


def _encoding(found: Streams) -> tuple[str, ...]:
    """So that it is no larger than a file may be, however long it takes to watch."""
    room = LARGEST_FILE * 0.9 * 8 / found.seconds - SOUND_BITS if found.seconds else MOST_BITS
    if room < FEWEST_BITS:
        raise NotConvertible
    bits = str(int(min(MOST_BITS, room)))
    sight = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "26", "-maxrate", bits, "-bufsize", bits)
    sound = ("-c:a", "aac", "-b:a", str(SOUND_BITS), "-ac", "2")
    return (*sight, *sound, "-filter_threads", "1", "-vf", _SHAPE, "-fpsmax", "30", "-threads", "2")


def _make(path: Path, mime: str, out: Path, arguments: tuple[str, ...]) -> None:
    which = ("-map", "0:V:0", "-map", "0:a:0?")
    # its table of contents first: it plays before all of it is there
    ffmpeg.convert(path, mime, out, "mp4", (*which, *arguments, "-movflags", "+faststart"))


def _poster(film: Path) -> Image.Image:
    """Its first picture, upright."""
    making = ("-loglevel", "quiet", "-map", "0:V:0", "-frames:v", "1", "-c:v", "png", "-f", "image2pipe", "pipe:1")
    with film.open("rb") as file:
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        process = ffmpeg.start(file, "video/mp4", making, **quiet)
        with ffmpeg.ended(process):
            assert process.stdout is not None
            data = process.stdout.read(_LARGEST_POSTER)
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as opened:
            return opened.convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise NotConvertible from error
