"""How files are named here."""

import pytest

from daemon.domain.attachments import file_end


@pytest.mark.parametrize(
    ("mime", "end"),
    [
        ("image/jpeg", ".jpg"),
        ("audio/ogg; codecs=opus", ".ogg"),
        (" Application/PDF ", ".pdf"),
        ("text/html", ".bin"),
        ("image/svg+xml", ".bin"),
        ("application/x-sh", ".bin"),
        ("application/x-msdownload", ".bin"),
        ("../../etc/passwd", ".bin"),
        ("image/jpeg\n", ".jpg"),
        ("", ".bin"),
    ],
)
def test_a_file_is_kept_under_a_harmless_end(mime: str, end: str) -> None:
    assert file_end(mime) == end
