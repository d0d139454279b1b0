"""Attachments on the wire, whatever their senders say of them, and whatever happens while they come."""

import base64
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from daemon.domain.attachments import MissingFile, small_of
from daemon.domain.links import LinkState
from daemon.domain.message_kinds import MessageKind
from daemon.store.tables.core import download
from daemon.store.threads import Bubble
from tests.support.inbox import becomes, only
from tests.support.pictures import animated, bomb, drawn, small_jpeg
from tests.support.shop import Shop, open_shop, peak_of
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.demo_media import voice_note
from tests.whatsapp_server.server.media_host import Manner
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.media import MediaKind

pytestmark = pytest.mark.wire

MB = 1_000_000
# MB of the file that calls itself a kilobyte; the process that fetches it needs as little for any other
LIE = int(os.environ.get("BALAS_TEST_LIE_MB", "80"))
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(2000)
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 400


def send(shop: Shop, customer: Customer, content: bytes, manner: Manner | None = None, **fields: Any) -> Bubble:
    """A document that is handed out in a manner, with other words about it than are true; gives its message."""
    media, path = customer.upload(content, MediaKind.DOCUMENT)
    if manner is not None:
        shop.wa.loop.call(shop.wa.endpoint.media.treat, path, manner)
    message = payload.document(media, path, name="faktur.pdf", mimetype="application/pdf")
    for name, value in fields.items():
        setattr(message.documentMessage, name, value)
    customer.send_raw(message)
    return only(shop, customer.name)


def about(bubble: Bubble) -> dict[str, Any]:
    return bubble.media or {}


def comes(shop: Shop, bubble: Bubble) -> bytes:
    """The attachment, once it is there."""
    found = becomes(shop, bubble, lambda b: "file" in about(b))
    return (shop.folder / "media" / about(found)["file"]).read_bytes()


def is_given_up(shop: Shop, bubble: Bubble) -> str:
    """Why the attachment does not come."""
    found = about(becomes(shop, bubble, lambda b: "gone" in about(b)))
    assert "file" not in found
    return str(found["gone"])


def documents_asked(shop: Shop) -> int:
    """How many documents the media host has been asked for."""
    return shop.wa.loop.call(lambda: sum("/document/" in target for target in shop.wa.endpoint.media.asked))


def files(shop: Shop) -> list[Path]:
    return sorted(path for path in (shop.folder / "media").rglob("*") if path.is_file())


def test_a_document_that_calls_itself_a_kilobyte_costs_the_session_nothing(own_shop: Shop) -> None:
    shop = own_shop
    first = send(shop, shop.wa.add_customer("Pertama"), PDF)
    assert comes(shop, first) == PDF
    session = shop.pid("session")
    assert session is not None
    before = peak_of(session)
    lie = send(shop, shop.wa.add_customer("Bohong"), bytes(LIE * MB), Manner(chunked=True), fileLength=1000)
    downloads: list[int] = []

    def over() -> bool:
        if (pid := shop.pid("download")) is not None:
            downloads.append(peak_of(pid))
        return "gone" in about(shop.bubble(lie.id))

    wait_until(over, 60, "the end of the download")
    assert about(shop.bubble(lie.id))["gone"] == MissingFile.LARGE
    assert shop.pid("session") == session
    grown = peak_of(session) - before
    print(f"a file of {LIE} MB: session {before // MB} MB + {grown // MB} MB, download {max(downloads) // MB} MB")
    assert grown < 30 * MB
    assert max(downloads) < 70 * MB
    assert files(shop) == [shop.folder / "media" / about(shop.bubble(first.id))["file"]]


def test_a_length_that_is_named_is_believed_against_the_file(shop: Shop) -> None:
    bubble = send(shop, shop.wa.add_customer("Panjang"), PDF, Manner(claims=10**9))
    assert is_given_up(shop, bubble) == MissingFile.LARGE


def test_a_file_that_is_larger_than_its_sender_says_comes_within_the_limit(shop: Shop) -> None:
    bubble = send(shop, shop.wa.add_customer("Salah Hitung"), PDF, fileLength=7)
    assert comes(shop, bubble) == PDF
    assert about(shop.bubble(bubble.id))["size"] == len(PDF)


def test_the_senders_address_is_never_asked(shop: Shop) -> None:
    customer = shop.wa.add_customer("Alamat")
    bubble = send(shop, customer, PDF, URL="https://evil.example/file.enc", directPath="//evil.example/file.enc")
    assert is_given_up(shop, bubble) == MissingFile.DAMAGED
    asked = shop.wa.loop.call(lambda: list(shop.wa.endpoint.media.asked))
    assert not [target for target in asked if "evil" in target]


def test_a_file_that_whatsapp_no_longer_has_is_given_up(shop: Shop) -> None:
    bubble = send(shop, shop.wa.add_customer("Lama"), PDF, Manner(status=410))
    assert is_given_up(shop, bubble) == MissingFile.EXPIRED


def test_a_file_of_another_content_is_given_up(shop: Shop) -> None:
    bubble = send(shop, shop.wa.add_customer("Lain"), PDF, fileSHA256=bytes(32))
    assert is_given_up(shop, bubble) == MissingFile.DAMAGED


