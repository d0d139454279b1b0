"""Files of messages handed out: harmless whatever they are, in ranges, with what a thread needs to show them."""

import base64
import re
from typing import Any

import pytest

from daemon.config import Config
from daemon.domain.attachments import small_of
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author
from tests.support.pictures import animated, drawn, small_jpeg
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor
from tests.whatsapp_server.demo_media import voice_note

HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 8


class Files:
    """Messages of one customer, with files."""

    def __init__(self, shop: StaffedBooks, config: Config) -> None:
        self.shop = shop
        self.folder = config.data / "media" / "1"
        self.folder.mkdir(parents=True)
        self.chat = shop.new_customer("Ibu Ratna", "halo")

    def sent(self, content: bytes | None, kind: MessageKind = MessageKind.DOCUMENT, **media: Any) -> int:
        """A message with a file of these bytes (None: it has none)."""
        if content is not None:
            name = f"{len(list(self.folder.iterdir()))}.bin"
            (self.folder / name).write_bytes(content)
            media["file"] = f"1/{name}"
        return self.shop.customer_writes(self.chat, None, kind=kind.value, media=media)


@pytest.fixture
def files(shop: StaffedBooks, config: Config) -> Files:
    return Files(shop, config)


def test_what_would_be_a_page_is_only_ever_a_download(sari: Visitor, files: Files) -> None:
    for mime, content in (
        ("text/html", HTML),
        ("image/svg+xml", SVG),
        ("application/pdf", b"%PDF-1.7"),
        ("application/xhtml+xml", HTML),
        ("text/plain", HTML),
        ("image/png\r\nX-Evil: 1", HTML),
        # calls itself harmless
        ("image/png", HTML),
        ("image/jpeg", SVG),
        ("video/mp4", HTML),
        ("audio/ogg; codecs=opus", HTML),
        ("image/jpeg", b"%PDF-1.7"),
        ("", HTML),
    ):
        with sari.get(f"/media/{files.sent(content, mime=mime, name='x.html')}") as answer:
            assert answer.mimetype == "application/octet-stream"
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert "X-Evil" not in answer.headers
    page = sari.get(f"/c/{files.chat}").text
    assert page.count('data-shape="download"') == 6 + 1


def test_pictures_sounds_and_films_are_shown_as_what_they_are(sari: Visitor, files: Files) -> None:
    for mime, content, served in (
        ("image/png", drawn(9, 9), "image/jpeg"),
        ("image/webp", animated(), "image/webp"),
        ("audio/ogg; codecs=opus", voice_note(1), "audio/ogg"),
        ("video/mp4", MP4, "video/mp4"),
    ):
        with sari.get(f"/media/{files.sent(content, mime=mime, name='a b.x')}") as answer:
            assert (answer.mimetype, answer.data) == (served, content)
            assert answer.headers["Content-Disposition"].startswith("inline")
    # what was found to be odd when it came is none of them
    with sari.get(f"/media/{files.sent(drawn(9, 9), mime='image/jpeg', odd=1)}") as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_part_of_a_film_can_be_asked_for(sari: Visitor, files: Files) -> None:
    url = f"/media/{files.sent(MP4, MessageKind.VIDEO, mime='video/mp4')}"
    # Safari asks for two bytes first
    for wish, part in (("bytes=0-1", MP4[:2]), ("bytes=100-", MP4[100:]), ("bytes=-5", MP4[-5:])):
        with sari.get(url, Range=wish) as answer:
            assert (answer.status_code, answer.data) == (206, part)
            assert answer.headers["Accept-Ranges"] == "bytes"
            assert answer.headers["Content-Range"].endswith(f"/{len(MP4)}")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    with sari.get(url, Range="bytes=99999-") as answer:
        assert answer.status_code == 416


