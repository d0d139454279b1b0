"""What is done with one message, as pages without scripts: reply to it, new words, delete it, react."""

import re

import pytest

from daemon.domain.message_changes import ChangeKind
from daemon.domain.messages import Author, Delivery, OutboxState
from daemon.store import message_changes as store
from daemon.store import threads
from daemon.store.threads import Bubble
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor

JSON = {"Accept": "application/json"}


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return found[1]


def form(page: str, text: str) -> dict[str, str]:
    names = ("turn_id", "request_key", "shown", "quoted", "edits")
    return {"text": text, **{name: field(page, name) for name in names}}


@pytest.fixture
def chat(shop: StaffedBooks) -> int:
    return shop.new_customer("Ibu Ratna", "masih ada kue?")


def written_by(shop: StaffedBooks, chat: int, admin_id: int) -> int:
    """A reply that WhatsApp has."""
    return shop.shop_wrote(chat, "masih, Bu", Author.ADMIN, admin_id=admin_id, delivery=Delivery.SENT.value)


def bubbles(shop: StaffedBooks, chat: int) -> list[Bubble]:
    with shop.database.read() as conn:
        return threads.of_conversation(conn, chat)


def pending(shop: StaffedBooks, message_id: int) -> list[tuple[ChangeKind, str | None, OutboxState]]:
    with shop.database.read() as conn:
        return [(one.kind, one.text, one.state) for one in store.pending(conn, [message_id]).get(message_id, [])]


def test_a_reply_carries_the_message_that_it_is_about(sari: Visitor, shop: StaffedBooks, chat: int) -> None:
    question = bubbles(shop, chat)[-1].id
    assert "Reply to this" in sari.get(f"/c/{chat}?message={question}").text
    page = sari.get(f"/c/{chat}?quote={question}").text
    assert "You reply to:" in page
    assert sari.post(f"/c/{chat}/answer", form(page, "masih, Bu")).status_code == 303
    bubble = bubbles(shop, chat)[-1]
    assert (bubble.text, bubble.quoted_text, bubble.quoted_message_id) == ("masih, Bu", "masih ada kue?", question)
    assert f'href="#message-{question}"' in sari.get(f"/c/{chat}").text


def test_another_customers_message_is_not_quoted(sari: Visitor, shop: StaffedBooks, chat: int) -> None:
    other = shop.new_customer("Pak Joko", "rahasia")
    page = sari.get(f"/c/{chat}?quote={bubbles(shop, other)[-1].id}").text
    assert "rahasia" not in page.split('id="composer"')[1]
    wrong = form(page, "halo") | {"quoted": str(bubbles(shop, other)[-1].id)}
    assert sari.post(f"/c/{chat}/answer", wrong).status_code == 303
    assert bubbles(shop, chat)[-1].quoted_text is None


def test_new_words_wait_under_the_old_ones_until_they_have_left(
    sari: Visitor, shop: StaffedBooks, chat: int
) -> None:
    reply = written_by(shop, chat, shop.sari.id)
    page = sari.get(f"/c/{chat}?edit={reply}").text
    assert "You change:" in page
    assert sari.post(f"/c/{chat}/answer", form(page, "masih, Kak")).status_code == 303
    assert pending(shop, reply) == [(ChangeKind.EDIT, "masih, Kak", OutboxState.QUEUED)]
    page = sari.get(f"/c/{chat}").text
    assert "The new words are on their way:" in page
    assert "masih, Bu" in page


def test_what_is_refused_comes_back_with_everything_that_was_typed(
    budi: Visitor, shop: StaffedBooks, chat: int
) -> None:
    reply = written_by(shop, chat, shop.sari.id)
    page = budi.get(f"/c/{chat}?edit={reply}").text
    answer = budi.post(f"/c/{chat}/answer", form(page, "bukan saya"))
    assert answer.status_code == 422
    assert "Only who wrote this, or the owner, can change it." in answer.text
    assert "bukan saya" in answer.text
    assert field(answer.text, "edits") == str(reply)
    told = budi.post(f"/c/{chat}/messages/{reply}/delete", **JSON)
    assert (told.status_code, "Only who wrote this" in told.json["error"]) == (422, True)  # type: ignore[index]
    assert pending(shop, reply) == []


def test_a_message_is_deleted_and_reacted_to(sari: Visitor, shop: StaffedBooks, chat: int) -> None:
    reply, question = written_by(shop, chat, shop.sari.id), bubbles(shop, chat)[0].id
    assert sari.post(f"/c/{chat}/messages/{question}/react", {"emoji": "👍"}).status_code == 303
    assert pending(shop, question) == [(ChangeKind.REACTION, "👍", OutboxState.QUEUED)]
    assert sari.post(f"/c/{chat}/messages/{question}/react", {"emoji": "ok"}).status_code == 422
    assert sari.post(f"/c/{chat}/messages/{reply}/delete").status_code == 303
    assert pending(shop, reply) == [(ChangeKind.REVOKE, None, OutboxState.QUEUED)]


def test_a_change_that_failed_is_decided(sari: Visitor, shop: StaffedBooks, chat: int) -> None:
    reply = written_by(shop, chat, shop.sari.id)
    sari.post(f"/c/{chat}/messages/{reply}/edit", {"text": "masih, Kak"})
    with shop.database.write() as conn:
        [change] = store.queued(conn, shop.account_id)
        store.settle(conn, change.id, OutboxState.FAILED)
    assert "The customer still has the old words." in sari.get(f"/c/{chat}").text
    assert sari.post(f"/c/{chat}/changes/{change.id}/again").status_code == 303
    assert pending(shop, reply) == [(ChangeKind.EDIT, "masih, Kak", OutboxState.QUEUED)]
    assert sari.post(f"/c/{chat}/changes/{change.id}/drop").status_code == 409
