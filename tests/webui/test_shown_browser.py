"""A page whose websocket has gone silent decides only about what it shows, and is told what came meanwhile."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from daemon.domain.desk import Status
from tests.support.browser import PATIENCE_MS
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Server, log_in

pytestmark = pytest.mark.browser

LOOK = {"en-GB": "1 more message came: look at it first.", "id-ID": "1 pesan lagi masuk: lihat dulu."}
WAITS = {"en-GB": "1 more message came and is still waiting.", "id-ID": "1 pesan lagi masuk dan masih menunggu."}


class Wire:
    """What passes between the page's websocket and the server, until it is cut without a word."""

    def __init__(self, page: Page) -> None:
        self.is_cut = False
        page.route_web_socket("**/live*", self._join)

    def _join(self, browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()
        browser.on_message(lambda said: None if self.is_cut else server.send(said))
        server.on_message(lambda said: None if self.is_cut else browser.send(said))


@pytest.fixture(params=["en-GB", "id-ID"])
def language(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def page(chromium: Browser, language: str) -> Iterator[Page]:
    context = chromium.new_context(locale=language, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def open_thread(page: Page, server: Server, conversation_id: int) -> Wire:
    """The thread is on the page, and its websocket up."""
    wire = Wire(page)
    log_in(page, server)
    page.click(f'.row[data-conversation="{conversation_id}"] a')
    expect(page.locator("#messages")).to_have_attribute("data-shown", "1")
    return wire


def test_what_a_silent_page_has_not_shown_stays_open(
    page: Page, server: Server, shop: StaffedBooks, language: str
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    wire = open_thread(page, server, conversation_id)
    notice = page.locator("[data-more-came]")
    texts = page.locator("#messages [data-text]")

    # what the websocket brings counts once it stands there, what it says of another customer does not
    shop.customer_writes(shop.new_customer("Pak Joko"), "pagi")
    second = shop.customer_writes(conversation_id, "ada lapis?")
    expect(texts).to_have_count(2)
    expect(page.locator("#messages")).to_have_attribute("data-shown", str(second))

    wire.is_cut = True
    third = shop.customer_writes(conversation_id, "berapa?")
    page.click("[data-action=resolve]")
    expect(notice).to_contain_text(LOOK[language])
    # nothing is closed, and the page shows it now
    assert shop.summary(conversation_id).status != Status.RESOLVED
    expect(texts).to_have_count(3)
    expect(page.locator("#messages")).to_have_attribute("data-shown", str(third))

    shop.customer_writes(conversation_id, "halo?")
    page.fill("#reply", "Dua puluh ribu")
    page.press("#reply", "Enter")
    expect(notice).to_contain_text(WAITS[language])
    expect(page.locator("#reply")).to_have_value("")
    expect(texts).to_have_count(5)
    assert shop.open_turn(conversation_id)

    shop.customer_writes(conversation_id, "ok")
    page.click("[data-action=handled]")
    expect(notice).to_contain_text(WAITS[language])
    expect(texts).to_have_count(6)
    assert shop.open_turn(conversation_id)

    page.click("[data-action=handled]")
    expect(notice).to_have_count(0)
    assert shop.open_turn(conversation_id) is None


def test_an_own_reply_does_not_show_what_came_before_it(page: Page, server: Server, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    wire = open_thread(page, server, conversation_id)
    wire.is_cut = True
    # reading the page again fails as well
    page.route(f"**/c/{conversation_id}", lambda route: route.abort())
    shop.customer_writes(conversation_id, "berapa?")
    page.fill("#reply", "Halo, Bu")
    page.press("#reply", "Enter")
    expect(page.locator("#messages .own [data-text]")).to_have_text("Halo, Bu")
    expect(page.locator("#messages")).to_have_attribute("data-shown", "1")
    page.click("[data-action=resolve]")
    expect(page.locator("[data-more-came]")).to_be_visible()
    assert shop.summary(conversation_id).status != Status.RESOLVED
