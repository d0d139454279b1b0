"""From the scan to the blue ticks, in a real browser, with the real neonize, through the whole daemon."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from daemon.domain.links import LinkState
from tests.support.browser import log_in, wait_live
from tests.support.shop import PASSWORD, Shop, unlinked_shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer

pytestmark = [pytest.mark.browser, pytest.mark.wire]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A running shop that is not linked yet."""
    with unlinked_shop(tmp_path) as shop:
        yield shop


@pytest.fixture
def page(chromium: Browser, shop: Shop) -> Iterator[Page]:
    """A logged-in browser; any error in its console fails the test."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    log_in(page, shop.config.url, shop.add_admin("Sari"), PASSWORD)
    yield page
    context.close()
    assert not problems


def scan_from_the_screen(page: Page, shop: Shop) -> None:
    """The phone's camera: read the code from a picture of the page."""
    page.goto(f"{shop.config.url}/link")
    page.locator("svg.qr, [data-qr] svg, svg[data-qr]").first.wait_for()

    def read() -> str | None:
        picture = Image.open(io.BytesIO(page.screenshot()))
        found = zxingcpp.read_barcodes(picture)
        return found[0].text if found else None

    code = wait_until(read, 20, "a readable code on the screen")
    assert code.startswith("https://wa.me/settings/linked_devices#")
    shop.wa.phone.scan(code)
    shop.wait_for(LinkState.ONLINE)


def message_in_the_list(page: Page, shop: Shop, customer: Customer, text: str) -> None:
    """A customer writes; the conversation appears in the open inbox without a reload."""
    page.goto(f"{shop.config.url}/?box=all")
    wait_live(page)
    page.evaluate("() => { window.notReloaded = true; }")
    customer.send_text(text)
    expect(page.get_by_text(text).first).to_be_visible()
    assert page.evaluate("() => window.notReloaded")


def answer(page: Page, text: str) -> None:
    """Write into the composer and press Enter."""
    page.locator("#reply").fill(text)
    page.locator("#reply").press("Enter")


def own_bubble(page: Page, text: str, delivery: str) -> None:
    """An own message with this text reaches a state of delivery without a reload."""
    expect(page.locator(f"li.own[data-delivery={delivery}]", has_text=text)).to_be_visible()


def test_from_the_scan_to_the_blue_ticks(shop: Shop, page: Page) -> None:
    scan_from_the_screen(page, shop)
    budi = shop.wa.add_customer("Budi")
    budi.auto_read = False
    message_in_the_list(page, shop, budi, "Kak, kue nastar masih ada?")
    page.get_by_text("Kak, kue nastar masih ada?").first.click()
    page.locator("#reply").wait_for()
    page.evaluate("() => { window.notReloaded = true; }")
    answer(page, "Masih kak, 75rb per toples @62812 🙏")
    received = budi.wait_for_text("Masih kak, 75rb per toples @62812 🙏")
    assert received.text == "Masih kak, 75rb per toples @62812 🙏"
    own_bubble(page, "75rb per toples", "delivered")
    budi.read()
    own_bubble(page, "75rb per toples", "read")
    assert page.evaluate("() => window.notReloaded")


def test_the_same_after_the_session_was_killed_in_the_middle(shop: Shop, page: Page) -> None:
    scan_from_the_screen(page, shop)
    budi = shop.wa.add_customer("Budi")
    message_in_the_list(page, shop, budi, "Halo, buka jam berapa?")
    page.get_by_text("Halo, buka jam berapa?").first.click()
    page.locator("#reply").wait_for()
    shop.wa.faults.refuse_logins()
    shop.kill("session")
    wait_until(lambda: shop.link().state == LinkState.OFFLINE)
    budi.send_text("Kak?")
    answer(page, "Jam 8 pagi kak")
    own_bubble(page, "Jam 8 pagi kak", "queued")
    shop.wa.faults.accept_logins()
    expect(page.locator("li.theirs", has_text="Kak?")).to_be_visible()
    assert budi.wait_for_text("Jam 8 pagi kak", 20).text == "Jam 8 pagi kak"
    own_bubble(page, "Jam 8 pagi kak", "delivered")
    budi.read()
    own_bubble(page, "Jam 8 pagi kak", "read")
    assert [received.text for received in budi.received].count("Jam 8 pagi kak") == 1
