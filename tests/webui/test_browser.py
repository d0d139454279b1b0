"""The inbox in a real browser: live without reloads, calm when somebody was faster, nothing lost."""

import io
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect
from sqlalchemy import Connection

from daemon.domain.links import LinkReason, LinkState
from daemon.domain.messages import Author, Delivery
from daemon.domain.time import utc_now
from daemon.store import events, messages
from daemon.store.conversations import assign
from tests.support.browser import wait_live
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Server, log_in

pytestmark = pytest.mark.browser

_KEY = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U="
QR = f"https://wa.me/settings/linked_devices#2@{'Ab1/' * 16},{_KEY},{_KEY},{_KEY},1"


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    """A page whose console stays silent: no script error, no breach of the content policy."""
    page = browser.new_page()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # a refused request (409, 422) and a lost websocket are also "errors" to the console
        expected = "Failed to load resource" in message.text or "WebSocket connection" in message.text
        if message.type in ("error", "warning") and not expected:
            complaints.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []


def bubbles(page: Page) -> list[str]:
    return page.locator("#messages [data-text]").all_inner_texts()


def test_a_message_appears_in_list_and_thread_without_a_reload(
    page: Page, server: Server, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    log_in(page, server)
    page.evaluate("window.same = true")
    other = shop.new_customer("Pak Joko", "selamat pagi")
    expect(page.locator(".row").first).to_contain_text("Pak Joko")
    expect(page).to_have_title(re.compile(r"^\(2\)"))
    page.click(f'.row[data-conversation="{conversation_id}"] a')
    expect(page.locator("[data-head] h1")).to_have_text("Ibu Ratna")
    shop.customer_writes(conversation_id, "masih ada?")
    expect(page.locator("#messages [data-text]").last).to_have_text("masih ada?")
    expect(page.locator(".row").first).to_contain_text("Ibu Ratna")
    # it was looked at: nobody sees it as new
    expect(page.locator(f'.row[data-conversation="{conversation_id}"] [data-badge]')).to_have_count(0)
    expect(page.locator(f'.row[data-conversation="{other}"] [data-badge]')).to_have_count(1)
    assert page.evaluate("window.same")


def test_a_reply_goes_out_with_enter_and_its_ticks_follow(page: Page, server: Server, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    log_in(page, server)
    page.click(f'.row[data-conversation="{conversation_id}"] a')
    page.fill("#reply", "Halo, Bu!")
    page.press("#reply", "Shift+Enter")
    page.type("#reply", "Ada yang bisa dibantu?")
    page.press("#reply", "Enter")
    last = page.locator("#messages .message.own").last
    expect(last.locator("[data-text]")).to_have_text("Halo, Bu!\nAda yang bisa dibantu?", use_inner_text=True)
    expect(last).to_have_attribute("data-delivery", "queued")
    expect(page.locator("#reply")).to_have_value("")
    expect(page.locator("#messages .message.own")).to_have_count(1)
    message_id = int(last.get_attribute("data-message") or "")

    shop.changed(
        conversation_id, message_id, lambda conn: messages.raise_delivery(conn, message_id, Delivery.READ)
    )
    expect(page.locator("#messages .message.own").last).to_have_attribute("data-delivery", "read")
    expect(page.locator("[data-head]")).to_contain_text("With Sari")


def test_whoever_is_in_mid_sentence_is_told_that_somebody_was_faster(
    page: Page, server: Server, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    log_in(page, server)
    page.click(f'.row[data-conversation="{conversation_id}"] a')
    page.fill("#reply", "Saya juga mau menjawab")
    shop.shop_wrote(conversation_id, "Sudah dari HP", Author.PHONE, delivery=Delivery.SENT.value)
    expect(page.locator("[data-answered]")).to_contain_text("From the phone was faster")
    # the button that is clicked next does nothing while this is under way
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.press("#reply", "Enter")
    expect(page.locator("#composer")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("[data-answered]")).to_contain_text("Sudah dari HP")
    expect(page.locator("#reply")).to_have_value("Saya juga mau menjawab")
    assert bubbles(page) == ["halo", "Sudah dari HP"]
    page.click("[data-action=follow-up]")
    expect(page.locator("#messages [data-text]")).to_have_count(3)
    expect(page.locator("[data-answered]")).to_have_count(0)
    expect(page.locator("#reply")).to_have_value("")


def test_a_new_question_while_reading_belongs_to_the_next_reply(
    page: Page, server: Server, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna")
    log_in(page, server)
    page.click(f'.row[data-conversation="{conversation_id}"] a')
    expect(page.locator("[name=turn_id]")).to_have_value("")
    shop.customer_writes(conversation_id, "halo")
    expect(page.locator("[name=turn_id]")).to_have_value(str(shop.open_turn(conversation_id)))


def test_an_unsent_draft_survives_going_elsewhere(page: Page, server: Server, shop: StaffedBooks) -> None:
    first, second = shop.new_customer("Ibu Ratna", "halo"), shop.new_customer("Pak Joko", "pagi")
    log_in(page, server)
    page.click(f'.row[data-conversation="{first}"] a')
    page.fill("#reply", "belum selesai")
    page.click(f'.row[data-conversation="{second}"] a')
    expect(page.locator("[data-head] h1")).to_have_text("Pak Joko")
    expect(page.locator("#reply")).to_have_value("")
    page.go_back()
    expect(page.locator("[data-head] h1")).to_have_text("Ibu Ratna")
    expect(page.locator("#reply")).to_have_value("belum selesai")
    page.reload()
    expect(page.locator("#reply")).to_have_value("belum selesai")


def test_an_unusable_reply_is_refused_next_to_the_field(page: Page, server: Server, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    log_in(page, server)
    page.click(f'.row[data-conversation="{conversation_id}"] a')
    page.press("#reply", "Enter")
    expect(page.locator("[data-reply-error]")).to_have_text("Write something first.")


def test_a_restarted_server_is_found_again_with_everything_that_was_missed(
    page: Page, server: Server, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    log_in(page, server)
    page.click(f'.row[data-conversation="{conversation_id}"] a')
    page.fill("#reply", "draf")
    server.stop()
    expect(page.locator("html")).to_have_attribute("data-live", "off")
    for n in range(3):
        shop.customer_writes(conversation_id, f"terlewat {n}")
    page.press("#reply", "Enter")
    expect(page.locator("[data-reply-error]")).to_contain_text("Your text is still here")
    server.start()
    expect(page.locator("#messages [data-text]")).to_have_count(4)
    assert bubbles(page)[1:] == ["terlewat 0", "terlewat 1", "terlewat 2"]
    expect(page.locator("#reply")).to_have_value("draf")


def test_a_backlog_does_not_freeze_the_page(page: Page, server: Server, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    log_in(page, server)
    page.click(f'.row[data-conversation="{conversation_id}"] a')
    wait_live(page)
    for n in range(500):
        shop.customer_writes(conversation_id, f"pesan {n}")
    expect(page.locator("#messages [data-text]").last).to_have_text("pesan 499")
    expect(page.locator(".row")).to_contain_text("pesan 499")


def test_boxes_follow_who_has_taken_a_conversation(page: Page, server: Server, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    log_in(page, server)
    page.click("[data-box-link=unassigned]")
    expect(page.locator(".row")).to_have_count(1)
    with shop.database.write() as conn:
        assign(conn, conversation_id, shop.budi.id, utc_now())
        kind = events.EventKind.CONVERSATION_CHANGED
        events.append(conn, shop.account_id, kind, utc_now(), conversation_id)
    expect(page.locator(".row")).to_have_count(0)
    expect(page.locator("[data-empty]")).to_be_visible()
    expect(page.locator("[data-count=unassigned]")).to_have_text("0")


def test_older_messages_join_above_without_a_jump(page: Page, server: Server, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna")
    for n in range(150):
        shop.customer_writes(conversation_id, f"pesan {n}", at=utc_now() + timedelta(milliseconds=n))
    log_in(page, server)
    page.click(f'.row[data-conversation="{conversation_id}"] a')
    expect(page.locator("#messages [data-text]").last).to_be_in_viewport()
    for expected in (120, 150):
        page.locator("#scroller").evaluate("place => { place.scrollTop = 0 }")
        expect(page.locator("#messages [data-text]")).to_have_count(expected)
    assert bubbles(page) == [f"pesan {n}" for n in range(150)]
    expect(page.locator("[data-action=older]")).to_have_count(0)


def test_typing_shows_and_ends(page: Page, server: Server, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    log_in(page, server)
    page.click(f'.row[data-conversation="{conversation_id}"] a')

    def tell(kind: events.EventKind) -> None:
        shop.write(lambda conn: events.append(conn, shop.account_id, kind, utc_now(), conversation_id))

    tell(events.EventKind.TYPING)
    expect(page.locator("[data-typing]")).to_be_visible()
    tell(events.EventKind.TYPING_STOPPED)
    expect(page.locator("[data-typing]")).to_be_hidden()


def test_the_banner_comes_and_goes_with_the_link(page: Page, server: Server, shop: StaffedBooks) -> None:
    shop.online()
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    log_in(page, server)
    page.click(f'.row[data-conversation="{conversation_id}"] a')
    expect(page.locator("[data-banner]")).to_have_count(0)
    shop.link(LinkState.OFFLINE, LinkReason.NETWORK)
    expect(page.locator("[data-banner]")).to_contain_text("can't reach WhatsApp")
    expect(page.locator("[data-offline-note]")).to_be_visible()
    shop.online()
    expect(page.locator("[data-banner]")).to_have_count(0)
    expect(page.locator("[data-offline-note]")).to_be_hidden()


def test_how_far_things_are_moves_by_itself_and_goes_when_they_are_in(
    page: Page, server: Server, shop: StaffedBooks
) -> None:
    shop.online()
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    log_in(page, server)
    page.click(f'.row[data-conversation="{conversation_id}"] a')
    banner = page.locator("[data-banner]")
    coming = {"history_state": "importing", "history_at": utc_now()}
    page.set_viewport_size({"width": 360, "height": 740})
    for percent in (40, 80):
        shop.link(LinkState.ONLINE, **coming, history_percent=percent, history_messages=percent * 10)
        words = page.get_by_text(f"Importing earlier conversations: {percent} %, {percent * 10} messages")
        expect(words).to_be_visible()
    shop.link(LinkState.ONLINE, history_state="done", history_percent=100)
    expect(banner).to_have_count(0)
    for done in (20, 120):
        shop.link(LinkState.CATCHING_UP, backlog_total=200, backlog_done=done)
        expect(banner).to_contain_text(f"{done} of 200")
    shop.online()
    expect(banner).to_have_count(0)


def test_a_reply_moves_to_the_place_that_whatsapps_time_gives_it(
    page: Page, server: Server, shop: StaffedBooks
) -> None:
    now = utc_now()
    conversation_id = shop.new_customer("Ibu Ratna")
    shop.customer_writes(conversation_id, "satu", at=now)
    reply = shop.shop_wrote(conversation_id, "siap", Author.PHONE, at=now + timedelta(seconds=5))
    shop.customer_writes(conversation_id, "dua", at=now + timedelta(seconds=9))
    log_in(page, server)
    page.click(f'.row[data-conversation="{conversation_id}"] a')
    expect(page.locator("#messages [data-text]")).to_have_text(["satu", "siap", "dua"])

    def told(conn: Connection) -> None:
        messages.set_sent_at(conn, reply, now + timedelta(seconds=12))
        events.append(conn, shop.account_id, events.EventKind.MESSAGE_CHANGED, utc_now(), conversation_id, reply)

    shop.write(told)
    expect(page.locator("#messages [data-text]")).to_have_text(["satu", "dua", "siap"])


@pytest.mark.parametrize("width", [360, 1440])
def test_the_code_on_the_link_page_scans_to_the_text_in_the_database(
    page: Page, server: Server, shop: StaffedBooks, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    log_in(page, server)
    page.goto(f"{server.url}/link")
    wait_live(page)
    shop.link(LinkState.PAIRING, qr=QR, qr_expires_at=utc_now() + timedelta(seconds=60))
    code = page.locator("[data-qr] svg.qr")
    expect(code).to_be_visible()
    box = code.bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 260
    found = zxingcpp.read_barcode(Image.open(io.BytesIO(code.screenshot())))
    assert found
    assert found.text == QR
    expect(page.locator("[data-countdown]")).to_have_text(re.compile(r"[1-6]?\d seconds"))
    shop.link(LinkState.LINKING)
    expect(page.locator("[data-link-panel]")).to_have_attribute("data-state", "linking")
    expect(code).to_have_count(0)


def test_a_number_that_is_being_typed_survives_a_new_code(page: Page, server: Server, shop: StaffedBooks) -> None:
    shop.link(LinkState.PAIRING, qr=QR)
    log_in(page, server)
    page.goto(f"{server.url}/link")
    wait_live(page)
    page.click(".by-number summary")
    page.fill("[name=phone]", "0812 345")
    shop.link(LinkState.PAIRING, qr=QR.replace("Ab1/", "Cd2/"))
    expect(page.locator("[name=phone]")).to_be_focused()
    page.type("[name=phone]", "6 7890")
    page.click("[data-action=ask-code]")
    expect(page.locator("[data-pair-waiting]")).to_be_visible()
    shop.link(LinkState.PAIRING, pair_code="WXYZ1234")
    expect(page.locator("[data-pair-code]")).to_have_text("WXYZ-1234")
    assert shop.link_row().pair_phone == "6281234567890"


def test_on_a_phone_a_thread_fills_the_screen_and_the_arrow_leads_back(
    page: Page, server: Server, shop: StaffedBooks
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    conversation_id = shop.new_customer("Nama yang sangat panjang sekali " * 5, "kata" * 60)
    log_in(page, server)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.click(f'.row[data-conversation="{conversation_id}"] a')
    expect(page.locator("#reply")).to_be_in_viewport()
    expect(page.locator(".row")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.click("[data-action=back]")
    expect(page.locator(".row")).to_be_visible()


def test_logging_out_elsewhere_ends_here(page: Page, server: Server, shop: StaffedBooks) -> None:
    log_in(page, server)
    page.click(".account summary")
    page.click("[data-action=logout]")
    page.wait_for_url(f"{server.url}/login")


def test_the_page_works_without_scripts(browser: BrowserContext, server: Server, shop: StaffedBooks) -> None:
    assert browser.browser
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    context = browser.browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{server.url}/login")
    page.fill("[name=username]", "sari")
    page.fill("[name=password]", "kue lapis legit")
    page.click("[data-action=login]")
    page.click(f'.row[data-conversation="{conversation_id}"] a')
    page.fill("#reply", "Tanpa skrip")
    page.click("[data-action=send]")
    expect(page.locator("#messages [data-text]").last).to_have_text("Tanpa skrip")
    context.close()
