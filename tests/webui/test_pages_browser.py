"""The pages beside the inbox in a real browser: calm console, live presence, nothing wider than a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from daemon.alerts.delivery import AlertDelivery
from daemon.domain.time import utc_now
from daemon.store.engine import Database
from tests.support.alert_receiver import receiver
from tests.support.browser import wait_live
from tests.support.staffed_books import StaffedBooks
from tests.support.waiting import wait_until
from tests.webui.conftest import Server, log_in

pytestmark = pytest.mark.browser

PATHS = (
    "/team",
    "/report",
    "/settings/desk",
    "/settings/hours",
    "/settings/bot",
    "/settings/bot/rules/new",
    "/settings/bot/test",
    "/settings/quick-replies",
    "/settings/rating",
    "/settings/alerts",
    "/settings/log",
)


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    """A page whose console stays silent."""
    page = browser.new_page()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []


@pytest.mark.parametrize("size", [(1440, 900), (360, 740)], ids=["wide", "phone"])
def test_every_page_fits_and_is_live(
    page: Page, server: Server, shop: StaffedBooks, size: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    log_in(page, server)
    for path in PATHS:
        page.goto(server.url + path)
        wait_live(page)
        too_wide = "(e) => e.scrollWidth - e.clientWidth"
        assert page.locator("main").evaluate(too_wide) == 0, path
        assert page.locator("html").evaluate(too_wide) == 0, path
        assert page.locator("[aria-current=page]").count() >= 1, path


def test_a_colleague_who_arrives_is_shown_without_a_reload(
    page: Page, chromium: Browser, server: Server, shop: StaffedBooks
) -> None:
    log_in(page, server)
    page.goto(f"{server.url}/team")
    wait_live(page)
    budi = page.locator(f'[data-admin="{shop.budi.id}"]')
    expect(budi).to_have_attribute("data-state", "offline")
    other = chromium.new_context()
    log_in(other.new_page(), server, "budi")
    expect(budi).to_have_attribute("data-state", "here")
    other.close()


def test_mondays_hours_are_copied_to_every_day(page: Page, server: Server, shop: StaffedBooks) -> None:
    log_in(page, server)
    page.goto(f"{server.url}/settings/hours")
    page.fill("#f-day0", "08:00-17:00")
    page.click("[data-action=copy-day]")
    expect(page.locator("#f-day6")).to_have_value("08:00-17:00")
    page.fill("#f-day6", "")
    page.click("[data-action=save]")
    expect(page.locator(".done")).to_have_text("Saved.")
    expect(page.locator("#f-day5")).to_have_value("08:00-17:00")
    expect(page.locator("#f-day6")).to_have_value("")


def test_forms_work_without_scripts(chromium: Browser, server: Server, shop: StaffedBooks) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{server.url}/login")
    page.fill("input[name=username]", "sari")
    page.fill("input[name=password]", "kue lapis legit")
    page.click("[data-action=login]")
    page.goto(f"{server.url}/settings/desk")
    page.fill("#f-alarm_after", "5")
    page.click("[data-action=save]")
    expect(page.locator(".done")).to_have_text("Saved.")
    page.goto(f"{server.url}/team")
    page.click("[data-action=away]")
    expect(page.locator("[data-action=back-again]")).to_be_visible()
    context.close()


def test_the_result_of_a_test_appears_by_itself_and_what_is_being_typed_stays(
    page: Page, server: Server, shop: StaffedBooks, database: Database
) -> None:
    log_in(page, server)
    page.goto(f"{server.url}/settings/alerts")
    with receiver() as outside:
        page.fill("[name=url]", outside.url)
        page.click("[data-action=add-channel]")
        page.click("[data-action=test]")
        expect(page.locator("[data-awaited]")).to_be_visible()
        page.fill("[name=url]", "mailto://")
        delivery = AlertDelivery(database)
        delivery.go(utc_now())
        wait_until(lambda: (delivery.go(utc_now()), not delivery.is_busy)[1])
        expect(page.get_by_text("Last delivered:")).to_be_visible()
    expect(page.locator("[data-awaited]")).to_have_count(0)
    expect(page.locator("[name=url]")).to_have_value("mailto://")
