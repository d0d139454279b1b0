"""What becomes of a picture that is sent as a sticker, whatever it was."""

import io
import random
from pathlib import Path

import pytest
from PIL import Image

from daemon.media_process.preparation_job import NotConvertible
from daemon.media_process.sticker import LARGEST_MOVING, LARGEST_STILL, LONGEST_FILM, prepare


def made(file: Path) -> tuple[bytes, bool]:
    """The sticker, and whether it is said to move."""
    out = file.with_suffix(".made")
    is_animated = bool(prepare(file, out).about["animated"])
    with Image.open(out) as picture:
        assert (picture.format, picture.size) == ("WEBP", (512, 512))
        assert bool(getattr(picture, "is_animated", False)) == is_animated
        assert not picture.getexif()
    return out.read_bytes(), is_animated


def test_a_photo_lies_upright_in_the_middle_and_one_sees_through_the_rest(tmp_path: Path) -> None:
    photo, exif = Image.new("RGB", (1200, 600), "blue"), Image.Exif()
    photo.paste("red", (0, 0, 600, 600))
    exif[0x0112] = 6  # to be turned by 90 degrees
    photo.save(tmp_path / "a.jpg", exif=exif)
    content, _moves = made(tmp_path / "a.jpg")
    with Image.open(io.BytesIO(content)) as sticker:
        seen = sticker.convert("RGBA")
    assert [seen.getpixel(at)[3] for at in ((10, 256), (256, 10), (256, 500))] == [0, 255, 255]  # type: ignore[index]
    assert seen.getpixel((256, 10))[0] > 200  # type: ignore[index]
    assert seen.getpixel((256, 500))[2] > 200  # type: ignore[index]


def test_the_most_restless_picture_is_small_enough(tmp_path: Path) -> None:
    noise = Image.frombytes("RGB", (700, 700), random.Random(1).randbytes(700 * 700 * 3))
    noise.save(tmp_path / "a.png")
    assert len(made(tmp_path / "a.png")[0]) <= LARGEST_STILL


def test_a_film_moves_for_ten_seconds_at_most_and_is_small_enough(tmp_path: Path) -> None:
    rolls = random.Random(2)
    frames = [Image.frombytes("RGB", (200, 200), rolls.randbytes(120_000)) for _ in range(14)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=900, loop=0)
    content, moves = made(tmp_path / "a.gif")
    assert moves
    assert len(content) <= LARGEST_MOVING
    lasts = 0
    with Image.open(io.BytesIO(content)) as sticker:
        for i in range(sticker.n_frames):  # type: ignore[attr-defined]
            sticker.seek(i)
            sticker.load()
            lasts += sticker.info["duration"]
    assert 5000 < lasts <= LONGEST_FILM


def test_a_film_of_the_same_picture_stands_still(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (64, 64), "red") for _ in range(3)]
    frames[1].putpixel((0, 0), (254, 0, 0))
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=100, loop=0)
    content, moves = made(tmp_path / "a.gif")
    assert moves or len(content) <= LARGEST_STILL


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"x" * 99, b"RIFF\x10\0\0\0WEBPVP8 "])
def test_what_only_begins_like_a_picture_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(NotConvertible):
        prepare(tmp_path / "a", tmp_path / "out")
