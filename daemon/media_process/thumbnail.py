"""A picture as a thread shows it: measured, and drawn anew, so that no byte of its sender's reaches the page."""

import os
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from daemon.media_process.picture import MOST_POINTS, upright
from daemon.media_process.preparation_job import NotConvertible
from daemon.media_process.thumbnail_job import MeasuredPicture

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
# points of the longer side: a bubble's picture on a display of two points a pixel; its quality (of 100) by eye
LONGEST_SIDE, QUALITY = 900, 78


def make_thumbnail(file: Path, out: Path | None) -> MeasuredPicture:
    """Measure a picture, and write the smaller one (JPEG, 0600) unless it moves. Raises NotConvertible."""
    Image.MAX_IMAGE_PIXELS = MOST_POINTS
    try:
        with Image.open(file, formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_POINTS:
                raise NotConvertible
            size = _upright_size(opened)
            if getattr(opened, "is_animated", False) or out is None:
                opened.load()
                return MeasuredPicture(*size, bool(getattr(opened, "is_animated", False)), False)
            # a JPEG is read no larger than it is needed
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            picture = upright(opened)
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        with os.fdopen(os.open(out, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as written:
            picture.save(written, "JPEG", quality=QUALITY, optimize=True)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise NotConvertible from error
    return MeasuredPicture(*size, False, True)


def _upright_size(picture: Image.Image) -> tuple[int, int]:
    """As it will be shown: five to eight of EXIF's orientations lie on their side."""
    lies = picture.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    return (picture.height, picture.width) if lies else picture.size
