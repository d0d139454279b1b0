"""Files that the shop sends, on the wire: what the customer's phone can open, and what happens on the way."""

import io
import secrets
import time
from typing import Any

import pytest
from PIL import Image

from daemon.desk import file_storage
from daemon.domain.attachments import OutgoingFile, small_of
from daemon.domain.links import LinkState
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Delivery
from daemon.store import turns
from tests.support.inbox import becomes, only, row
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.actors.values import Received
from tests.whatsapp_server.server.media_host import Trick

pytestmark = pytest.mark.wire

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 400


def photo(width: int = 2400, height: int = 1200) -> bytes:
    """A telephone's photo: it lies on its side and knows where it was taken; the left half is red, then blue."""
    picture = Image.new("RGB", (width, height), "blue")
    picture.paste("red", (0, 0, width // 2, height))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    exif[0x010F] = "Kamera Toko"
    exif.get_ifd(0x8825).update({1: "S", 2: (6.0, 10.0, 30.0), 3: "E", 4: (106.0, 49.0, 30.0)})
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


def keep(shop: Shop, content: bytes, name: str, mime: str = "", *, is_voice: bool = False) -> OutgoingFile:
    return file_storage.keep(shop.folder, shop.account_id, io.BytesIO(content), name, mime, is_voice=is_voice)


def parts(got: Received) -> Any:
    """The file in a message, whatever it is wrapped in; None if it has none."""
    message = got.message
    if message.HasField("documentWithCaptionMessage"):
        message = message.documentWithCaptionMessage.message
    for name in ("imageMessage", "documentMessage", "videoMessage", "audioMessage"):
        if message.HasField(name):
            return getattr(message, name)
    return None


def files_of(customer: Customer) -> list[Received]:
    return [got for got in list(customer.received) if parts(got) is not None]


def gets_file(customer: Customer) -> Received:
    (found,) = wait_until(lambda: files_of(customer), 40, "the file")
    return found


@pytest.fixture
def asking(shop: Shop) -> Customer:
    customer = shop.wa.add_customer(f"Ibu {secrets.token_hex(3)}")
    customer.send_text("ada fotonya?")
    only(shop, customer.name)
    return customer


def test_a_picture_comes_upright_without_its_place_and_with_what_stands_there_meanwhile(
    shop: Shop, asking: Customer
) -> None:
    message_id = shop.answer(asking.name, "ini kak", keep(shop, photo(), "IMG_1.JPG", "image/jpeg"))
    got = gets_file(asking)
    about = got.message.imageMessage
    assert (about.caption, about.mimetype, about.width, about.height) == ("ini kak", "image/jpeg", 800, 1600)
    content = asking.file_of(got)
    assert about.fileLength == len(content)
    assert b"Kamera" not in content
    with Image.open(io.BytesIO(content)) as picture:
        assert (picture.size, picture.format) == ((800, 1600), "JPEG")
        assert not picture.getexif()
        top, bottom = picture.getpixel((400, 100)), picture.getpixel((400, 1500))
    assert top[0] > 200 > 60 > top[2]
    assert bottom[2] > 200 > 60 > bottom[0]
    with Image.open(io.BytesIO(about.JPEGThumbnail)) as small:
        assert small.size == (50, 100)
        assert small.getpixel((25, 10))[0] > 200
    shown = becomes(shop, shop.bubble(message_id), lambda b: b.delivery in (Delivery.SENT, Delivery.DELIVERED))
    about = shown.media or {}
    assert (shown.kind, about["width"], about["small"]) == (MessageKind.IMAGE, 800, 1)
    with Image.open(shop.folder / "media" / small_of(about["file"])) as picture:
        assert picture.size == (450, 900)
    assert row(shop, asking.name).waiting_since is None


def test_a_document_comes_as_it_is_with_its_name_and_words(shop: Shop, asking: Customer) -> None:
    shop.answer(asking.name, "daftar harga", keep(shop, PDF, r"C:\toko\harga 2026.pdf", "application/pdf"))
    got = gets_file(asking)
    about = parts(got)
    assert (about.fileName, about.mimetype, about.caption) == ("harga 2026.pdf", "application/pdf", "daftar harga")
    assert asking.file_of(got) == PDF


def test_several_at_once_are_one_answer(shop: Shop, asking: Customer) -> None:
    first = shop.answer(
        asking.name,
        "dua-duanya",
        keep(shop, photo(400, 300), "a.jpg", "image/jpeg"),
        keep(shop, PDF, "b.pdf", "application/pdf"),
    )
    got = wait_until(lambda: found if len(found := files_of(asking)) == 2 else None, 40, "both files")
    assert [parts(one).caption for one in got] == ["dua-duanya", ""]
    with shop.database.read() as conn:
        assert turns.closed_by_message(conn, first) != []


def test_what_only_calls_itself_a_picture_goes_as_a_document(shop: Shop, asking: Customer) -> None:
    broken = photo()[:2000]
    message_id = shop.answer(asking.name, "", keep(shop, broken, "rusak.jpg", "image/jpeg"))
    got = gets_file(asking)
    assert parts(got).fileName == "rusak.jpg"
    assert asking.file_of(got) == broken
    assert shop.bubble(message_id).kind == MessageKind.DOCUMENT


def test_words_overtake_a_file_that_the_hosts_do_not_take(shop: Shop, asking: Customer) -> None:
    shop.wa.faults.fail_media(503)
    try:
        message_id = shop.answer(asking.name, "", keep(shop, PDF, "a.pdf", "application/pdf"))
        wait_until(lambda: "not taken by WhatsApp's media hosts" in shop.log(), 40, "the refusal")
        shop.answer(asking.name, "sebentar ya")
        asking.wait_for_text("sebentar ya", 20)
        assert shop.bubble(message_id).delivery == Delivery.QUEUED
    finally:
        shop.wa.faults.fail_media(None)
    assert asking.file_of(gets_file(asking)) == PDF


def test_a_session_that_begins_leaves_alone_what_is_being_attached(own_shop: Shop) -> None:
    shop = own_shop
    old = shop.pid("session")
    assert old is not None

    class Slow(io.BytesIO):
        """While it is read, the session is killed, and its successor has begun."""

        def read(self, size: int | None = -1) -> bytes:
            if self.tell() == 0:
                shop.kill("session")
                shop.wait_for_successor("session", old)
                shop.wait_for(LinkState.ONLINE)
            return super().read(size)

    file = file_storage.keep(shop.folder, shop.account_id, Slow(PDF * 2), "a.pdf", "application/pdf")
    assert (shop.folder / "media" / file.file).read_bytes() == PDF * 2


def test_what_nobody_foresaw_ends_the_session_and_in_the_end_the_file(shop: Shop, asking: Customer) -> None:
    session = shop.pid("session")
    with shop.database.write() as conn:
        conn.exec_driver_sql(
            "CREATE TRIGGER refused BEFORE UPDATE ON outgoing_file WHEN new.uploaded IS NOT NULL"
            " BEGIN SELECT RAISE(ABORT, 'so it is'); END"
        )
        # it has ended two sessions already
        conn.exec_driver_sql(
            "CREATE TRIGGER deadly AFTER INSERT ON outgoing_file BEGIN"
            " UPDATE outgoing_file SET deaths = 2 WHERE message_id = new.message_id; END"
        )
    try:
        message_id = shop.answer(asking.name, "", keep(shop, PDF, "a.pdf", "application/pdf"))
        shop.wait_for_delivery(message_id, Delivery.FAILED, 60)
    finally:
        with shop.database.write() as conn:
            conn.exec_driver_sql("DROP TRIGGER refused")
            conn.exec_driver_sql("DROP TRIGGER deadly")
    assert shop.log().count("the file uploader met what nobody foresaw") == 1
    assert shop.pid("session") != session
    # what it had answered waits again, and words leave
    assert row(shop, asking.name).waiting_since is not None
    shop.wait_for(LinkState.ONLINE)
    shop.answer(asking.name, "maaf, tidak bisa")
    asking.wait_for_text("maaf, tidak bisa", 20)
    assert not files_of(asking)


def test_a_host_that_falls_silent_is_left_soon_and_holds_up_nobodys_words(shop: Shop, asking: Customer) -> None:
    media = shop.wa.endpoint.media
    content = secrets.token_bytes(3_000_000)
    with shop.wa.faults.media_tricks(Trick.READS_NOTHING):
        met = media.tricked
        message_id = shop.answer(asking.name, "", keep(shop, content, "a.bin", "application/octet-stream"))
        upload = wait_until(lambda: shop.pid("download"), 40, "the upload")
        wait_until(lambda: media.tricked > met, 20, "a silent host")
        begun = time.monotonic()
        shop.answer(asking.name, "sebentar ya")
        asking.wait_for_text("sebentar ya", 10)
        print(f"words beside a stalled file: {time.monotonic() - begun:.2f} s")
        assert shop.pid("download") == upload
        # nothing was acknowledged for 20 s: the next host is asked
        silent = media.tricked
        wait_until(lambda: media.tricked > silent, 60, "the next host")
        assert shop.bubble(message_id).delivery == Delivery.QUEUED
    assert asking.file_of(gets_file(asking)) == content
    becomes(shop, shop.bubble(message_id), lambda b: b.delivery in (Delivery.SENT, Delivery.DELIVERED))
    shop.answer(asking.name, "sudah")
    asking.wait_for_text("sudah", 20)
    assert len(files_of(asking)) == 1
