"""A reply that the customer's phone could not read, in a real browser: shown, sent again once, or settled."""

import pytest
from playwright.sync_api import Browser, Page, expect

from daemon.desk import claims, conversations, replies
from daemon.domain.desk import Actor
from daemon.domain.messages import Author, Delivery, OutboxState
from daemon.domain.time import utc_now
from daemon.domain.turns import Closer
from daemon.store import messages, outbox, unreadable_replies
from tests.support.browser import PATIENCE_MS
from tests.support.staffed_books import PASSWORD, StaffedBooks
from tests.webui.conftest import Server, Visitor
from tests.webui.test_desk_browser import desk_of, open_thread, row

WORDS = "The customer's phone could not read this."


def unreadable(shop: StaffedBooks) -> tuple[int, int]:
    """A conversation, and Sari's reply that could not be read in it."""
    conversation_id = shop.new_customer("Ibu Ratna", "masih ada?")
    closer = Closer(Author.ADMIN, shop.sari.id)
    reply = shop.write(lambda conn: replies.answer(conn, conversation_id, closer, "ada, kak", utc_now()))
    with shop.database.write() as conn:
        journey = outbox.by_message(conn, reply)
        assert journey is not None
        outbox.settle(conn, journey.id, OutboxState.SENT, utc_now())
        messages.set_delivery(conn, reply, Delivery.SENT)
        unreadable_replies.ask(conn, reply, utc_now())
        unreadable_replies.give_up(conn, reply, utc_now())
        conversations.reply_failed(conn, reply, utc_now())
    shop.changed(conversation_id, reply, lambda conn: None)
    return conversation_id, reply


def copies(shop: StaffedBooks, conversation_id: int) -> int:
    return shop.thread(conversation_id).count("ada, kak")


@pytest.mark.browser
def test_it_is_sent_again_once_however_often_one_clicks(
    chromium: Browser, server: Server, shop: StaffedBooks
) -> None:
    with desk_of(chromium, server, "sari") as page:
        conversation_id, reply = unreadable(shop)
        expect(page.locator(row(page, conversation_id))).to_contain_text("Needs a decision")
        open_thread(page, conversation_id)
        bubble = page.locator(f'[data-message="{reply}"]')
        expect(bubble).to_contain_text(WORDS)
        bubble.locator("[data-decision=send-copy]").dblclick()
        expect(bubble).to_contain_text("It was sent again.")
        expect(bubble.locator("[data-decision]")).to_have_count(0)
        expect(page.locator(".message.own")).to_have_count(2)
        expect(page.locator(row(page, conversation_id))).not_to_contain_text("Needs a decision")
        assert copies(shop, conversation_id) == 2


@pytest.mark.browser
def test_a_colleague_who_is_answering_is_named(chromium: Browser, server: Server, shop: StaffedBooks) -> None:
    with desk_of(chromium, server, "sari") as page:
        conversation_id, reply = unreadable(shop)
        open_thread(page, conversation_id)
        by_budi = Actor(Author.ADMIN, shop.budi.id)
        shop.write(lambda conn: claims.take(conn, conversation_id, by_budi, "tab", utc_now()))
        page.locator(f'[data-message="{reply}"] [data-decision=send-copy]').click()
        expect(page.locator("[data-toast]")).to_contain_text("Budi is answering this")
        assert copies(shop, conversation_id) == 1


@pytest.mark.browser
@pytest.mark.parametrize("decision", ["settle", "send-copy"])
def test_it_is_decided_without_scripts(
    chromium: Browser, server: Server, shop: StaffedBooks, decision: str
) -> None:
    conversation_id, reply = unreadable(shop)
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    page: Page = context.new_page()
    page.goto(f"{server.url}/login")
    page.fill("input[name=username]", "sari")
    page.fill("input[name=password]", PASSWORD)
    page.click("[data-action=login]")
    page.goto(f"{server.url}/c/{conversation_id}")
    bubble = page.locator(f'[data-message="{reply}"]')
    expect(bubble).to_contain_text(WORDS)
    bubble.locator(f"[data-decision={decision}]").click()
    expect(bubble.locator("[data-decision]")).to_have_count(0)
    assert copies(shop, conversation_id) == (2 if decision == "send-copy" else 1)
    context.close()


@pytest.mark.browser
def test_a_resolved_conversation_stays_in_sight_until_its_reply_is_settled(
    chromium: Browser, server: Server, shop: StaffedBooks
) -> None:
    with desk_of(chromium, server, "sari") as page:
        conversation_id, reply = unreadable(shop)
        sari = Actor(Author.ADMIN, shop.sari.id)
        shop.write(lambda conn: conversations.resolve(conn, conversation_id, sari, utc_now()))
        expect(page.locator(row(page, conversation_id))).to_have_attribute("data-status", "resolved")
        expect(page.locator('[data-count="all"]')).to_have_text("1")
        open_thread(page, conversation_id)
        page.locator(f'[data-message="{reply}"] [data-decision=settle]').click()
        expect(page.locator(row(page, conversation_id))).to_have_count(0)
        expect(page.locator('[data-count="all"]')).to_have_text("0")


def test_an_answer_that_the_page_did_not_show_refuses_it(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id, reply = unreadable(shop)
    phone = shop.shop_wrote(conversation_id, "dari HP", Author.PHONE, delivery=Delivery.SENT.value)
    place = f"/c/{conversation_id}/replies/{reply}/send-copy"
    assert sari.post(place, {"shown": str(reply)}).status_code == 409
    assert copies(shop, conversation_id) == 1
    assert sari.post(place, {"shown": str(phone)}).status_code == 303
    assert sari.post(place, {"shown": str(phone)}).status_code == 409
    assert copies(shop, conversation_id) == 2
    assert "It was sent again." in sari.get(f"/c/{conversation_id}").text
