"""Profile pictures in the inbox: shown wherever the customer stands, to people who are logged in."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.config import Config
from daemon.desk import profile_pictures, settings
from daemon.desk.forget import forget
from daemon.domain.desk import COMMAND_LINE, Actor
from daemon.domain.messages import Author
from daemon.domain.questions import QuestionKind
from daemon.domain.time import utc_now
from daemon.store import contact_merge, contact_pictures, conversation_list, media, questions
from daemon.store.conversation_list import Summary
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor

JPEG = b"\xff\xd8\xff a picture"


@pytest.fixture
def face(config: Config) -> Path:
    path = config.data / "media" / "1" / "face-abc.jpg"
    path.parent.mkdir(parents=True)
    path.write_bytes(JPEG)
    return path


def about(shop: StaffedBooks, conversation_id: int) -> Summary:
    with shop.database.read() as conn:
        found = conversation_list.summary(conn, conversation_id)
    assert found
    return found


def with_face(shop: StaffedBooks, name: str = "Ada") -> int:
    conversation_id = shop.new_customer(name, "halo", phone="6281234567890")
    with shop.database.write() as conn:
        contact_id, later = about(shop, conversation_id).contact_id, utc_now() + timedelta(days=2)
        contact_pictures.keep(conn, shop.account_id, contact_id, "1/face-abc.jpg", "77", later)
    return conversation_id


def test_it_stands_wherever_the_customer_does(
    budi: Visitor, stranger: Visitor, shop: StaffedBooks, face: Path
) -> None:
    conversation_id = with_face(shop)
    page = budi.get(f"/c/{conversation_id}?details=1").text
    url = f"/contacts/{about(shop, conversation_id).contact_id}/picture?v=face-abc"
    assert page.count(f'src="{url}"') == 3
    got = budi.get(url)
    assert (got.data, got.mimetype) == (JPEG, "image/jpeg")
    assert "sandbox" in got.headers["Content-Security-Policy"]
    got.close()
    assert stranger.get(url).status_code == 302
    assert budi.get("/contacts/999/picture").status_code == 404
    face.unlink()
    assert budi.get(url).status_code == 404


def test_whoever_opens_a_chat_asks_once(budi: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ada", "halo")
    budi.get(f"/c/{conversation_id}")

    def asked() -> int:
        with shop.database.read() as conn:
            return len(conn.exec_driver_sql("SELECT * FROM question WHERE kind = 'profile_picture'").all())

    assert asked() == 0
    shop.online()
    for _ in range(2):
        budi.get("/")
        budi.get(f"/c/{conversation_id}", **{"X-Peek": "1"})
    assert asked() == 0
    for _ in range(2):
        budi.get(f"/c/{conversation_id}")
    assert asked() == 1


def test_a_forgotten_customer_has_none(shop: StaffedBooks, face: Path, config: Config) -> None:
    conversation_id = with_face(shop)
    one = about(shop, conversation_id)
    with shop.database.write() as conn:
        asked = questions.add(
            conn, shop.account_id, QuestionKind.PROFILE_PICTURE, "6281234567890@s.whatsapp.net", None, utc_now()
        )
        late = questions.get(conn, asked)
        assert late
        gone = forget(conn, shop.account_id, one.contact_id, Actor(Author.ADMIN, shop.sari.id), utc_now())
        assert gone
        assert gone.files == ["1/face-abc.jpg"]
        profile_pictures.keep(conn, late, {"file": "1/face-abc.jpg", "wa_id": "77"}, utc_now())
        assert contact_pictures.get(conn, one.contact_id) is None
    media.remove(config.data, gone.files)
    assert not face.exists()


def test_two_that_are_one_have_one_and_no_sweep_takes_it(shop: StaffedBooks, face: Path, config: Config) -> None:
    with_it, without = with_face(shop), shop.new_customer("Ida", "halo")
    ada, ida = about(shop, with_it).contact_id, about(shop, without).contact_id
    days_ago = (utc_now() - timedelta(days=3)).timestamp()
    os.utime(face, (days_ago, days_ago))
    with shop.database.write() as conn:
        contact_merge.merge(conn, shop.account_id, survivor=ida, gone=ada, now=utc_now())
        assert contact_pictures.get(conn, ada) is None
        kept = contact_pictures.get(conn, ida)
        assert kept
        assert kept.file == "1/face-abc.jpg"
        assert media.orphans(conn, config.data, utc_now()) == []
        settings.save(conn, shop.account_id, {"profile_pictures": False}, COMMAND_LINE, utc_now())
        assert media.orphans(conn, config.data, utc_now()) == [face]


def test_a_clock_that_was_set_back_asks_again(shop: StaffedBooks) -> None:
    conversation_id = with_face(shop)
    with shop.database.read() as conn:
        one = about(shop, conversation_id)
        assert not profile_pictures.is_due(conn, one.contact_id, utc_now())
        assert profile_pictures.is_due(conn, one.contact_id, utc_now() - timedelta(days=30))
        assert profile_pictures.is_due(conn, one.contact_id, utc_now() + timedelta(days=3))
