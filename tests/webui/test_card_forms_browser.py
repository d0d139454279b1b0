"""The menu at the reply field in a real browser: a place, a contact and a poll in dialogs over the thread."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from daemon.domain.message_kinds import MessageKind
from daemon.store import threads
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Server
from tests.webui.desk import desk_of, open_thread

pytestmark = pytest.mark.browser

DIALOG = "[data-card-dialog]"
SEND = f'{DIALOG} [data-action="send-card"]'


@pytest.fixture
def page(chromium: Browser, server: Server, shop: StaffedBooks) -> Iterator[Page]:
    """Sari's browser, which may say where it is."""
    where = {"latitude": -6.2, "longitude": 106.8}
    with desk_of(chromium, server, "sari", geolocation=where, permissions=["geolocation"]) as page:
        yield page


@pytest.fixture
def chat(shop: StaffedBooks) -> int:
    return shop.new_customer("Ibu Ratna", "tokonya di mana?")


def kinds(shop: StaffedBooks, chat: int) -> list[MessageKind]:
    with shop.database.read() as conn:
        return [b.kind for b in threads.of_conversation(conn, chat) if b.from_me]


def choose(page: Page, what: str) -> None:
    page.click(".attach-menu summary")
    page.click(f'.attach-menu [href*="/send/{what}"]')
    expect(page.locator(DIALOG)).to_be_visible()


def test_a_place_is_sent_over_a_half_written_reply(page: Page, shop: StaffedBooks, chat: int) -> None:
    open_thread(page, chat)
    page.fill("#reply", "sebentar kak")
    choose(page, "location")
    expect(page.locator(f"{DIALOG} #f-position")).to_be_focused()
    expect(page.get_by_role("dialog", name="Send a location")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#error-position")).to_contain_text("Write two numbers")
    expect(page.locator("#f-position")).to_be_focused()
    page.click(f'{DIALOG} [data-action="here"]')
    expect(page.locator("#f-position")).to_have_value("-6.200000, 106.800000")
    page.fill("#f-name", "Toko Sari")
    page.click(SEND)
    expect(page.locator(DIALOG)).to_have_count(0)
    expect(page.locator("#messages .own")).to_contain_text("Toko Sari")
    expect(page.locator("#reply")).to_have_value("sebentar kak")
    assert kinds(shop, chat) == [MessageKind.LOCATION]
    assert shop.open_turn(chat) is None
    # the words that stood there are a follow-up of the same hand
    page.press("#reply", "Enter")
    expect(page.locator("#messages .own")).to_have_count(2)


def test_a_poll_is_written_by_keyboard_alone(page: Page, shop: StaffedBooks, chat: int) -> None:
    open_thread(page, chat)
    page.focus(".attach-menu summary")
    page.keyboard.press("Enter")
    page.locator('.attach-menu [href*="/send/poll"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator("#f-question")).to_be_focused()
    expect(page.locator(f"{DIALOG} .card-form-note")).to_contain_text("Only the phone counts the votes")
    expect(page.locator(f"{DIALOG} [data-option]:visible")).to_have_count(3)
    page.keyboard.type("Antar kapan?")
    page.keyboard.press("Tab")
    for answer in ("Senin", "Selasa", "Rabu", "Kamis"):
        page.keyboard.type(answer)
        page.keyboard.press("Enter")
    expect(page.locator(f"{DIALOG} [data-option]:visible")).to_have_count(5)
    # in an empty one, Return sends
    page.keyboard.press("Enter")
    expect(page.locator(DIALOG)).to_have_count(0)
    expect(page.locator(".attach-menu summary")).to_be_focused()
    expect(page.locator("#messages .own")).to_contain_text("Kamis")
    assert kinds(shop, chat) == [MessageKind.POLL]


def test_what_was_sent_meanwhile_is_told_in_the_dialog(
    page: Page, chromium: Browser, server: Server, shop: StaffedBooks, chat: int
) -> None:
    open_thread(page, chat)
    choose(page, "contact")
    page.fill("#f-name", "Budi Gudang")
    page.fill(f"{DIALOG} #f-number", "0812-3456-7890")
    with desk_of(chromium, server, "budi") as other:
        open_thread(other, chat)
        # a contact that is being written is a claim like words
        expect(other.locator("[data-claim]")).to_contain_text("Sari")
        other.fill("#reply", "di Jalan Merdeka")
        other.press("#reply", "Enter")
        other.click('[data-action="send-over"]')
        expect(other.locator("#messages .own")).to_have_count(1)
    expect(page.locator("#messages .own")).to_have_count(1)
    page.click(SEND)
    expect(page.locator(f"{DIALOG} [data-answered]")).to_contain_text("Budi was faster")
    expect(page.locator("#f-name")).to_have_value("Budi Gudang")
    page.click(f'{DIALOG} [data-action="follow-up"]')
    expect(page.locator(DIALOG)).to_have_count(0)
    expect(page.locator("#messages .own")).to_have_count(2)
    choose(page, "location")
    page.keyboard.press("Escape")
    expect(page.locator(DIALOG)).to_have_count(0)
    expect(page.locator(".attach-menu summary")).to_be_focused()
    # a note has none of these
    page.click('.modes label:has([value="note"])')
    expect(page.locator(".attach-menu")).to_be_hidden()
