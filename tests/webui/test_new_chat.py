"""New chat without scripts: one number, checked before anything is stored, and strangers written to slowly."""

import re
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from daemon.domain.desk import Action, Box
from daemon.domain.links import LinkState
from daemon.domain.pace import Pace
from daemon.domain.questions import Unanswered
from daemon.domain.time import utc_now
from daemon.store import audit, contacts, conversation_list, conversations, questions, turns
from daemon.store.tables.core import contact, conversation, message
from daemon.store.tables.questions import question
from tests.support.builders import both, lid
from tests.support.staffed_books import StaffedBooks
from tests.support.waiting import wait_until
from tests.webui.conftest import Visitor
from webui.base import context
from webui.base import questions as waiting

NEW = "/chats/new"
THERE = {"in": True, "lid": "700", "phone": None}
NOT_THERE = {"in": False, "lid": None, "phone": None}


@pytest.fixture
def online(shop: StaffedBooks) -> StaffedBooks:
    shop.online()
    return shop


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LONGEST_WAIT", 0.1)


def stored(shop: StaffedBooks) -> list[int]:
    with shop.database.read() as conn:
        tables = contact, conversation, message
        return [conn.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


def whatsapp_says(shop: StaffedBooks, answer: dict[str, Any]) -> None:
    with shop.database.write() as conn:
        newest = conn.execute(select(func.max(question.c.id))).scalar_one()
        questions.answer(conn, newest, answer, utc_now())


def checked(shop: StaffedBooks, who: Visitor, number: str, answer: dict[str, Any] = THERE) -> TestResponse:
    """The page that follows a number, once WhatsApp has said so."""
    asked = who.post(NEW, {"number": number})
    assert asked.status_code == 303, asked.text
    if "/chats/new/" in asked.location:
        whatsapp_says(shop, answer)
    return who.get(asked.location)


def write(who: Visitor, page: TestResponse, text: str) -> TestResponse:
    path = re.search(r'action="(/chats/new/\d+)', page.text)
    key = re.search(r'name="request_key" value="([^"]+)', page.text)
    assert path
    assert key
    return who.post(path[1], {"text": text, "request_key": key[1]})


def first_words(
    shop: StaffedBooks, who: Visitor, number: str, number_lid: str, text: str = "halo"
) -> TestResponse:
    return write(who, checked(shop, who, number, THERE | {"lid": number_lid}), text)


def limited(app: Flask, **paces: Pace) -> None:
    services = context.of(app)
    config = replace(services.config, paces=replace(services.config.paces, **paces))
    context.install(app, replace(services, config=config))


@pytest.mark.parametrize(
    "typed", ["0812-3456-7890", "+62 812 3456 7890", "62 812 3456 7890", "wa.me/6281234567890"]
)
def test_a_number_as_people_write_it_is_asked_about(budi: Visitor, online: StaffedBooks, typed: str) -> None:
    budi.post(NEW, {"number": typed})
    with online.database.read() as conn:
        assert conn.execute(select(question.c.subject)).scalars().all() == ["6281234567890@s.whatsapp.net"]


def test_what_is_no_number_is_said_beside_the_field(budi: Visitor, online: StaffedBooks) -> None:
    for typed in ("", "Toko Melati", "0812, 0813", "0812 3456 7890; 0813 3456 7890", "9" * 40):
        page = budi.post(NEW, {"number": typed})
        assert page.status_code == 422
        assert "Write the number with its country code" in page.text
    assert 'value="0812' in budi.get(NEW + "?number=0812").text
    with online.database.read() as conn:
        assert conn.execute(select(func.count()).select_from(question)).scalar_one() == 0


def test_a_number_that_is_not_there_leaves_nothing(budi: Visitor, online: StaffedBooks) -> None:
    page = checked(online, budi, "0812 3456 7890", NOT_THERE)
    assert page.status_code == 422
    assert "not on WhatsApp" in page.text
    assert "+62 812-3456-7890" in page.text
    assert stored(online) == [0, 0, 0]


def test_the_first_words_store_all_at_once_and_the_reply_is_the_writers(
    budi: Visitor, online: StaffedBooks
) -> None:
    page = checked(online, budi, "0812 3456 7890")
    assert "is on WhatsApp" in page.text
    assert stored(online) == [0, 0, 0]
    assert write(budi, page, "   ").status_code == 422
    assert stored(online) == [0, 0, 0]
    sent = write(budi, page, "Halo kak, pesanannya siap")
    assert sent.status_code == 303
    # sent twice is once
    assert write(budi, page, "Halo kak, pesanannya siap").location == sent.location
    assert stored(online) == [1, 1, 1]
    conversation_id = int(sent.location.rsplit("/", 1)[1])
    with online.database.write() as conn:
        (row,) = conversation_list.listing(conn, online.account_id, Box.MINE, online.budi.id, limit=5)
        assert (row.id, row.contact_phone, turns.current(conn, conversation_id)) == (
            conversation_id,
            "6281234567890",
            None,
        )
        party = both("700", "6281234567890")
        assert contacts.resolve(conn, online.account_id, party, utc_now()) == row.contact_id
        (line,) = audit.search(conn, online.account_id, actions=[Action.CHAT_STARTED])
        assert (line.admin_id, line.conversation_id) == (online.budi.id, conversation_id)
    online.customer_writes(conversation_id, "oke")
    with online.database.read() as conn:
        about = conversation_list.summary(conn, conversation_id)
        assert about
        assert about.assignee_id == online.budi.id
        assert turns.current(conn, conversation_id)


def test_a_chat_that_is_there_is_simply_opened(budi: Visitor, online: StaffedBooks) -> None:
    open_one = online.new_customer("Ada", "halo", phone="6281234567890")
    assert budi.post(NEW, {"number": "0812 3456 7890"}).location.endswith(f"/c/{open_one}")
    with online.database.write() as conn:
        conversations.resolve(conn, open_one, None, utc_now())
    assert budi.post(NEW, {"number": "0812 3456 7890"}).location.endswith(f"/c/{open_one}")
    # he has written without his number so far
    hidden = online.new_customer("Tersembunyi", "halo")
    with online.database.read() as conn:
        about = conversation_list.summary(conn, hidden)
        assert about
        his = conn.execute(select(contact.c.lid).where(contact.c.id == about.contact_id)).scalar_one()
    page = checked(online, budi, "0813 3456 7890", THERE | {"lid": his})
    assert page.location.endswith(f"/c/{hidden}")
    assert budi.post(NEW, {"number": "0813 3456 7890"}).location.endswith(f"/c/{hidden}")


def test_whoever_was_faster_is_read_first(budi: Visitor, sari: Visitor, online: StaffedBooks) -> None:
    pages = [checked(online, who, "0812 3456 7890") for who in (budi, sari)]
    with online.database.read() as conn:
        assert conn.execute(select(func.count()).select_from(question)).scalar_one() == 1
    assert write(budi, pages[0], "dari Budi").status_code == 303
    late = write(sari, pages[1], "dari Sari")
    assert late.status_code == 409
    assert "This chat has begun meanwhile" in late.text
    assert "dari Budi" in late.text
    assert "dari Sari</textarea>" in late.text
    assert stored(online) == [1, 1, 1]


def test_strangers_are_written_to_slowly_and_it_is_logged(
    app: Flask, budi: Visitor, sari: Visitor, online: StaffedBooks
) -> None:
    limited(app, first_words_new=Pace(1, 2, 2))
    assert first_words(online, budi, "0812 3456 7891", "701").status_code == 303
    refused = first_words(online, sari, "0812 3456 7892", "702", "promo, kak")
    assert refused.status_code == 429
    assert re.search(r"can leave (tomorrow )?at \d\d:\d\d", refused.text)
    assert "promo, kak</textarea>" in refused.text
    assert stored(online) == [1, 1, 1]
    with online.database.read() as conn:
        (line,) = audit.search(conn, online.account_id, actions=[Action.FIRST_WORDS_REFUSED])
        assert line.admin_id == online.sari.id
    # whoever has written before is no stranger, and further words are no first ones
    conversation_id = online.new_customer("Kenal", "halo")
    assert budi.post(f"/c/{conversation_id}/answer", {"text": "siap"}).status_code == 303
    assert "Was about to write to more strangers" in sari.get("/settings/log").text


def test_numbers_are_looked_up_slowly(app: Flask, budi: Visitor, online: StaffedBooks) -> None:
    limited(app, number_checks=Pace(2, 2, 2))
    for number in "0812 3456 7891", "0812 3456 7892", "0812 3456 7892":
        assert budi.post(NEW, {"number": number}).status_code == 303
    refused = budi.post(NEW, {"number": "0812 3456 7893"})
    assert refused.status_code == 429
    assert "bans numbers that look up many others" in refused.text
    assert 'value="0812 3456 7893"' in refused.text


def test_without_a_link_nobody_waits(budi: Visitor, shop: StaffedBooks) -> None:
    page = budi.post(NEW, {"number": "0812 3456 7890"})
    assert page.status_code == 503
    assert "WhatsApp is not connected" in page.text
    shop.online()
    page = checked(shop, budi, "0812 3456 7890")
    shop.link(LinkState.OFFLINE)
    refused = write(budi, page, "halo")
    assert refused.status_code == 503
    assert "halo</textarea>" in refused.text
    assert stored(shop) == [0, 0, 0]


def test_a_page_waits_for_the_answer(budi: Visitor, online: StaffedBooks) -> None:
    asked = budi.post(NEW, {"number": "0812 3456 7890"})
    later = threading.Timer(0.3, whatsapp_says, (online, THERE))
    later.start()
    assert "is on WhatsApp" in budi.get(asked.location).text
    later.join()


@pytest.mark.usefixtures("impatient")
def test_a_page_that_still_waits_says_so_and_an_end_without_answer_too(
    budi: Visitor, online: StaffedBooks
) -> None:
    asked = budi.post(NEW, {"number": "0812 3456 7890"})
    page = budi.get(asked.location)
    assert page.status_code == 200
    assert "Still asking WhatsApp" in page.text
    assert 'http-equiv="refresh"' in page.text
    with online.database.write() as conn:
        conn.execute(question.update().values(expires_at=utc_now() + timedelta(seconds=0.05)))
    page = wait_until(lambda: found if (found := budi.get(asked.location)).status_code == 503 else None)
    assert "has not answered" in page.text
    # asked anew after that
    again = budi.post(NEW, {"number": "0812 3456 7890"})
    assert again.location != asked.location
    with online.database.write() as conn:
        newest = conn.execute(select(func.max(question.c.id))).scalar_one()
        questions.give_up(conn, newest, Unanswered.TOO_MANY, utc_now())
    assert "asked less often" in budi.get(again.location).text


def test_the_own_number_and_what_is_not_asked_here(budi: Visitor, stranger: Visitor, online: StaffedBooks) -> None:
    with online.database.write() as conn:
        conn.exec_driver_sql("UPDATE account SET phone = '6281230000001'")
        conn.exec_driver_sql("UPDATE account SET lid = '999'")
    assert "own number" in budi.post(NEW, {"number": "0812 3000 0001"}).text
    assert "own number" in checked(online, budi, "0812 3000 0002", THERE | {"lid": "999"}).text
    assert budi.get(f"{NEW}/999").status_code == 404
    assert budi.post(f"{NEW}/999", {"text": "x"}).status_code == 404
    assert stranger.get(NEW).status_code == 302
    assert stranger.post(NEW, {"number": "0812 3456 7890"}).status_code == 302


def test_hostile_answers_lead_nowhere(budi: Visitor, online: StaffedBooks) -> None:
    page = checked(online, budi, "0812 3456 7890", {"in": True})
    assert write(budi, page, "halo").status_code == 303
    with online.database.read() as conn:
        assert contacts.find_party(conn, online.account_id, lid("700")) is None
