"""What people attach is kept once for its content, under a name of ours, and refused if it can't be sent."""

import io
from pathlib import Path

import pytest

from auth_store.files import prepare_folder
from daemon.desk.file_storage import LONGEST_NAME, FileRefused, is_kept, keep
from daemon.domain.attachments import OutgoingFile
from daemon.domain.message_kinds import MessageKind


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that has never kept a file."""
    folder = tmp_path / "data"
    prepare_folder(folder)
    return folder


JPEG, PNG = b"\xff\xd8\xff\xe0" + b"x" * 100, b"\x89PNG\r\n\x1a\n" + b"x" * 100


def kept(data: Path, content: bytes, name: str = "a.pdf", mime: str = "application/pdf") -> OutgoingFile:
    return keep(data, 1, io.BytesIO(content), name, mime)


def test_the_same_content_lies_there_once_and_is_whole(data: Path) -> None:
    first, second = kept(data, b"isi"), kept(data, b"isi", "lain.pdf")
    assert first.file == second.file
    assert (first.name, second.name, first.size) == ("a.pdf", "lain.pdf", 3)
    path = data / "media" / first.file
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"isi", 0o600)
    assert len(list((data / "media" / "1").iterdir())) == 1


@pytest.mark.parametrize(
    ("content", "said", "mime", "kind"),
    [
        (JPEG, "application/pdf", "image/jpeg", MessageKind.IMAGE),
        (PNG, "", "image/png", MessageKind.IMAGE),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "x", "image/webp", MessageKind.IMAGE),
        (b"not one", "image/jpeg", "application/octet-stream", MessageKind.DOCUMENT),
        (b"<svg/>", "image/svg+xml", "application/octet-stream", MessageKind.DOCUMENT),
        (b"%PDF", "Application/PDF; x=1", "application/pdf", MessageKind.DOCUMENT),
        (b"%PDF", 'text/html\r\nX: "y"', "application/octet-stream", MessageKind.DOCUMENT),
    ],
)
def test_its_content_says_what_it_is(data: Path, content: bytes, said: str, mime: str, kind: MessageKind) -> None:
    file = kept(data, content, "foto.jpg", said)
    assert (file.mime, file.kind) == (mime, kind)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("harga.pdf", "harga.pdf"),
        (r"C:\toko\harga.pdf", "harga.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\nb\x00c.pdf", "a bc.pdf"),
        ("..", "file.pdf"),
        ("", "file.pdf"),
    ],
)
def test_its_name_is_the_last_part_and_readable(data: Path, name: str, shown: str) -> None:
    assert kept(data, b"isi", name).name == shown


def test_a_long_name_keeps_its_end(data: Path) -> None:
    name = kept(data, b"isi", "x" * 300 + ".pdf").name
    assert (len(name), name[-5:]) == (LONGEST_NAME, "x.pdf")


@pytest.mark.parametrize(("content", "reason"), [(b"", "empty"), (b"x" * 11, "too_large")])
def test_what_cannot_be_sent_is_refused_and_leaves_nothing(data: Path, content: bytes, reason: str) -> None:
    with pytest.raises(FileRefused, match=reason):
        keep(data, 1, io.BytesIO(content), "a.pdf", "application/pdf", largest=10)
    assert list((data / "media" / "1").iterdir()) == []


@pytest.mark.parametrize("file", ["1/out-x.pdf", "2/out-" + "0" * 64 + ".pdf", "1/../../balas.db", "1/7.jpg", ""])
def test_only_an_accounts_own_attached_files_can_be_named(data: Path, file: str) -> None:
    real = kept(data, b"isi")
    assert is_kept(data, 1, real)
    assert not is_kept(data, 2, real)
    assert not is_kept(data, 1, OutgoingFile(file, real.mime, real.size, real.name))
