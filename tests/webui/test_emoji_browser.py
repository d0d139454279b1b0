"""Emoji in real browsers: chosen by mouse and keyboard, found in both languages, typed with ":", reactions."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.staffed_books import StaffedBooks
from tests.support.waiting import wait_until
from tests.webui.conftest import Server
from tests.webui.desk import desk_of, open_thread

pytestmark = pytest.mark.browser

CELLS = "[data-emoji-picker] [data-emoji]"


@pytest.fixture
def page(chromium: Browser, server: Server, shop: StaffedBooks) -> Iterator[Page]:
    """Sari's browser, in the chat of a customer."""
    chat = shop.new_customer("Ibu Ratna", "terima kasih kak")
    with desk_of(chromium, server, "sari") as page:
        open_thread(page, chat)
        yield page


def test_emoji_are_chosen_by_mouse_and_keyboard(page: Page) -> None:
    page.fill("#reply", "sama-sama ")
    page.click("[data-action=emoji]")
    expect(page.locator(CELLS).first).to_be_visible()
    expect(page.locator("[data-group=smileys]")).to_have_attribute("aria-pressed", "true")
    search = page.get_by_role("searchbox", name="Search emoji")
    expect(search).to_be_focused()
    # Indonesian words find it on an English page, and it is called as the page speaks
    search.fill("mohon tolong")
    expect(page.locator(CELLS)).to_have_text(["🙏"])
    expect(page.get_by_role("button", name="folded hands")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#reply")).to_have_value("sama-sama 🙏")
    search.fill("zzzz")
    expect(page.get_by_text("No emoji is called like this.")).to_be_visible()

    page.click("[data-group=food]")
    expect(search).to_have_value("")
    search.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    expect(page.locator(CELLS).first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(search).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-emoji-picker]")).to_have_count(0)
    expect(page.locator("[data-action=emoji]")).to_be_focused()
    # what was used last is offered first, on this device
    page.reload()
    page.click("[data-action=emoji]")
    expect(page.locator(CELLS)).to_have_text(["🙏"])
    page.click(CELLS)
    page.evaluate("window.same = true")


def test_a_colon_and_two_letters_offer_emoji_and_nothing_else_does(page: Page) -> None:
    reply = page.locator("#reply")
    options = page.locator("[data-suggestions] [role=option]")
    reply.press_sequentially("siap :jempo")
    expect(options.first).to_contain_text("👍")
    page.keyboard.press("Enter")
    expect(reply).to_have_value("siap 👍")
    for words in ("buka 10:30", "oke :)", "alamat: jl", "http://a", ":d"):
        reply.fill("")
        reply.press_sequentially(words)
        expect(page.locator("[data-suggestions]")).to_be_hidden()
    page.get_by_text("Note", exact=True).click()
    reply.fill("")
    reply.press_sequentially(":heart")
    expect(options.first).to_be_visible()


def test_any_emoji_is_a_reaction(page: Page, shop: StaffedBooks) -> None:
    page.hover(".message.theirs")
    page.click(".message.theirs [data-action=message-menu]")
    page.get_by_role("button", name="More emoji").click()
    page.get_by_role("searchbox", name="Search emoji").fill("party popper")
    page.locator(CELLS).first.click()
    expect(page.locator("[data-emoji-picker]")).to_have_count(0)

    def queued() -> list[str]:
        with shop.database.read() as conn:
            return list(conn.exec_driver_sql("SELECT text FROM message_change").scalars())

    wait_until(lambda: queued() == ["🎉"])
    expect(page.locator(".message.theirs .change")).to_contain_text("🎉")
