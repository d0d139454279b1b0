"""A picture as it is sent: upright, no larger than the apps make it, and without what the camera noted in it."""

import io
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from daemon.media_process.preparation_job import PreparedPicture

FORMATS = ("JPEG", "PNG", "WEBP")
# points of the longer side, as WhatsApp's apps send pictures; their quality (of 100) by eye
LONGEST_SIDE, QUALITY = 1600, 82
# of the one that stands there until the picture is fetched: it travels in the message itself
SMALL_SIDE, SMALL_QUALITY = 100, 60
# a larger one is no photo of a telephone's, and may be a bomb
MOST_POINTS = 100_000_000


class NoPicture(Exception):
    """Nothing can be made of it."""


def prepare(file: Path, out: Path) -> PreparedPicture:
    """Write the JPEG that is sent; where it was taken, and by whom, stays here. Raises NoPicture."""
    Image.MAX_IMAGE_PIXELS = MOST_POINTS
    try:
        with Image.open(file, formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_POINTS:
                raise NoPicture
            # a JPEG is read no larger than it is needed
            opened.draft("RGB", (LONGEST_SIDE * 2, LONGEST_SIDE * 2))
            picture = opaque(ImageOps.exif_transpose(opened))
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        picture.save(out, "JPEG", quality=QUALITY, optimize=True)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise NoPicture from error
    width, height = picture.size
    picture.thumbnail((SMALL_SIDE, SMALL_SIDE), Image.Resampling.LANCZOS)
    small = io.BytesIO()
    picture.save(small, "JPEG", quality=SMALL_QUALITY, optimize=True)
    return PreparedPicture(width, height, small.getvalue())


def opaque(picture: Image.Image) -> Image.Image:
    """In colours that a JPEG has; what can be seen through is white, as on paper."""
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    paper = Image.new("RGB", layered.size, "white")
    paper.paste(layered, mask=layered.getchannel("A"))
    return paper