def test_the_small_picture_and_the_one_in_the_message_are_jpegs_or_nothing(
    sari: Visitor, stranger: Visitor, files: Files
) -> None:
    small = base64.b64encode(small_jpeg()).decode()
    message_id = files.sent(drawn(900, 600), MessageKind.IMAGE, mime="image/jpeg", small=1, thumbnail=small)
    with files.shop.database.read() as conn:
        name = conn.exec_driver_sql(f"SELECT media ->> 'file' FROM message WHERE id = {message_id}").scalar_one()
    assert sari.get(f"/media/{message_id}/small").status_code == 404
    (files.folder.parent / small_of(name)).write_bytes(drawn(90, 60))
    for place in ("small", "preview"):
        with sari.get(f"/media/{message_id}/{place}") as answer:
            assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
            assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert stranger.get(f"/media/{message_id}/{place}").status_code == 302
    for wrong in ("", "!", base64.b64encode(HTML).decode(), 7, ["x"]):
        bad = files.sent(None, MessageKind.IMAGE, mime="image/jpeg", thumbnail=wrong)
        assert sari.get(f"/media/{bad}/preview").status_code == 404
    for way in ("../../balas.db", "/etc/passwd", ".", ""):
        bad = files.shop.customer_writes(files.chat, None, kind="image", media={"file": way, "small": 1})
        assert [sari.get(f"/media/{bad}{end}").status_code for end in ("", "/small")] == [404, 404]
    assert sari.get(f"/c/{files.chat}").status_code == 200


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((1600, 1200), (330, 248)),
        ((1200, 1600), (300, 400)),
        # a sender's joke
        ((20_000, 1), (330, 132)),
        ((1, 20_000), (160, 400)),
        ((3, 3), (160, 160)),
    ],
)
def test_a_picture_has_its_room_before_it_is_here(
    sari: Visitor, files: Files, size: tuple[int, int], shown: tuple[int, int]
) -> None:
    files.sent(drawn(8, 8), MessageKind.IMAGE, mime="image/jpeg", width=size[0], height=size[1])
    page = sari.get(f"/c/{files.chat}").text
    assert re.findall(r'<img [^>]*width="(\d+)" height="(\d+)"', page) == [tuple(map(str, shown))]


@pytest.mark.parametrize("size", [("1", None), (-1, 5), (None, 3), (float("inf"), 1), ([], {}), (True, 0)])
def test_a_size_that_is_none_shows_a_picture_all_the_same(
    sari: Visitor, files: Files, size: tuple[Any, Any]
) -> None:
    files.sent(drawn(8, 8), MessageKind.IMAGE, mime="image/jpeg", width=size[0], height=size[1], seconds=size[0])
    page = sari.get(f"/c/{files.chat}").text
    assert 'data-shape="image"' in page
    assert '<svg class="frame"' not in page


def test_documents_say_their_type_and_a_sticker_is_as_small_as_stickers_are(sari: Visitor, files: Files) -> None:
    files.sent(b"%PDF", mime="application/pdf", name="harga.pdf", size=2_300_000, pages=3)
    files.sent(b"xx", mime="application/x-what", name="desain.CDR", size=1000)
    files.sent(animated(), MessageKind.STICKER, mime="image/webp", width=512, height=512)
    page = sari.get(f"/c/{files.chat}").text
    assert "PDF · 3 pages · 2.3 MB" in page
    assert "CDR · 1 KB" in page
    assert re.search(r'class="sticker"[^>]*width="160" height="160"', page)


def test_what_did_not_come_is_asked_for_in_the_shops_language_without_scripts_too(
    sari: Visitor, files: Files
) -> None:
    gone = {name: files.sent(None, MessageKind.IMAGE, gone=name) for name in ("expired", "failed", "large")}
    own = files.shop.shop_wrote(files.chat, "", Author.PHONE, kind="image", media={"gone": "expired"})
    page = sari.get(f"/c/{files.chat}").text
    asked = re.findall(r'class="ask-again" href="([^"#]+)#reply"', page)
    assert [int(re.search(r"quote=(\d+)", url)[1]) for url in asked] == [gone["expired"], gone["failed"]]  # type: ignore[index]
    assert str(own) not in str(asked)
    form = sari.get(asked[0].replace("&amp;", "&")).text
    assert re.search(rf'name="quoted" value="{gone["expired"]}"', form)
    assert re.search(r"<textarea[^>]*>Maaf Kak, yang ini sudah tidak bisa kami buka", form)
