"""Pictures for tests, drawn on the spot."""

import io
from typing import Any

from PIL import Image, ImageDraw


def drawn(width: int, height: int, colour: str = "teal", form: str = "JPEG", **options: Any) -> bytes:
    """A picture with a light disc in its middle."""
    picture = Image.new("RGB", (width, height), colour)
    side = min(width, height) // 3
    middle = (width // 2 - side, height // 2 - side, width // 2 + side, height // 2 + side)
    ImageDraw.Draw(picture).ellipse(middle, fill="wheat")
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def small_jpeg(width: int = 64, height: int = 48) -> bytes:
    """One that travels in a message."""
    return drawn(width, height, quality=40)


def animated(form: str = "WEBP", side: int = 200) -> bytes:
    """Two frames with a transparent ground: an animated sticker."""
    frames = [Image.new("RGBA", (side, side), (0, 0, 0, 0)) for _ in range(2)]
    for frame, colour in zip(frames, ("tomato", "gold"), strict=True):
        ImageDraw.Draw(frame).ellipse((10, 10, side - 10, side - 10), fill=colour)
    out = io.BytesIO()
    frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=300, loop=0)
    return out.getvalue()


def bomb(side: int = 15_000) -> bytes:
    """A PNG of few bytes that says it has 225 million points."""
    out = io.BytesIO()
    Image.new("1", (side, side)).save(out, "PNG")
    return out.getvalue()
