"""Profile pictures on the wire: of whoever shows his, from WhatsApp's hosts alone, and drawn anew."""

import io
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import delete, func, select, update

from daemon.desk import contact_refresh, questions, settings
from daemon.domain.desk import COMMAND_LINE
from daemon.domain.questions import QuestionKind, Stage
from daemon.domain.time import utc_now
from daemon.store import contact_pictures
from daemon.store import questions as store_questions
from daemon.store.tables.contact_pictures import contact_picture
from daemon.store.tables.questions import pace_mark, question
from tests.support.inbox import row
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.server.media_host import Manner

pytestmark = pytest.mark.wire


def jpeg(colour: str = "teal") -> bytes:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "rahasia kamera"
    Image.new("RGB", (640, 640), colour).save(out, "JPEG", exif=exif)
    return out.getvalue()


def somebody(shop: Shop, name: str) -> Customer:
    customer = shop.wa.add_customer(name)
    customer.send_text(f"halo dari {name}")
    shop.wait_for_text(f"halo dari {name}")
    return customer


def open_chat(shop: Shop, name: str) -> int:
    """Look at his chat, days after anything was asked; gives the question."""
    about = row(shop, name)
    newest = select(func.max(question.c.id)).where(question.c.kind == QuestionKind.PROFILE_PICTURE.value)
    with shop.database.write() as conn:
        before = conn.execute(newest).scalar() or 0
        conn.execute(delete(pace_mark))
        days_ago = update(contact_picture).where(contact_picture.c.contact_id == about.contact_id)
        conn.execute(days_ago.values(next_at=about.created_at))
        contact_refresh.ask(conn, about, utc_now())
        asked = int(conn.execute(newest).scalar_one())
    assert asked > before
    return asked


def picture(shop: Shop, name: str) -> Path | None:
    """What is shown of him after a look at his chat; None: his initials."""
    asked = open_chat(shop, name)

    def ended() -> bool:
        with shop.database.read() as conn:
            found = store_questions.get(conn, asked)
        return found is not None and found.answered_at is not None

    wait_until(ended, 40, "an end of the question")
    file = row(shop, name).contact_picture
    return shop.folder / "media" / file if file else None


def asked_for(shop: Shop, path: str) -> int:
    bare = path.partition("?")[0]
    return shop.wa.loop.call(lambda: sum(bare in target for target in shop.wa.endpoint.media.asked))


def test_a_picture_is_drawn_anew_and_the_same_one_fetched_once(shop: Shop) -> None:
    customer = somebody(shop, "Melati")
    path = customer.show_picture(jpeg())
    first = picture(shop, "Melati")
    assert first
    assert first.stat().st_mode & 0o777 == 0o600
    with Image.open(first) as shown:
        assert (shown.format, shown.size, dict(shown.getexif())) == ("JPEG", (192, 192), {})
    # not asked again at once
    with shop.database.read() as conn:
        assert not contact_refresh.is_due(conn, row(shop, "Melati"), utc_now())
    assert picture(shop, "Melati") == first
    assert asked_for(shop, path) == 1
    customer.show_picture(jpeg("orange"))
    second = picture(shop, "Melati")
    assert second != first
    customer.show_picture(jpeg("orange"), hidden=True)
    assert picture(shop, "Melati") is None
    customer.remove_picture()
    assert picture(shop, "Melati") is None


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/v/face.jpg",
        "http://pps.whatsapp.net/v/face.jpg",
        "https://pps.whatsapp.net@evil.example/v/face.jpg",
        "https://pps.whatsapp.net.evil.example/v/face.jpg",
        "https://pps.whatsapp.net:8443/v/face.jpg",
        "file:///etc/passwd",
    ],
)
def test_only_whatsapps_hosts_are_asked(shop: Shop, url: str) -> None:
    name = f"Alamat {url}"
    somebody(shop, name).show_picture(jpeg(), url=url)
    assert picture(shop, name) is None
    assert asked_for(shop, "/v/face.jpg") == 0


def test_what_is_huge_or_no_picture_or_cut_off_is_not_shown(shop: Shop) -> None:
    treat = shop.wa.endpoint.media.treat
    for name, content, manner in (
        ("Besar", jpeg() + bytes(3_000_000), Manner(chunked=True)),
        ("Bohong", jpeg(), Manner(claims=10**9)),
        ("Bukan", b"<svg xmlns='http://www.w3.org/2000/svg'/>", Manner()),
        ("Putus", jpeg(), Manner(cut_after=500, drip=0.0001)),
        ("Alih", jpeg(), Manner(status=302, location="https://evil.example/x.jpg")),
    ):
        path = somebody(shop, name).show_picture(content)
        shop.wa.loop.call(treat, path, manner)
        assert picture(shop, name) is None, name
    assert not list((shop.folder / "media").rglob("*.part"))


def test_a_slow_host_holds_up_no_number_check_and_switched_off_nobody_is_asked(shop: Shop) -> None:
    path = somebody(shop, "Lambat").show_picture(jpeg())
    shop.wa.loop.call(shop.wa.endpoint.media.treat, path, Manner(drip=0.2))
    open_chat(shop, "Lambat")
    wait_until(lambda: asked_for(shop, path), what="the slow picture")
    with shop.database.write() as conn:
        kind, subject = QuestionKind.IS_ON_WHATSAPP, "6281399990077@s.whatsapp.net"
        asked = questions.ask(conn, shop.account_id, kind, subject, utc_now())

    def answered() -> bool:
        with shop.database.read() as conn:
            found = store_questions.get(conn, asked.id)
        return found is not None and found.stage(utc_now()) == Stage.ANSWERED

    wait_until(answered, 10, "the other answer")
    with shop.database.write() as conn:
        settings.save(conn, shop.account_id, {"profile_pictures": False}, COMMAND_LINE, utc_now())
        assert contact_pictures.get(conn, row(shop, "Lambat").contact_id) is None
    with shop.database.read() as conn:
        assert not contact_refresh.is_due(conn, row(shop, "Lambat"), utc_now())