def test_each_kind_of_file_comes_with_what_its_message_says_of_it(shop: Shop) -> None:
    customer, wave = shop.wa.add_customer("Segala Macam"), bytes(range(64))
    photo, sticker, small = drawn(1600, 1200), animated(), small_jpeg()
    customer.send_image(photo, "kue", width=2**31, height=7, JPEGThumbnail=small)
    customer.send_voice(voice_note(2), 2, waveform=wave)
    customer.send_video(MP4, "lihat", 7, width=640, height=360, JPEGThumbnail=small, gifPlayback=True)
    customer.send_sticker(sticker, width=99, height=99, isAnimated=True)

    def all_here() -> list[Bubble] | None:
        found = shop.bubbles(customer.name)
        return found if len(found) == 4 and all("file" in about(b) for b in found) else None

    found = {b.kind: about(b) for b in wait_until(all_here, 60, "four files")}
    image, voice, video = found[MessageKind.IMAGE], found[MessageKind.VOICE], found[MessageKind.VIDEO]
    # the truth, whatever the sender says; what stood there meanwhile is gone
    assert (image["width"], image["height"], image["small"]) == (1600, 1200, 1)
    assert "thumbnail" not in image
    shown = shop.folder / "media" / small_of(image["file"])
    with Image.open(shown) as picture:
        assert picture.size == (900, 675)
    assert shown.stat().st_mode & 0o777 == 0o600
    assert (voice["seconds"], voice["waveform"]) == (2, wave.hex())
    assert {"seconds": 7, "width": 640, "height": 360, "gif": 1}.items() <= video.items()
    assert base64.b64decode(video["thumbnail"]) == small
    assert {"width": 200, "height": 200, "animated": 1}.items() <= found[MessageKind.STICKER].items()
    assert not [one for one in found.values() if "odd" in one]


def test_what_is_not_what_it_calls_itself_comes_marked_and_a_bomb_kills_nobody(shop: Shop) -> None:
    session = shop.pid("session")
    for name, mime, content in (
        ("Bom", "image/png", bomb()),
        ("Halaman", "image/jpeg", b"<!doctype html><script>alert(1)</script>"),
        ("Sobek", "image/jpeg", drawn(800, 600)[:900]),
    ):
        customer = shop.wa.add_customer(name)
        customer.send_image(content, mimetype=mime)
        bubble = only(shop, customer.name)
        assert comes(shop, bubble) == content
        found = about(shop.bubble(bubble.id))
        assert (found["odd"], "small" in found) == (1, False)
        assert not (shop.folder / "media" / small_of(found["file"])).exists()
    assert shop.pid("session") == session


def test_a_connection_that_breaks_in_the_middle_delays_a_file(shop: Shop) -> None:
    bubble = send(shop, shop.wa.add_customer("Putus"), PDF, Manner(cut_after=50_000, times=2))
    assert comes(shop, bubble) == PDF


def test_a_senders_type_never_names_a_file(shop: Shop) -> None:
    bubble = send(shop, shop.wa.add_customer("Jahat"), PDF, mimetype="text/x-sh; ../../x")
    assert comes(shop, bubble) == PDF
    assert about(shop.bubble(bubble.id))["file"] == f"{shop.account_id}/{bubble.id}.bin"


def test_what_kills_the_session_three_times_is_given_up(own_shop: Shop) -> None:
    shop = own_shop
    bubble = send(shop, shop.wa.add_customer("Maut"), PDF, Manner(drip=0.05))
    for _ in range(3):
        download_pid = wait_until(lambda: shop.pid("download"), 60, "a download")
        session = shop.pid("session")
        assert session is not None
        shop.kill("session")
        # it does not outlive whoever waits for it
        wait_until(lambda pid=download_pid: not Path(f"/proc/{pid}").exists(), what="the download's end")
        shop.wait_for_successor("session", session)
    assert is_given_up(shop, bubble) == MissingFile.DEADLY
    assert files(shop) == []


def test_a_download_that_dies_three_times_is_given_up_and_the_session_lives(own_shop: Shop) -> None:
    shop = own_shop
    bubble = send(shop, shop.wa.add_customer("Mati"), PDF, Manner(drip=0.05))
    session = shop.pid("session")
    for _ in range(3):
        wait_until(lambda: shop.pid("download"), 60, "a download")
        shop.kill("download")
        wait_until(lambda: shop.pid("download") is None, what="its end")
    assert is_given_up(shop, bubble) == MissingFile.DEADLY
    assert shop.pid("session") == session


def test_a_stop_in_the_middle_is_no_death(own_shop: Shop) -> None:
    shop = own_shop
    bubble = send(shop, shop.wa.add_customer("Berhenti"), PDF, Manner(drip=0.05, times=1))
    wait_until(lambda: documents_asked(shop), 30, "a download")
    shop.stop()
    with shop.database.read() as conn:
        assert tuple(conn.execute(select(download.c.begun_at, download.c.deaths)).one()) == (None, 0)
    shop.start()
    shop.wait_for(LinkState.ONLINE)
    assert comes(shop, bubble) == PDF


def test_without_room_nothing_is_fetched_until_there_is_some(tmp_path: Path) -> None:
    with open_shop(tmp_path, {"BALAS_MEDIA_BUDGET_MB": "200"}) as shop:
        others = shop.folder / "media" / "7"
        others.mkdir(parents=True)
        # no bytes on the disk, but of that length
        with (others / "1.bin").open("wb") as file:
            file.truncate(140 * MB)
        bubbles = [send(shop, shop.wa.add_customer(f"Penuh {i}"), PDF) for i in range(3)]
        for bubble in bubbles:
            becomes(shop, bubble, lambda b: about(b).get("waits"))
        assert documents_asked(shop) == 0
        with shop.database.read() as conn:
            assert conn.execute(select(func.count()).select_from(download)).scalar_one() == 3
        (others / "1.bin").unlink()
        # a new session counts at once
        session = shop.pid("session")
        assert session is not None
        shop.kill("session")
        shop.wait_for_successor("session", session)
        for bubble in bubbles:
            assert comes(shop, bubble) == PDF
            assert "waits" not in about(shop.bubble(bubble.id))
