"""Places, contacts and polls without scripts: a page for each, errors beside the fields, one message a form."""

import io
import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from daemon.desk import settings
from daemon.domain.message_kinds import MessageKind
from daemon.domain.time import utc_now
from daemon.store import accounts, threads
from daemon.store.engine import Database
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor
from tests.webui.desk import by

PLACE = {"position": "https://www.google.com/maps?q=-6.175392,106.827153", "name": "Toko Sari"}
POLL: dict[str, Any] = {"question": "Antar kapan?", "option": ["Senin", "", "Selasa"]}


@pytest.fixture
def chat(shop: StaffedBooks) -> int:
    return shop.new_customer("Ibu Ratna", "tokonya di mana?")


def own(database: Database, chat: int) -> list[tuple[MessageKind, str | None, dict[str, Any]]]:
    with database.read() as conn:
        return [(b.kind, b.text, b.media or {}) for b in threads.of_conversation(conn, chat) if b.from_me]


def form_of(visitor: Visitor, chat: int, what: str) -> tuple[dict[str, str], str]:
    """The hidden fields of the form that the thread leads to, and its page."""
    thread = visitor.get(f"/c/{chat}").text
    link = re.search(rf'href="(/c/{chat}/send/{what}\?[^"]+)"', thread)
    assert link
    page = visitor.get(link[1].replace("&amp;", "&")).text
    form = page[page.index('<form class="card-form"') :]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    return hidden, page


def send(visitor: Visitor, chat: int, what: str, fields: dict[str, Any], **more: str) -> TestResponse:
    hidden, _page = form_of(visitor, chat, what)
    return visitor.post(f"/c/{chat}/send/{what}", hidden | fields | more)


def test_a_place_a_contact_and_a_poll_leave_by_pages_of_their_own(
    sari: Visitor, shop: StaffedBooks, database: Database, chat: int
) -> None:
    assert send(sari, chat, "location", PLACE).status_code == 303
    assert shop.open_turn(chat) is None
    assert send(sari, chat, "contact", {"name": "Budi", "number": "0812-3456-7890"}).status_code == 303
    assert send(sari, chat, "poll", POLL, many="1").status_code == 303
    assert own(database, chat) == [
        (MessageKind.LOCATION, "Toko Sari", {"lat": -6.175392, "lng": 106.827153, "name": "Toko Sari"}),
        (
            MessageKind.CONTACT,
            "Budi",
            {"contacts": [{"name": "Budi", "numbers": [{"number": "+62 812-3456-7890", "wa": "6281234567890"}]}]},
        ),
        (
            MessageKind.POLL,
            "Antar kapan?\n• Senin\n• Selasa",
            {"question": "Antar kapan?", "options": ["Senin", "Selasa"], "many": True},
        ),
    ]
    page = sari.get(f"/c/{chat}").text
    assert "Antar kapan?" in page


def test_the_same_form_twice_is_one_message(sari: Visitor, database: Database, chat: int) -> None:
    hidden, _page = form_of(sari, chat, "location")
    for _ in range(2):
        assert sari.post(f"/c/{chat}/send/location", hidden | PLACE).status_code == 303
    assert len(own(database, chat)) == 1


