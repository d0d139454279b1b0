"""What a page had not shown stays open and is told, without scripts and with them, in both languages."""

import re

import pytest

from daemon.domain.desk import Status
from daemon.domain.messages import Author
from tests.support.books import dump
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor
from tests.webui.test_inbox import JSON, field, reply

LOOK = {"en": "2 more messages came: look at them first.", "id": "2 pesan lagi masuk: lihat dulu."}
WAITS = {
    "en": "2 more messages came and are still waiting.",
    "id": "2 pesan lagi masuk dan masih menunggu.",
}
LANGUAGES = pytest.mark.parametrize("language", ["en", "id"])
SCRIPTS = pytest.mark.parametrize("script", [True, False])


class OpenPage:
    """A thread as it was loaded; two messages come before anything is clicked in it."""

    def __init__(self, shop: StaffedBooks, sari: Visitor, language: str = "en") -> None:
        sari.headers["Accept-Language"] = language
        self.shop, self.sari = shop, sari
        self.id = shop.new_customer("Ibu Ratna", "ada lapis?")
        self.turn = shop.open_turn(self.id)
        self.html = sari.get(f"/c/{self.id}").text
        self.later = [shop.customer_writes(self.id, text) for text in ("yang besar", "berapa?")]

    @property
    def form(self) -> dict[str, str]:
        return {"shown": field(self.html, "shown")}


@LANGUAGES
@SCRIPTS
def test_a_question_that_came_before_the_click_keeps_the_conversation_open(
    shop: StaffedBooks, sari: Visitor, language: str, script: bool
) -> None:
    page = OpenPage(shop, sari, language)
    before = dump(shop.database)
    answer = sari.post(f"/c/{page.id}/resolve", page.form, **(JSON if script else {}))
    assert answer.status_code == 409
    assert LOOK[language] in (answer.json["more"] if script else answer.text)  # type: ignore[index]
    assert dump(shop.database) == before
    if not script:
        # the page that says so shows them, and one more click on it asks only whether he may be left waiting
        assert "berapa?" in answer.text
        fields = {"shown": field(answer.text, "shown")}
        asked = sari.post(f"/c/{page.id}/resolve", fields).text
        assert sari.post(f"/c/{page.id}/resolve", fields | {"waits": field(asked, "waits")}).status_code == 303
        assert shop.summary(page.id).status == Status.RESOLVED


@LANGUAGES
@SCRIPTS
@pytest.mark.parametrize("what", ["answer", "handled"])
def test_what_was_shown_is_dealt_with_and_the_rest_is_told(
    shop: StaffedBooks, sari: Visitor, language: str, script: bool, what: str
) -> None:
    page = OpenPage(shop, sari, language)
    path = f"/c/{page.id}/answer" if what == "answer" else f"/c/{page.id}/turns/{page.turn}/handled"
    fields = reply(page.html, "ada, Bu") if what == "answer" else page.form
    answer = sari.post(path, fields, **(JSON if script else {}))
    if script:
        assert answer.status_code == (201 if what == "answer" else 200)
        assert WAITS[language] in answer.json["more"]  # type: ignore[index]
    else:
        assert answer.status_code == 303
        shown = sari.get(answer.location).text
        assert WAITS[language] in shown
        assert "berapa?" in shown
    assert page.turn
    assert shop.mark(page.turn).closer.admin_id == shop.sari.id
    assert shop.open_turn(page.id) not in (None, page.turn)
    with shop.database.read() as conn:
        waiting = conn.exec_driver_sql("SELECT id FROM message WHERE turn_id = ?", (shop.open_turn(page.id),))
        assert list(waiting.scalars()) == page.later


@SCRIPTS
def test_a_page_that_has_shown_all_hears_nothing_of_more(shop: StaffedBooks, sari: Visitor, script: bool) -> None:
    page = OpenPage(shop, sari)
    fresh = sari.get(f"/c/{page.id}").text
    answer = sari.post(f"/c/{page.id}/answer", reply(fresh, "ada"), **(JSON if script else {}))
    told = answer.json["more"] if script else sari.get(answer.location).text  # type: ignore[index]
    assert "data-more-came" not in told
    assert shop.open_turn(page.id) is None


def test_an_own_reply_that_came_later_is_no_news_and_shows_nothing_that_came_before_it(
    shop: StaffedBooks, sari: Visitor
) -> None:
    page = OpenPage(shop, sari)
    first = sari.post(f"/c/{page.id}/answer", reply(page.html, "ada"), **JSON)
    assert first.status_code == 201
    # the page that sent it has still not shown the questions
    assert sari.post(f"/c/{page.id}/resolve", page.form, **JSON).status_code == 409
    shop.shop_wrote(page.id, "dari HP", Author.PHONE)
    assert sari.post(f"/c/{page.id}/resolve", {"shown": str(page.later[-1])}, **JSON).status_code == 200


def test_whoever_was_shown_nothing_keeps_his_text(shop: StaffedBooks, sari: Visitor) -> None:
    page = OpenPage(shop, sari)
    foreign = shop.customer_writes(shop.new_customer("Pak Joko"), "pagi")
    before = dump(shop.database)
    for shown in ("0", str(foreign), "9" * 15):
        answer = sari.post(f"/c/{page.id}/answer", reply(page.html, "ada, Bu") | {"shown": shown})
        assert answer.status_code == 409
        assert "3 more messages came: look at them first." in answer.text
        assert ">ada, Bu</textarea>" in answer.text
        for path in (f"turns/{page.turn}/handled", "resolve"):
            assert sari.post(f"/c/{page.id}/{path}", {"shown": shown}, **JSON).status_code == 409
    assert dump(shop.database) == before


@SCRIPTS
@pytest.mark.parametrize("shown", ["", "x", "-1", "1" * 40, "²", "1 OR 1=1"])
def test_a_page_from_before_this_field_is_told_to_load_again(
    shop: StaffedBooks, sari: Visitor, shown: str, script: bool
) -> None:
    page = OpenPage(shop, sari)
    before = dump(shop.database)
    headers = JSON if script else {}
    for path in ("resolve", f"turns/{page.turn}/handled", "answer"):
        fields = reply(page.html, "ada, Bu") | {"shown": shown}
        answer = sari.post(f"/c/{page.id}/{path}", fields, **headers)
        assert answer.status_code == 400
        words = answer.json["error"] if script else answer.text  # type: ignore[index]
        assert "This page was too old." in words
        if path == "answer" and not shown and not script:
            assert ">ada, Bu</textarea>" in words
    assert dump(shop.database) == before


def test_an_older_part_of_a_thread_has_not_shown_the_newest(shop: StaffedBooks, sari: Visitor) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", *(f"pesan {n}" for n in range(70)))
    page = sari.get(f"/c/{conversation_id}").text
    older = re.search(r'data-action="older" href="([^"]+)"', page)
    assert older
    part = sari.get(older[1].replace("&amp;", "&")).text
    refused = sari.post(f"/c/{conversation_id}/resolve", {"shown": field(part, "shown")})
    assert refused.status_code == 409
    assert "pesan 69" in refused.text


def test_every_decision_of_a_thread_carries_what_it_showed(shop: StaffedBooks, sari: Visitor) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    last = shop.customer_writes(conversation_id, "ada?")
    page = sari.get(f"/c/{conversation_id}").text
    forms = re.findall(r"<form[^>]*/(answer|resolve|handled)\b.*?</form>", page, re.DOTALL)
    assert sorted(forms) == ["answer", "handled", "resolve"]
    assert re.findall(r'name="shown" value="(\d+)"', page) == [str(last)] * 3
