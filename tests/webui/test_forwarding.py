"""Passing a message on, as an admin does it with any browser: to one conversation, by the one door."""

import re
from typing import Any

import pytest

from auth_store import files
from daemon.config import Config
from daemon.desk import claims
from daemon.domain.desk import Actor
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.store import media, messages, threads
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor


class Desk:
    """A supplier's message, and a customer who waits."""

    def __init__(self, sari: Visitor, shop: StaffedBooks) -> None:
        self.sari, self.shop = sari, shop
        self.supplier = shop.new_customer("Pak Anton", phone="628120001")
        self.message = shop.customer_writes(self.supplier, "stok 20 dus")
        self.chat = shop.new_customer("Ibu Ratna", "stoknya berapa?", phone="628990002")

    def path(self, message_id: int | None = None) -> str:
        return f"/c/{self.supplier}/messages/{message_id or self.message}/forward"

    def page(self, who: Visitor | None = None, message_id: int | None = None, to: int | None = None) -> str:
        found = (who or self.sari).get(f"{self.path(message_id)}?to={to or self.chat}")
        assert found.status_code == 200
        return found.text

    def form(self, page: str) -> dict[str, str]:
        """What the page's form has in its fields."""
        return dict(
            re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.split('name="to"')[0][-300:])
        ) | {
            name: re.search(rf'name="{name}" value="([^"]*)"', page)[1]  # type: ignore[index]
            for name in ("to", "shown", "turn_id", "request_key")
        }

    def sends(self, page: str, who: Visitor | None = None, message_id: int | None = None, **more: Any) -> Any:
        return (who or self.sari).post(self.path(message_id), self.form(page) | more)

    def sent(self) -> list[str | None]:
        with self.shop.database.read() as conn:
            return [one.text for one in threads.of_conversation(conn, self.chat) if one.from_me]


@pytest.fixture
def desk(sari: Visitor, shop: StaffedBooks) -> Desk:
    return Desk(sari, shop)


def test_the_page_finds_by_name_and_number_the_newest_first(desk: Desk, shop: StaffedBooks) -> None:
    other = shop.new_customer("Ibu 100%_", "halo", phone="628770003")
    names = re.compile(r'data-target="(\d+)"')

    def found(query: str) -> list[str]:
        return names.findall(desk.sari.get(f"{desk.path()}?q={query}").text)

    assert found("") == [str(other), str(desk.chat)]
    assert found("RATNA") == [str(desk.chat)]
    assert found("0899-0002") == [str(desk.chat)]
    assert found("%25_") == [str(other)]
    assert found("nobody") == []
    assert "What you forward counts as the answer" in desk.page()
    assert "stoknya berapa?" in desk.page()


def test_it_leaves_as_the_answer_to_who_waits_there_once(desk: Desk, shop: StaffedBooks) -> None:
    page = desk.page()
    for _ in range(2):
        answer = desk.sends(page)
        assert (answer.status_code, answer.location) == (303, f"/c/{desk.chat}")
    assert desk.sent() == ["stok 20 dus"]
    assert shop.open_turn(desk.chat) is None
    assert shop.open_turn(desk.supplier) is not None
    assert "Forwarded" in desk.sari.get(f"/c/{desk.chat}").text


def test_what_came_meanwhile_stays_open_and_who_was_faster_is_told(
    desk: Desk, budi: Visitor, shop: StaffedBooks
) -> None:
    page = desk.page()
    assert budi.post(f"/c/{desk.chat}/answer", {"text": "20 dus"}).status_code == 303
    late = desk.sends(page)
    assert late.status_code == 409
    assert "Budi was faster" in late.text
    assert desk.sent() == ["20 dus"]
    assert desk.sends(late.text, follow_up="1").status_code == 303
    assert desk.sent() == ["20 dus", "stok 20 dus"]

    shop.customer_writes(desk.chat, "harganya?")
    page = desk.page()
    shop.customer_writes(desk.chat, "dan ongkirnya?")
    assert desk.sends(page).status_code == 303
    assert shop.open_turn(desk.chat) is not None, "the page had not shown the last question"


def test_who_is_answering_there_is_asked_over(desk: Desk, budi: Visitor, shop: StaffedBooks) -> None:
    with shop.database.write() as conn:
        claims.take(conn, desk.chat, Actor(Author.ADMIN, shop.budi.id), "tab", utc_now(), take_over=True)
    page = desk.page()
    assert "Budi is answering this" in page
    refused = desk.sends(page)
    assert refused.status_code == 409
    assert desk.sent() == []
    assert desk.sends(refused.text, take_over="1").status_code == 303
    assert desk.sent() == ["stok 20 dus"]


def test_what_cant_be_passed_on_says_why(desk: Desk, shop: StaffedBooks, config: Config) -> None:
    page = desk.page()
    desk.sari.post(f"/c/{desk.supplier}/note", {"text": "rahasia"})
    with shop.database.read() as conn:
        (note,) = [one.id for one in threads.of_conversation(conn, desk.supplier) if one.kind == MessageKind.NOTE]
    photo = {"mime": "image/jpeg", "size": 10, "file": f"{shop.account_id}/77.jpg"}
    cases = {
        note: "A note stays with the team.",
        shop.customer_writes(
            desk.supplier, None, kind=MessageKind.UNREADABLE.value
        ): "could not read this message",
        shop.customer_writes(desk.supplier, None, kind=MessageKind.LOCATION.value): "Only texts and files",
        shop.customer_writes(desk.supplier, None, kind=MessageKind.IMAGE.value, media={"mime": "image/jpeg"}): (
            "Its file is not on Balas&#39;s computer: open the phone to see it."
        ),
    }
    for message_id, words in cases.items():
        assert words in desk.page(message_id=message_id)
        assert desk.sends(page, message_id=message_id).status_code == 422
    gone = shop.customer_writes(desk.supplier, None, kind=MessageKind.IMAGE.value, media=photo)
    refused = desk.sends(page, message_id=gone)
    assert refused.status_code == 422
    assert "Its file is not on Balas" in refused.text
    shop.write(lambda conn: messages.revoke(conn, desk.message, utc_now()))
    assert desk.sends(page).status_code == 422
    assert desk.sent() == []

    here = config.data / media.FOLDER / photo["file"]  # type: ignore[operator]
    files.prepare_folder(here.parent)
    here.write_bytes(b"\xff\xd8\xff foto")
    assert desk.sends(page, message_id=gone).status_code == 303
    assert desk.sent() == [None]


def test_a_hand_made_form_goes_nowhere_else(desk: Desk, shop: StaffedBooks, stranger: Visitor) -> None:
    page = desk.page()
    before = shop.sizes()
    for more, code in (
        ({"to": desk.supplier}, (404, 422)),
        ({"to": 999}, (404, 422)),
        ({"to": ""}, (400,)),
        ({"shown": ""}, (400,)),
        ({"request_key": "!"}, (400,)),
    ):
        assert desk.sends(page, **more).status_code in code, more
    assert desk.sari.get(f"/c/{desk.chat}/messages/{desk.message}/forward").status_code == 404
    assert shop.sizes()[:2] == before[:2]
