"""The process that looks at pictures: true sizes, smaller ones, and nothing made of what is none."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from daemon.media_process.preparation_job import PreparationResult
from daemon.media_process.thumbnail import LONGEST_SIDE
from daemon.media_process.thumbnail_job import MeasuredPicture, ThumbnailJob
from tests.support.pictures import animated, bomb, drawn
from tests.support.shop import ROOT


def look_at(folder: Path, content: bytes, out: bool = True) -> tuple[int, MeasuredPicture | None, Path]:
    """The exit code, what it says, and where the smaller one is."""
    file, small = folder / "1.jpg", folder / "1.jpg.small.jpg"
    file.write_bytes(content)
    job = ThumbnailJob(str(file), str(small) if out else "", parent=os.getpid())
    command = [sys.executable, "-m", "daemon.media_process", "thumbnail"]
    done = subprocess.run(command, input=job.to_json(), capture_output=True, cwd=ROOT, timeout=60)
    return done.returncode, MeasuredPicture.from_json(done.stdout) if done.stdout else None, small


def test_a_photo_is_measured_upright_and_drawn_smaller_without_what_the_camera_noted(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    exif[0x010F] = "Kamera"
    code, measured, small = look_at(tmp_path, drawn(2400, 1200, exif=exif))
    assert (code, measured) == (0, MeasuredPicture(1200, 2400, False, True))
    assert small.stat().st_mode & 0o777 == 0o600
    assert b"Kamera" not in small.read_bytes()
    with Image.open(small) as picture:
        assert (picture.format, picture.size) == ("JPEG", (LONGEST_SIDE // 2, LONGEST_SIDE))


def test_what_can_be_seen_through_stands_on_white(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (300, 200), (0, 0, 0, 0)).save(out, "PNG")
    code, measured, small = look_at(tmp_path, out.getvalue())
    assert (code, measured) == (0, MeasuredPicture(300, 200, False, True))
    with Image.open(small) as picture:
        assert picture.convert("RGB").getpixel((9, 9)) == (255, 255, 255)


@pytest.mark.parametrize("form", ["WEBP", "GIF"])
def test_what_moves_is_only_measured(tmp_path: Path, form: str) -> None:
    code, measured, small = look_at(tmp_path, animated(form, 200))
    assert (code, measured) == (0, MeasuredPicture(200, 200, True, False))
    assert not small.exists()


@pytest.mark.parametrize(
    "content",
    [
        bomb(),
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        drawn(400, 300)[:300],
        b"%PDF-1.7",
        drawn(9, 9, form="TIFF"),
    ],
    ids=["bomb", "empty", "svg", "torn", "pdf", "tiff"],
)
def test_nothing_is_made_of_what_is_no_picture(tmp_path: Path, content: bytes) -> None:
    code, measured, small = look_at(tmp_path, content)
    assert (code, measured, small.exists()) == (PreparationResult.NOT_CONVERTIBLE, None, False)