@pytest.mark.parametrize(
    ("what", "fields", "words"),
    [
        ("location", {"position": "Jalan Merdeka"}, "Write two numbers"),
        ("location", {"position": "https://maps.app.goo.gl/x"}, "A short link does not say"),
        ("location", {"position": "91,0"}, "There is no such place"),
        ("location", {**PLACE, "name": "x" * 101}, "This is too long"),
        ("contact", {"number": "abc"}, "This is no phone number"),
        ("poll", {"question": "", "option": ["a", "b"]}, "Write something first"),
        ("poll", {"question": "Apa?", "option": ["a"]}, "Write at least two answers"),
        ("poll", {"question": "Apa?", "option": ["a", " a"]}, "Two answers are the same"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    sari: Visitor, shop: StaffedBooks, database: Database, chat: int, what: str, fields: dict[str, Any], words: str
) -> None:
    answer = send(sari, chat, what, fields)
    assert answer.status_code == 422
    assert words in answer.text
    for typed in (fields.get("position"), fields.get("question"), fields.get("number")):
        assert not typed or f'value="{typed}"' in answer.text
    assert own(database, chat) == []
    assert shop.open_turn(chat) is not None


def test_the_shops_own_place_stands_in_the_form_and_its_card_is_one_choice(
    sari: Visitor, shop: StaffedBooks, database: Database, chat: int
) -> None:
    with database.write() as conn:
        chosen = {"place_position": "-6.175392,106.827153", "place_address": "Jl. Merdeka 1"}
        settings.save(conn, shop.account_id, chosen, by(shop.sari), utc_now())
        accounts.set_identity(conn, shop.account_id, "6281100001111", None, 7, utc_now())
    _hidden, page = form_of(sari, chat, "location")
    for value in ("-6.175392,106.827153", "Jl. Merdeka 1", "Toko Sari"):
        assert f'value="{value}"' in page
    assert "+62 811-0000-1111" in form_of(sari, chat, "contact")[1]
    assert send(sari, chat, "contact", {"who": "shop"}).status_code == 303
    ((kind, text, media),) = own(database, chat)
    assert (kind, text) == (MessageKind.CONTACT, "Toko Sari")
    assert media["contacts"][0]["numbers"] == [{"number": "+62 811-0000-1111", "wa": "6281100001111"}]


def test_somebody_who_was_faster_is_named_and_it_can_be_sent_as_a_follow_up(
    sari: Visitor, budi: Visitor, database: Database, chat: int
) -> None:
    hidden, _page = form_of(sari, chat, "poll")
    assert budi.post(f"/c/{chat}/answer", {"text": "di Jalan Merdeka"}).status_code == 303
    refused = sari.post(f"/c/{chat}/send/poll", hidden | POLL)
    assert refused.status_code == 409
    assert "Budi" in refused.text
    assert 'value="Antar kapan?"' in refused.text
    assert len(own(database, chat)) == 1
    assert sari.post(f"/c/{chat}/send/poll", hidden | POLL | {"follow_up": "1"}).status_code == 303
    assert len(own(database, chat)) == 2


def test_what_the_customer_wrote_since_the_page_was_read_waits_on(
    sari: Visitor, shop: StaffedBooks, database: Database, chat: int
) -> None:
    hidden, _page = form_of(sari, chat, "location")
    shop.customer_writes(chat, "dan jam bukanya?")
    assert sari.post(f"/c/{chat}/send/location", hidden | PLACE).status_code == 303
    assert shop.open_turn(chat) is not None


def test_what_is_no_form_of_ours_is_refused(
    sari: Visitor, stranger: Visitor, database: Database, chat: int
) -> None:
    hidden, _page = form_of(sari, chat, "location")
    assert sari.get(f"/c/{chat}/send/gift").status_code == 404
    assert sari.get(f"/c/{chat}/send/location").status_code == 302
    assert sari.get("/c/99/send/location?shown=1").status_code == 404
    assert sari.post(f"/c/{chat}/send/location", hidden | PLACE | {"turn_id": "x"}).status_code == 400
    assert sari.post(f"/c/{chat}/send/location", hidden | PLACE | {"shown": ""}).status_code == 400
    assert stranger.post(f"/c/{chat}/send/location", hidden | PLACE).status_code in (302, 303, 400)
    assert own(database, chat) == []


def test_a_sticker_is_made_of_a_picture_and_of_nothing_else(sari: Visitor, database: Database, chat: int) -> None:
    for content, words in ((b"", "Choose a picture first"), (b"%PDF-1.7", "No sticker can be made of this")):
        fields = {"picture": (io.BytesIO(content), "a.png" if content else "")}
        refused = send(sari, chat, "sticker", fields)
        assert refused.status_code == 422
        assert words in refused.text
    gif = b"GIF89a" + b"x" * 20
    assert send(sari, chat, "sticker", {"picture": (io.BytesIO(gif), "lucu.gif")}).status_code == 303
    ((kind, text, media),) = own(database, chat)
    assert (kind, text, media["mime"]) == (MessageKind.STICKER, None, "image/gif")
