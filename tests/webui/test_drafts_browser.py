"""Half-written texts in a real browser: kept with whom they are for, and seen by nobody else."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.support.browser import wait_live
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Server, log_in
from tests.webui.desk import desk_of, open_thread

pytestmark = pytest.mark.browser

SECRET = "jangan kasih diskon, dia selalu menawar"


@pytest.fixture
def page(chromium: Browser, server: Server, shop: StaffedBooks) -> Iterator[Page]:
    """Sari's browser."""
    with desk_of(chromium, server, "sari", reloads=True) as page:
        yield page


def choose(page: Page, mode: str) -> None:
    page.click(f".modes label:has([value={mode}])")


def expect_note(page: Page, text: str) -> None:
    expect(page.locator("#reply")).to_have_value(text)
    expect(page.locator("#composer")).to_have_attribute("data-mode", "note")
    expect(page.locator("[name=mode][value=note]")).to_be_checked()
    expect(page.locator("#reply")).to_have_attribute("placeholder", re.compile("only the team"))


def test_the_draft_of_a_note_comes_back_as_a_note(page: Page, shop: StaffedBooks) -> None:
    first, second = shop.new_customer("Ibu Ratna", "halo"), shop.new_customer("Pak Joko", "pagi")
    open_thread(page, first)
    choose(page, "note")
    page.fill("#reply", SECRET)
    open_thread(page, second)
    expect(page.locator("#reply")).to_have_value("")
    expect(page.locator("#composer")).to_have_attribute("data-mode", "reply")
    open_thread(page, first)
    expect_note(page, SECRET)
    page.reload()
    expect_note(page, SECRET)
    page.press("#reply", "Enter")
    expect(page.locator(".message.note [data-text]")).to_have_text(SECRET)
    # nothing has left for the customer
    assert shop.sizes()[1] == 0
    page.reload()
    expect(page.locator("#reply")).to_have_value("")
    expect(page.locator("#composer")).to_have_attribute("data-mode", "reply")


def test_a_text_that_changes_its_mode_is_kept_in_the_new_one(page: Page, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    open_thread(page, conversation_id)
    page.fill("#reply", SECRET)
    choose(page, "note")
    expect(page.locator("#reply")).to_have_value(SECRET)
    page.reload()
    expect_note(page, SECRET)
    choose(page, "reply")
    page.reload()
    expect(page.locator("#reply")).to_have_value(SECRET)
    expect(page.locator("[name=mode][value=reply]")).to_be_checked()


def test_a_draft_without_a_mode_does_not_come_back_as_a_reply(page: Page, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    keep = "([key, text]) => sessionStorage.setItem(key, text)"
    page.evaluate(keep, [f"draft:{conversation_id}", SECRET])
    page.reload()
    wait_live(page)
    open_thread(page, conversation_id)
    expect(page.locator("#reply")).to_be_focused()
    expect(page.locator("#reply")).to_have_value("")
    assert page.evaluate("sessionStorage.length") == 0


def test_a_draft_stays_until_the_server_has_accepted_its_message(page: Page, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    open_thread(page, conversation_id)
    page.fill("#reply", "sebentar ya")
    refused: list[Route] = []

    def refuse(route: Route) -> None:
        refused.append(route)
        route.fulfill(status=500, content_type="application/json", body="{}")

    page.route("**/answer*", refuse)
    page.press("#reply", "Enter")
    expect(page.locator("[data-reply-error]")).to_contain_text("Your text is still here")
    page.reload()
    expect(page.locator("#reply")).to_have_value("sebentar ya")
    page.unroute("**/answer*")
    page.press("#reply", "Enter")
    expect(page.locator("#messages .own [data-text]")).to_have_text("sebentar ya")
    page.reload()
    expect(page.locator("#reply")).to_have_value("")
    assert len(refused) == 1


def test_what_was_sent_from_a_thread_that_was_left_is_not_there_a_second_time(
    page: Page, shop: StaffedBooks
) -> None:
    first, second = shop.new_customer("Ibu Ratna", "halo"), shop.new_customer("Pak Joko", "pagi")
    open_thread(page, first)
    under_way: list[Route] = []
    page.route("**/answer*", lambda route: under_way.append(route))
    page.fill("#reply", "siap, Bu")
    with page.expect_request("**/answer*"):
        page.press("#reply", "Enter")
    open_thread(page, second)
    open_thread(page, first)
    expect(page.locator("#reply")).to_have_value("siap, Bu")
    under_way[0].continue_()
    expect(page.locator("#messages .own [data-text]")).to_have_text("siap, Bu")
    expect(page.locator("#reply")).to_have_value("")


def test_nobody_else_at_the_same_device_sees_a_draft(
    chromium: Browser, server: Server, page: Page, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    open_thread(page, conversation_id)
    page.fill("#reply", SECRET)
    # the login ends without a logout: a colleague goes on at this device
    page.context.clear_cookies()
    log_in(page, server, "budi")
    open_thread(page, conversation_id)
    expect(page.locator("#reply")).to_have_value("")
    page.fill("#reply", "tulisan Budi")
    page.context.clear_cookies()
    log_in(page, server, "sari")
    open_thread(page, conversation_id)
    expect(page.locator("#reply")).to_have_value(SECRET)


@pytest.mark.parametrize("path", ["/", "/team", "/link"])
def test_whoever_logs_out_leaves_no_draft_behind(
    page: Page, server: Server, shop: StaffedBooks, path: str
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    open_thread(page, conversation_id)
    page.fill("#reply", SECRET)
    page.goto(f"{server.url}{path}")
    wait_live(page)
    page.click(".account summary")
    page.click("[data-action=logout]")
    page.wait_for_url(f"{server.url}/login")
    assert SECRET not in page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
