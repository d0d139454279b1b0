"""A real browser that loses its server: it says so in time, keeps its page and what was typed, and comes back."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import wait_live
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Server, log_in
from tests.webui.desk import desk_of, open_thread, row

pytestmark = pytest.mark.browser

BAR = "[data-connection-bar]"
# when the bar comes and when the websocket went, by the page's own clock
WATCH = """() => {
  const place = document.querySelector("[data-connection]");
  new MutationObserver(() => { window.shown ??= performance.now(); }).observe(place, {childList: true});
  new MutationObserver(() => {
    if (document.documentElement.dataset.live === "off") window.lost ??= performance.now();
  }).observe(document.documentElement, {attributes: true});
}"""


@pytest.fixture
def page(chromium: Browser, server: Server, shop: StaffedBooks) -> Iterator[Page]:
    """Sari's browser, which must not load a page anew."""
    with desk_of(chromium, server, "sari") as page:
        yield page


def test_a_lost_connection_is_said_within_seconds_and_unsaid_when_all_has_been_told(
    page: Page, server: Server, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    open_thread(page, conversation_id)
    expect(page.locator(BAR)).to_have_count(0)
    page.evaluate(WATCH)
    server.stop()
    expect(page.locator(BAR)).to_contain_text("No connection: what you write is kept")
    assert 2900 <= page.evaluate("window.shown - window.lost") <= 4500
    shop.customer_writes(conversation_id, "masih di sana?")
    # when the bar goes, what was missed is there already
    page.evaluate(
        """() => new MutationObserver((_, self) => {
          if (document.querySelector("[data-connection-bar]")) return;
          window.told = document.querySelector("#messages").textContent.includes("masih di sana?");
          self.disconnect();
        }).observe(document.querySelector("[data-connection]"), {childList: true})"""
    )
    server.start()
    expect(page.locator(BAR)).to_have_count(0)
    assert page.evaluate("window.told")


def test_a_short_loss_is_not_worth_a_word(page: Page, server: Server, shop: StaffedBooks) -> None:
    page.evaluate(WATCH)
    page.context.set_offline(True)
    expect(page.locator("html")).to_have_attribute("data-live", "off")
    page.context.set_offline(False)
    wait_live(page)
    # by when it would have been said
    page.evaluate("new Promise((done) => setTimeout(done, window.lost + 3500 - performance.now()))")
    assert page.evaluate("window.shown === undefined")


def test_without_a_connection_nothing_leads_away_and_what_was_typed_stays(
    page: Page, server: Server, shop: StaffedBooks
) -> None:
    first, second = shop.new_customer("Ibu Ratna", "halo"), shop.new_customer("Pak Joko", "pagi")
    open_thread(page, first)
    page.fill("#reply", "sebentar")
    page.context.set_offline(True)
    strong = page.locator(f"{BAR}[data-tone=bad]")
    page.click(f"{row(page, second)} a")
    expect(strong).to_contain_text("Nothing was opened or sent.")
    expect(page.locator("[data-head] h1")).to_have_text("Ibu Ratna")
    page.click(".rail-nav a[href*=team]")
    page.click(".account summary")
    page.click(".languages button[value=id]")
    page.click("[data-action=logout]")
    page.go_back()
    page.press("#reply", "Enter")
    expect(page.locator("[data-reply-error]")).to_contain_text("Your text is still here")
    expect(page.locator("[data-head] h1")).to_have_text("Ibu Ratna")
    expect(page.locator("#reply")).to_have_value("sebentar")
    assert page.url.startswith(f"{server.url}/c/{first}")
    page.context.set_offline(False)
    expect(page.locator(BAR)).to_have_count(0)
    page.press("#reply", "Enter")
    expect(page.locator("#messages .own [data-text]")).to_have_text("sebentar")
    open_thread(page, second)


def test_a_line_that_dies_without_a_word_leads_nowhere_either(
    chromium: Browser, server: Server, shop: StaffedBooks
) -> None:
    with desk_of(chromium, server, "sari", reloads=True) as page:
        page.goto(f"{server.url}/settings/desk")
        wait_live(page)
        page.fill("#f-alarm_after", "7")
        with server.frozen():
            # what was heard last says nothing any more, by the page's own clock
            page.evaluate("new Promise((done) => setTimeout(done, 2100))")
            expect(page.locator("html")).to_have_attribute("data-live", "on")
            page.click(".rail-nav a[href*=team]")
            expect(page.locator(f"{BAR}[data-tone=bad]")).to_be_visible()
            page.click("[data-action=save]")
            expect(page.locator("#f-alarm_after")).to_have_value("7")
            assert page.url.endswith("/settings/desk")
        expect(page.locator(BAR)).to_have_count(0)
        page.click("[data-action=save]")
        expect(page.locator(".done")).to_have_text("Saved.")


def test_a_form_of_another_page_waits_for_the_connection(
    chromium: Browser, server: Server, shop: StaffedBooks
) -> None:
    with desk_of(chromium, server, "sari", reloads=True) as page:
        page.goto(f"{server.url}/settings/desk")
        wait_live(page)
        page.fill("#f-alarm_after", "7")
        server.stop()
        expect(page.locator("html")).to_have_attribute("data-live", "off")
        page.click("[data-action=save]")
        expect(page.locator(f"{BAR}[data-tone=bad]")).to_be_visible()
        page.click(".rail-nav a[href*=team]")
        expect(page.locator("#f-alarm_after")).to_have_value("7")
        server.start()
        expect(page.locator(BAR)).to_have_count(0)
        page.click("[data-action=save]")
        expect(page.locator(".done")).to_have_text("Saved.")


def test_the_link_page_says_it_too(chromium: Browser, server: Server, shop: StaffedBooks) -> None:
    with desk_of(chromium, server, "sari", reloads=True) as page:
        page.goto(f"{server.url}/link")
        wait_live(page)
        page.context.set_offline(True)
        expect(page.locator(BAR)).to_be_visible()
        page.context.set_offline(False)
        expect(page.locator(BAR)).to_have_count(0)


def test_while_the_websocket_alone_is_missing_one_can_still_go_everywhere(
    chromium: Browser, server: Server, shop: StaffedBooks
) -> None:
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    log_in(page, server)
    page.route_web_socket("**/live*", lambda ws: ws.close())
    page.reload()
    expect(page.locator(BAR)).to_be_visible()
    page.click(f'.row[data-conversation="{conversation_id}"] a')
    expect(page.locator("[data-head] h1")).to_have_text("Ibu Ratna")
    page.click(".rail-nav a[href*=team]")
    page.wait_for_url("**/team*")
    context.close()
