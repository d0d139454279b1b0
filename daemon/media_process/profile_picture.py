"""A profile picture: fetched from WhatsApp's hosts and drawn anew, so that it is a picture and nothing else."""

import io
import time
from contextlib import closing
from http.client import HTTPException
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from daemon.media_process.hosts import ORIGIN_HEADERS, connect
from daemon.media_process.picture import FORMATS, opaque
from daemon.media_process.profile_picture_job import (
    LARGEST,
    ProfilePictureJob,
    ProfilePictureResult,
    host_and_target,
)

# points of its side: the largest place that shows it, on a screen of double density
SIDE, QUALITY = 192, 82
# more than WhatsApp ever makes, and few enough to be read at once
MOST_POINTS = 4_000_000
_GONE = {401, 403, 404, 410}
_PIECE = 65_536


def fetch(job: ProfilePictureJob) -> ProfilePictureResult:
    """Fetch it, and write the file that is shown."""
    place = host_and_target(job.url)
    if place is None:
        return ProfilePictureResult.NOT_WHATSAPPS
    try:
        content = _content(*place, job)
    except (OSError, HTTPException):
        return ProfilePictureResult.FAILED
    if isinstance(content, ProfilePictureResult):
        return content
    return _draw(content, Path(job.out))


def _content(host: str, target: str, job: ProfilePictureJob) -> bytes | ProfilePictureResult:
    deadline = time.monotonic() + job.times.longest
    with closing(connect(host, job.times.silence)) as connection:
        # a redirect is not followed
        connection.request("GET", target, headers=ORIGIN_HEADERS)
        response = connection.getresponse()
        if response.status != 200:
            return ProfilePictureResult.GONE if response.status in _GONE else ProfilePictureResult.FAILED
        whole = response.length
        if whole is not None and whole > LARGEST:
            return ProfilePictureResult.TOO_LARGE
        content = bytearray()
        while piece := response.read1(_PIECE):
            content += piece
            if len(content) > LARGEST:
                return ProfilePictureResult.TOO_LARGE
            if time.monotonic() > deadline:
                return ProfilePictureResult.FAILED
    cut_off = whole is not None and len(content) < whole
    return ProfilePictureResult.FAILED if cut_off else bytes(content)


def _draw(content: bytes, out: Path) -> ProfilePictureResult:
    Image.MAX_IMAGE_PIXELS = MOST_POINTS
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_POINTS:
                return ProfilePictureResult.NO_PICTURE
            picture = opaque(ImageOps.exif_transpose(opened))
        square = ImageOps.fit(picture, (SIDE, SIDE), Image.Resampling.LANCZOS)
        square.save(out, "JPEG", quality=QUALITY, optimize=True)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError, MemoryError):
        return ProfilePictureResult.NO_PICTURE
    return ProfilePictureResult.DONE
