"""A picture as a sticker: a WebP of 512 × 512 points, small enough for the apps, see-through around and within.

Sizes are those that WhatsApp's guide for sticker makers names (github.com/WhatsApp/stickers).
"""

import io
from pathlib import Path

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from daemon.domain.message_kinds import MessageKind
from daemon.media_process.picture import MOST_POINTS
from daemon.media_process.preparation_job import NotConvertible, PreparedFile
from daemon.media_process.thumbnail import FORMATS

SIDE = 512
# bytes of one that stands still, and of one that moves
LARGEST_STILL, LARGEST_MOVING = 100_000, 500_000
# milliseconds of a picture of a film, and of the whole; pictures that are looked at, and that are sent
SHORTEST, LONGEST_FILM = 8, 10_000
MOST_FRAMES, MOST_SENT = 300, 60
# of 100, tried one after the other until it is small enough
_STILL_QUALITIES = (90, 75, 60, 45, 30, 15, 5)
_MOVING_QUALITIES = (70, 45, 25, 10)

_Film = list[tuple[Image.Image, int]]


def prepare(file: Path, out: Path) -> PreparedFile:
    """Write it; raises NotConvertible."""
    Image.MAX_IMAGE_PIXELS = MOST_POINTS
    try:
        with Image.open(file, formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_POINTS:
                raise NotConvertible
            film = _film(opened)
            if not film:
                opened.draft("RGB", (SIDE * 2, SIDE * 2))
                still = _square(ImageOps.exif_transpose(opened))
        content = _moving(film) if film else _still(still)
        # pictures that are all the same make no film
        moves = bool(film) and _moves(content)
        out.write_bytes(_still(film[0][0]) if film and not moves else content)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise NotConvertible from error
    return PreparedFile(MessageKind.STICKER, "image/webp", b"", {"animated": int(moves)})


def _square(picture: Image.Image) -> Image.Image:
    """In the middle of the square, as large as it fits."""
    fitted = ImageOps.contain(picture.convert("RGBA"), (SIDE, SIDE), Image.Resampling.LANCZOS)
    square = Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 0))
    square.paste(fitted, ((SIDE - fitted.width) // 2, (SIDE - fitted.height) // 2))
    return square


def _film(opened: Image.Image) -> _Film:
    """The pictures of one that moves, with their times in milliseconds; none for one that stands still."""
    count = getattr(opened, "n_frames", 1)
    if count < 2:
        return []
    # so many that they are not too many: every second one, every third …
    step = -(-min(count, MOST_FRAMES) // MOST_SENT)
    film: _Film = []
    whole = 0
    for i, frame in enumerate(ImageSequence.Iterator(opened)):
        # a time that is no time is a tenth of a second, as browsers have it
        lasts = max(SHORTEST, int(frame.info.get("duration", 0)) or 100)
        if i >= MOST_FRAMES or whole + lasts > LONGEST_FILM:
            break
        whole += lasts
        if i % step:
            film[-1] = film[-1][0], film[-1][1] + lasts
        else:
            film.append((_square(frame), lasts))
    return film if len(film) > 1 else []


def _still(square: Image.Image) -> bytes:
    for quality in _STILL_QUALITIES:
        content = _saved(square, quality=quality, method=6)
        if len(content) <= LARGEST_STILL:
            return content
    raise NotConvertible


def _moving(film: _Film) -> bytes:
    while len(film) > 1:
        for quality in _MOVING_QUALITIES:
            first, *more = [picture for picture, _ in film]
            times = [lasts for _, lasts in film]
            content = _saved(
                first, save_all=True, append_images=more, duration=times, loop=0, quality=quality, method=2
            )
            if len(content) <= LARGEST_MOVING:
                return content
        # half as many pictures, each for twice as long
        pairs = [film[i : i + 2] for i in range(0, len(film), 2)]
        film = [(pair[0][0], sum(lasts for _, lasts in pair)) for pair in pairs]
    raise NotConvertible


def _moves(content: bytes) -> bool:
    with Image.open(io.BytesIO(content)) as made:
        return bool(getattr(made, "is_animated", False))


def _saved(picture: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", **options)
    return out.getvalue()
