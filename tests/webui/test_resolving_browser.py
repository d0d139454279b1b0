"""Resolving in a real browser: asked when there is something to ask, taken back with one click, no text lost."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from daemon.desk import assignment, conversations, settings
from daemon.domain.desk import UNDO_TAKEN
from daemon.domain.time import utc_now
from daemon.store import claims as store_claims
from daemon.store import conversation_list, send_queue
from daemon.store.conversation_list import Summary
from tests.support.staffed_books import PASSWORD, StaffedBooks
from tests.webui.conftest import Server
from tests.webui.desk import by, desk_of, open_thread, row

pytestmark = pytest.mark.browser


@pytest.fixture
def both(chromium: Browser, server: Server, shop: StaffedBooks) -> Iterator[tuple[Page, Page]]:
    """Sari's browser and Budi's."""
    with ExitStack() as stack:
        yield (
            stack.enter_context(desk_of(chromium, server, "sari")),
            stack.enter_context(desk_of(chromium, server, "budi")),
        )


def about(shop: StaffedBooks, conversation_id: int) -> Summary:
    with shop.database.read() as conn:
        found = conversation_list.summary(conn, conversation_id)
    assert found
    return found


def left_by(shop: StaffedBooks, at: datetime) -> str | None:
    """What the session would send at a moment (the books stay as they are)."""
    with shop.database.write() as conn:
        found = send_queue.take_next(conn, shop.account_id, at)
        conn.rollback()
    return found.text if found else None


def test_resolving_asks_first_and_a_slip_is_taken_back_whole(both: tuple[Page, Page], shop: StaffedBooks) -> None:
    sari, budi = both
    conversation_id = shop.new_customer("Ibu Ratna", "masih ada?")
    shop.write(lambda conn: assignment.assign(conn, conversation_id, shop.budi.id, by(shop.budi), utc_now()))
    chosen = {"rating": True, "rating_question": "Puas? 1 sampai 5"}
    shop.write(lambda conn: settings.save(conn, shop.account_id, chosen, by(shop.sari), utc_now()))
    before, turn = about(shop, conversation_id), shop.open_turn(conversation_id)
    open_thread(sari, conversation_id)
    open_thread(budi, conversation_id)
    budi.type("#reply", "Ada, Bu, saya cek du")
    expect(sari.locator("[data-claim]")).to_contain_text("Budi is answering this")

    sari.click("[data-action=resolve]")
    question = sari.locator("[data-question]")
    expect(question).to_contain_text("The customer still waits for an answer.")
    expect(question).to_contain_text("Budi is answering this")
    expect(sari.locator("[data-action=close-question]")).to_be_focused()
    sari.keyboard.press("Escape")
    expect(question).to_have_count(0)
    expect(sari.locator("[data-action=resolve]")).to_be_focused()
    assert about(shop, conversation_id).status == before.status
    sari.keyboard.press("Enter")
    sari.click("[data-action=resolve-anyway]")

    # the colleague keeps his words, and reads who it was
    expect(budi.locator("[data-resolved]")).to_contain_text("Sari resolved this")
    expect(budi.locator("#reply")).to_have_value("Ada, Bu, saya cek du")
    expect(sari.locator("[data-closed]")).to_be_visible()
    asked_at = about(shop, conversation_id).resolved_at
    assert asked_at
    assert left_by(shop, asked_at + UNDO_TAKEN * 0.9) is None
    assert left_by(shop, asked_at + UNDO_TAKEN) == "Puas? 1 sampai 5"

    expect(sari.locator("[data-action=undo]:visible")).to_be_focused()
    sari.keyboard.press("Enter")
    expect(sari.locator("#reply")).to_be_visible()
    expect(sari.locator("[data-undo]")).to_have_count(0)
    expect(sari.locator("[data-claim]")).to_contain_text("Budi is answering this")
    expect(budi.locator("[data-resolved]")).to_have_count(0)
    expect(budi.locator("#reply")).to_have_value("Ada, Bu, saya cek du")
    after = about(shop, conversation_id)
    assert (after.status, after.assignee_id, after.assigned_at) == (
        before.status,
        before.assignee_id,
        before.assigned_at,
    )
    assert shop.open_turn(conversation_id) == turn
    held = shop.write(lambda conn: store_claims.holder(conn, conversation_id, utc_now()))
    assert held.admin_id == shop.budi.id
    assert left_by(shop, asked_at + UNDO_TAKEN * 9) is None


def test_nothing_is_asked_where_nothing_is_open_and_the_offer_goes_by_itself(
    both: tuple[Page, Page], shop: StaffedBooks
) -> None:
    sari, budi = both
    conversation_id = shop.new_customer("Ibu Ratna", "terima kasih")
    open_thread(sari, conversation_id)
    open_thread(budi, conversation_id)
    budi.click("[data-action=handled]")
    expect(sari.locator(".turn-mark")).to_contain_text("Marked as handled by Budi")
    sari.click("[data-action=resolve]")
    expect(sari.locator("[data-undo]")).to_contain_text("Ibu Ratna: resolved")
    began = sari.evaluate("performance.now()")
    expect(sari.locator("[data-question]")).to_have_count(0)
    # whoever has written nothing sees the thread as it is now
    expect(budi.locator("[data-closed]")).to_be_visible()
    expect(budi.locator("[data-undo]")).to_have_count(0)
    expect(sari.locator("[data-undo]")).to_have_count(0)
    assert 6000 < sari.evaluate("performance.now()") - began < 15_000


def test_a_text_that_was_kept_is_shown_under_a_resolved_chat_and_comes_back_with_it(
    both: tuple[Page, Page], shop: StaffedBooks
) -> None:
    _, budi = both
    conversation_id, other = shop.new_customer("Ibu Ratna", "halo"), shop.new_customer("Pak Joko", "pagi")
    open_thread(budi, conversation_id)
    budi.fill("#reply", "Ada, Bu")
    shop.write(lambda conn: conversations.resolve(conn, conversation_id, by(shop.sari), utc_now()))
    expect(budi.locator("[data-resolved]")).to_contain_text("Sari resolved this")
    open_thread(budi, other)
    budi.go_back()
    expect(budi.locator("[data-kept]")).to_contain_text("Ada, Bu")
    budi.click("[data-action=reopen-below]")
    expect(budi.locator("#reply")).to_have_value("Ada, Bu")
    # and the same without having gone elsewhere
    shop.write(lambda conn: conversations.resolve(conn, conversation_id, by(shop.sari), utc_now()))
    budi.click("[data-action=reopen-here]")
    expect(budi.locator("[data-resolved]")).to_have_count(0)
    expect(budi.locator(row(budi, conversation_id))).to_be_visible()
    budi.press("#reply", "Enter")
    expect(budi.locator("#messages .own [data-text]")).to_have_text("Ada, Bu")


def test_without_scripts_the_question_and_the_way_back_are_forms(
    chromium: Browser, server: Server, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "masih ada?")
    turn = shop.open_turn(conversation_id)
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{server.url}/login")
    page.fill("[name=username]", "sari")
    page.fill("[name=password]", PASSWORD)
    page.click("[data-action=login]")
    page.click(f"{row(page, conversation_id)} a")
    page.click("[data-action=resolve]")
    expect(page.locator("[data-question]")).to_contain_text("The customer still waits for an answer.")
    page.click("[data-action=close-question]")
    expect(page.locator("#reply")).to_be_visible()
    page.click("[data-action=resolve]")
    page.click("[data-action=resolve-anyway]")
    page.click("[data-closed] [data-action=undo]")
    expect(page.locator("#reply")).to_be_visible()
    assert shop.open_turn(conversation_id) == turn
    context.close()
