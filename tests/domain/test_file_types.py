"""What a file is, by its first bytes."""

import pytest

from daemon.domain.file_types import jpeg_size, shown_as
from tests.support.pictures import animated, drawn, small_jpeg
from tests.whatsapp_server.demo_media import voice_note

MP4 = b"\x00\x00\x00\x18ftypmp42"
HTML = b"<!doctype html><script>alert(1)</script>"


@pytest.mark.parametrize(
    ("mime", "content", "shown"),
    [
        ("image/jpeg", drawn(8, 8), "image/jpeg"),
        ("IMAGE/JPEG; x=1", drawn(8, 8), "image/jpeg"),
        # one kind of picture that calls itself another is a picture
        ("image/jpeg", drawn(8, 8, form="PNG"), "image/png"),
        ("image/gif", animated("GIF"), "image/gif"),
        ("image/webp", animated(), "image/webp"),
        ("audio/ogg; codecs=opus", voice_note(1), "audio/ogg"),
        ("audio/mp4", MP4, "audio/mp4"),
        ("video/mp4", MP4, "video/mp4"),
        ("audio/mpeg", b"ID3\x04", "audio/mpeg"),
        ("audio/mpeg", b"\xff\xfb\x90\x00", "audio/mpeg"),
        ("audio/aac", b"\xff\xf1\x50\x80", "audio/aac"),
        ("audio/webm", b"\x1aE\xdf\xa3\x9f\x42", "audio/webm"),
        ("video/webm", b"\x1aE\xdf\xa3\x9f\x42", "video/webm"),
        ("video/mp4", b"\x1aE\xdf\xa3\x9f\x42", "video/webm"),
        # what is something else, or nothing that is shown in place
        ("image/png", HTML, None),
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        ("text/html", HTML, None),
        ("application/pdf", b"%PDF-1.7", None),
        ("image/jpeg", MP4, None),
        ("video/mp4", drawn(8, 8), None),
        ("audio/ogg", HTML, None),
        ("image/jpeg", b"", None),
        ("", drawn(8, 8), None),
    ],
)
def test_only_what_is_what_it_calls_itself_is_shown(mime: str, content: bytes, shown: str | None) -> None:
    assert shown_as(mime, content[:16]) == shown


def test_a_jpegs_size_is_read_from_its_frame_header() -> None:
    assert jpeg_size(small_jpeg(64, 48)) == (64, 48)
    assert jpeg_size(drawn(300, 200, progressive=True, icc_profile=b"x" * 900)) == (300, 200)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe0\x00\x00" * 9, drawn(8, 8, form="PNG"), b"\xff\xd8" * 99]
)
def test_what_is_no_jpeg_has_no_size(content: bytes) -> None:
    assert jpeg_size(content) is None


def test_a_jpeg_that_is_cut_off_anywhere_is_never_fatal() -> None:
    whole = small_jpeg()
    assert {jpeg_size(whole[:n]) for n in range(len(whole))} <= {None, (64, 48)}
