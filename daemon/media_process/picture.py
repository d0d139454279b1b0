"""A picture as it is sent: upright, no larger than the apps make it, and without what the camera noted in it."""

import io
from pathlib import Path

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from daemon.domain.message_kinds import MessageKind
from daemon.media_process.preparation_job import NotConvertible, PreparedFile

FORMATS = ("JPEG", "PNG", "WEBP")
# points of the longer side, as WhatsApp's apps send pictures; their quality (of 100) by eye
LONGEST_SIDE, QUALITY = 1600, 82
# of the one that stands there until the picture is fetched: it travels in the message itself
SMALL_SIDE, SMALL_QUALITY = 100, 60
# a larger one is no photo of a telephone's, and may be a bomb
MOST_POINTS = 100_000_000
# lines of a large one's smaller copy that are made at once
_STRIP = 128


# what a picture that is no such may raise
_DAMAGE = (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError)


def prepare(file: Path, out: Path) -> PreparedFile:
    """Write the JPEG that is sent; where it was taken, and by whom, stays here. Raises NotConvertible."""
    Image.MAX_IMAGE_PIXELS = MOST_POINTS
    try:
        with Image.open(file, formats=(*FORMATS, "GIF")) as opened:
            if opened.width * opened.height > MOST_POINTS or _is_moving_webp(opened):
                raise NotConvertible
            # a JPEG is read no larger than it is needed
            opened.draft("RGB", (LONGEST_SIDE * 2, LONGEST_SIDE * 2))
            picture = upright(opened)
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        picture.save(out, "JPEG", quality=QUALITY, optimize=True)
    except _DAMAGE as error:
        raise NotConvertible from error
    about = {"width": picture.width, "height": picture.height}
    return PreparedFile(MessageKind.IMAGE, "image/jpeg", small(picture), about)


def small(picture: Image.Image) -> bytes:
    """What stands there until the file is fetched (JPEG)."""
    copy, out = picture.copy(), io.BytesIO()
    copy.thumbnail((SMALL_SIDE, SMALL_SIDE), Image.Resampling.LANCZOS)
    copy.save(out, "JPEG", quality=SMALL_QUALITY, optimize=True)
    return out.getvalue()


def moves(file: Path) -> bool:
    """Whether a picture is a film; raises NotConvertible."""
    Image.MAX_IMAGE_PIXELS = MOST_POINTS
    try:
        with Image.open(file, formats=(*FORMATS, "GIF")) as opened:
            return bool(getattr(opened, "is_animated", False))
    except _DAMAGE as error:
        raise NotConvertible from error


def _is_moving_webp(opened: Image.Image) -> bool:
    """As a still picture it would be something else, and FFmpeg's formats leave it out."""
    return opened.format == "WEBP" and bool(getattr(opened, "is_animated", False))


def upright(opened: Image.Image) -> Image.Image:
    """In colours, as it was held, and not many times larger than it is needed."""
    factor = max(opened.size) // (LONGEST_SIDE * 2)
    if factor < 2:
        return opaque(ImageOps.exif_transpose(opened))
    # strip by strip: a copy of a hundred million points would take as much memory again
    smaller = Image.new("RGB", (-(-opened.width // factor), -(-opened.height // factor)))
    for top in range(0, opened.height, _STRIP * factor):
        strip = opened.crop((0, top, opened.width, min(opened.height, top + _STRIP * factor)))
        smaller.paste(opaque(strip).reduce(factor), (0, top // factor))
    smaller.getexif()[ExifTags.Base.Orientation] = opened.getexif().get(ExifTags.Base.Orientation, 1)
    return ImageOps.exif_transpose(smaller)


def opaque(picture: Image.Image) -> Image.Image:
    """In colours that a JPEG has; what can be seen through is white, as on paper."""
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    paper = Image.new("RGB", layered.size, "white")
    paper.paste(layered, mask=layered.getchannel("A"))
    return paper
