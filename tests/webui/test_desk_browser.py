"""The shared desk in real browsers: who answers is seen at once, and everything is done without a reload."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, expect

from daemon.desk import assignment as desk_assignment
from daemon.desk import claims as desk_claims
from daemon.desk import conversations, no_reply_needed, notes, other_devices, quick_replies, replies, settings
from daemon.domain.desk import THE_DESK, Action, Priority
from daemon.domain.messages import Author, Delivery
from daemon.domain.time import utc_now
from daemon.domain.turns import Closer
from daemon.store import assignment as store_assignment
from daemon.store import audit, conversation_list, events
from daemon.store import claims as store_claims
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Server
from tests.webui.desk import by, desk_of, open_thread, row

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Browser, server: Server, shop: StaffedBooks) -> Iterator[Page]:
    """Sari's browser."""
    with desk_of(chromium, server, "sari") as page:
        yield page


@pytest.fixture
def both(chromium: Browser, server: Server, shop: StaffedBooks) -> Iterator[tuple[Page, Page]]:
    """Sari's browser and Budi's."""
    with ExitStack() as stack:
        yield (
            stack.enter_context(desk_of(chromium, server, "sari")),
            stack.enter_context(desk_of(chromium, server, "budi")),
        )


@pytest.mark.parametrize(("decision", "end"), [("send-anyway", "queued"), ("discard", "discarded")])
def test_a_held_reply_is_decided_with_one_click(page: Page, shop: StaffedBooks, decision: str, end: str) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "masih ada?")
    closer = Closer(Author.ADMIN, shop.sari.id)
    reply = shop.write(lambda conn: replies.answer(conn, conversation_id, closer, "ada", utc_now()))
    phone = shop.shop_wrote(conversation_id, "dari HP", Author.PHONE, delivery=Delivery.SENT.value)
    by_phone = Closer(Author.PHONE, device=0)
    shop.write(
        lambda conn: other_devices.answered(conn, shop.account_id, conversation_id, phone, by_phone, utc_now())
    )
    open_thread(page, conversation_id)
    bubble = page.locator(f'[data-message="{reply}"]')
    expect(bubble).to_have_attribute("data-delivery", "held")
    bubble.locator(f"[data-decision={decision}]").click()
    expect(bubble).to_have_attribute("data-delivery", end)
    expect(bubble.locator("[data-decision]")).to_have_count(0)


def test_typing_is_seen_by_the_colleague_until_the_field_is_empty(
    both: tuple[Page, Page], shop: StaffedBooks
) -> None:
    sari, budi = both
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    open_thread(sari, conversation_id)
    open_thread(budi, conversation_id)
    sari.type("#reply", "Hal")
    expect(budi.locator("[data-claim]")).to_contain_text("Sari is answering this")
    expect(budi.locator(row(budi, conversation_id))).to_contain_text("Sari is answering")
    # to herself nobody says so
    expect(sari.locator(f"{row(sari, conversation_id)} .row-claim")).to_be_hidden()
    expect(sari.locator("[data-claimed]")).to_have_count(0)
    sari.fill("#reply", "")
    expect(budi.locator("[data-claimed]")).to_have_count(0)
    expect(budi.locator(f"{row(budi, conversation_id)} .row-claim")).to_have_count(0)


def test_leaving_a_thread_ends_what_one_was_answering(both: tuple[Page, Page], shop: StaffedBooks) -> None:
    sari, budi = both
    conversation_id, other = shop.new_customer("Ibu Ratna", "halo"), shop.new_customer("Pak Joko", "pagi")
    open_thread(sari, conversation_id)
    sari.type("#reply", "Hal")
    expect(budi.locator(row(budi, conversation_id))).to_contain_text("Sari is answering")
    open_thread(sari, other)
    expect(budi.locator(f"{row(budi, conversation_id)} .row-claim")).to_have_count(0)


def test_taking_over_is_asked_for_and_said(both: tuple[Page, Page], shop: StaffedBooks) -> None:
    sari, budi = both
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    open_thread(sari, conversation_id)
    open_thread(budi, conversation_id)
    sari.type("#reply", "Halo, Bu")
    budi.type("#reply", "Saya saja")
    expect(budi.locator("[data-claimed]")).to_be_visible()
    # sending without having asked is refused, and nothing typed is lost
    budi.press("#reply", "Enter")
    send_over = budi.locator("[data-action=send-over]")
    expect(send_over).to_be_visible()
    expect(budi.locator("#reply")).to_have_value("Saya saja")
    send_over.click()
    expect(budi.locator("#messages .message.own [data-text]")).to_have_text("Saya saja")
    expect(budi.locator(".activity")).to_contain_text("Budi took over the reply from Sari")
    # and whoever was slower is told
    expect(sari.locator("[data-answered]")).to_contain_text("Budi was faster")
    expect(sari.locator("#reply")).to_have_value("Halo, Bu")


def test_a_claim_can_be_taken_over_before_writing(both: tuple[Page, Page], shop: StaffedBooks) -> None:
    sari, budi = both
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    open_thread(sari, conversation_id)
    open_thread(budi, conversation_id)
    sari.type("#reply", "Halo")
    budi.click("[data-action=take-over]")
    expect(budi.locator("[data-claimed]")).to_have_count(0)
    expect(sari.locator("[data-claim]")).to_contain_text("Budi is answering this")
    found = shop.write(lambda conn: store_claims.holder(conn, conversation_id, utc_now()))
    assert found.admin_id == shop.budi.id


def test_marks_follow_what_happens(page: Page, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    open_thread(page, conversation_id)
    mark = page.locator(".turn-mark")
    expect(mark).to_contain_text("Waiting since")
    last = shop.customer_writes(conversation_id, "ada?")
    expect(mark).to_have_attribute("data-after", str(last))
    expect(page.locator(f'[data-message="{last}"] + .turn-mark')).to_have_count(1)
    page.click("[data-action=handled]")
    expect(mark).to_contain_text("Marked as handled by Sari")
    expect(page.locator("[name=turn_id]")).to_have_value("")
    page.click("[data-action=unhandled]")
    expect(mark).to_contain_text("Waiting since")
    shop.shop_wrote(conversation_id, "dari HP", Author.PHONE, delivery=Delivery.SENT.value)
    expect(mark).to_contain_text("Answered on the phone")
    mark.locator("a").click()
    expect(page.locator(".pointed-at [data-text]")).to_have_text("dari HP")


def test_a_conversation_is_taken_sorted_handed_over_and_resolved_without_a_reload(
    both: tuple[Page, Page], shop: StaffedBooks
) -> None:
    sari, budi = both
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    open_thread(sari, conversation_id)
    sari.click("[data-action=take]")
    expect(sari.locator(".head-state")).to_have_text("With Sari")
    expect(sari.locator("[data-action=take]")).to_be_hidden()
    expect(sari.locator(".activity").last).to_contain_text("Sari took this")
    sari.click("[data-menu=priority] summary")
    sari.click(".menu-item[value=urgent]")
    expect(sari.locator(row(sari, conversation_id))).to_have_attribute("data-priority", "urgent")
    expect(sari.locator("[data-menu=priority]")).not_to_have_attribute("open", "")

    sari.click("[data-menu=assign] summary")
    sari.fill(".menu-note textarea", "@budi tolong, saya istirahat")
    # news of the conversation don't take the words away
    shop.customer_writes(conversation_id, "halo?")
    expect(sari.locator("#messages [data-text]").last).to_have_text("halo?")
    expect(sari.locator(".menu-note textarea")).to_have_value("@budi tolong, saya istirahat")
    sari.click(f'.people [data-colleague="{shop.budi.id}"]')
    expect(sari.locator(".head-state")).to_have_text("With Budi")
    expect(sari.locator(".message.note [data-text]")).to_have_text("@budi tolong, saya istirahat")
    named = budi.locator("[data-toast]:not([data-given])")
    expect(named).to_contain_text("You were named in a note")
    expect(budi.locator(f"{row(budi, conversation_id)} [data-mentioned]")).to_be_visible()
    named.locator("a").click()
    expect(budi.locator("[data-head] h1")).to_have_text("Ibu Ratna")
    expect(budi.locator(f"{row(budi, conversation_id)} [data-mentioned]")).to_be_hidden()

    budi.click("[data-action=resolve]")
    budi.click("[data-action=resolve-anyway]")
    expect(sari.locator("[data-closed]")).to_be_visible()
    expect(sari.locator(row(sari, conversation_id))).to_have_count(0)
    sari.click("[data-box-link=resolved]")
    expect(sari.locator(row(sari, conversation_id))).to_be_visible()
    open_thread(sari, conversation_id)
    sari.click("[data-action=reopen-below]")
    expect(sari.locator("#reply")).to_be_visible()
    expect(budi.locator(row(budi, conversation_id))).to_be_visible()


def test_a_slash_offers_quick_replies_by_keyboard(page: Page, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    for short, text in (("ongkir", "Ongkir untuk {name}"), ("rek", "BCA 123")):
        shop.write(
            lambda conn, short=short, text=text: quick_replies.save(
                conn, shop.account_id, None, None, short, text, by(shop.sari), utc_now()
            )
        )
    open_thread(page, conversation_id)
    page.type("#reply", "Siap. /")
    expect(page.locator("[role=option]")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(page.locator("[aria-selected=true]")).to_contain_text("/rek")
    page.keyboard.type("o")
    expect(page.locator("[role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#reply")).to_have_value("Siap. Ongkir untuk Ibu Ratna")
    expect(page.locator("[data-suggestions]")).to_be_hidden()
    assert page.locator("#messages .own").count() == 0
    page.click("[data-action=quick]")
    page.locator("[role=option]").nth(1).click()
    expect(page.locator("#reply")).to_have_value("Siap. Ongkir untuk Ibu Ratna BCA 123")
    page.type("#reply", " /rek")
    expect(page.locator("[data-suggestions]")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator("#messages .own [data-text]")).to_have_text("Siap. Ongkir untuk Ibu Ratna BCA 123 /rek")


def test_a_note_is_written_in_the_same_field_and_claims_nothing(
    both: tuple[Page, Page], shop: StaffedBooks
) -> None:
    sari, budi = both
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    open_thread(sari, conversation_id)
    open_thread(budi, conversation_id)
    sari.click(".modes label:has([value=note])")
    sari.type("#reply", "@bu")
    expect(sari.locator("[role=option]")).to_have_text(re.compile("@budi"))
    sari.keyboard.press("Tab")
    sari.keyboard.type("harga lama ya")
    sari.keyboard.press("Enter")
    expect(budi.locator(".message.note [data-text]")).to_have_text("@budi harga lama ya")
    expect(budi.locator(".turn-mark")).to_contain_text("Waiting since")
    expect(budi.locator("[data-claimed]")).to_have_count(0)
    assert shop.open_turn(conversation_id)
    # the turn that was seen is still the one that the next reply answers
    sari.click(".modes label:has([value=reply])")
    sari.fill("#reply", "Halo, Bu")
    sari.press("#reply", "Enter")
    expect(budi.locator(".turn-mark")).to_contain_text("Answered by Sari")


def test_the_customers_panel_is_kept_by_everyone(both: tuple[Page, Page], shop: StaffedBooks) -> None:
    sari, budi = both
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    for page in both:
        open_thread(page, conversation_id)
        page.click("[data-action=details]")
        expect(page.locator("[data-details]")).to_be_visible()
    budi.fill("#contact-note", "sedang saya tulis")
    sari.fill(".details-line [name=tag]", "Grosir")
    sari.press(".details-line [name=tag]", "Enter")
    expect(budi.locator(".tags .tag")).to_have_text("Grosir")
    expect(budi.locator("#contact-note")).to_have_value("sedang saya tulis")
    expect(sari.locator(".details-line [name=tag]")).to_have_value("")
    expect(sari.locator(row(sari, conversation_id))).to_contain_text("Grosir")
    budi.click("[data-action=save-note]")
    expect(sari.locator("#contact-note")).to_have_value("sedang saya tulis")
    sari.click("[data-action=tag]")
    expect(sari.locator('[data-error="tag"]')).to_have_text("Write a tag first.")
    sari.fill(".details-line.two [name=name]", "Ukuran")
    sari.fill(".details-line.two [name=value]", "20 cm")
    sari.click("[data-action=add-field]")
    expect(sari.locator(".details-field [name=value]")).to_have_value("20 cm")
    sari.fill(".details-field [name=value]", "24 cm")
    sari.press(".details-field [name=value]", "Enter")
    expect(budi.locator(".details-field [name=value]")).to_have_value("24 cm")
    budi.press("#contact-note", "Escape")
    expect(budi.locator("[data-details]")).to_have_count(0)


def test_an_alarm_is_shown_until_somebody_has_looked(page: Page, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    other = shop.new_customer("Pak Joko", "pagi")
    open_thread(page, other)
    turn = shop.open_turn(conversation_id)
    assert turn

    def ring() -> None:
        with shop.database.write() as conn:
            store_assignment.note_alarm(conn, turn, utc_now())
            line = audit.record(conn, shop.account_id, Action.ALARM, THE_DESK, utc_now(), conversation_id)
            kind = events.EventKind.ALARM
            events.append(conn, shop.account_id, kind, utc_now(), conversation_id, audit_id=line)

    ring()
    expect(page.locator("[data-toast]")).to_contain_text("Ibu Ratna has been waiting for")
    expect(page).to_have_title(re.compile("^⚠ "))
    expect(page.locator(row(page, conversation_id))).to_have_attribute("data-alarmed", "")
    page.click("[data-toast] a")
    expect(page.locator("[data-head] h1")).to_have_text("Ibu Ratna")
    expect(page.locator("[data-toast]")).to_have_count(0)
    expect(page).not_to_have_title(re.compile("⚠"))
    expect(page.locator(".turn-mark")).to_have_attribute("data-alarmed", "")
    open_thread(page, other)
    ring()
    expect(page.locator("[data-toast]")).to_be_visible()
    # the answer of somebody else ends it as well
    shop.write(
        lambda conn: replies.answer(conn, conversation_id, Closer(Author.ADMIN, shop.budi.id), "sudah", utc_now())
    )
    expect(page.locator("[data-toast]")).to_have_count(0)


def test_strict_mode_locks_the_field_and_a_note_is_still_possible(page: Page, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    shop.write(lambda conn: settings.save(conn, shop.account_id, {"strict": True}, by(shop.sari), utc_now()))
    open_thread(page, conversation_id)
    expect(page.locator("#reply")).to_be_visible()
    shop.write(lambda conn: desk_assignment.assign(conn, conversation_id, shop.budi.id, by(shop.budi), utc_now()))
    expect(page.locator("[data-locked]")).to_contain_text("Only Budi may answer this.")
    expect(page.locator("#reply")).to_be_hidden()
    page.click(".modes label:has([value=note])")
    expect(page.locator("#reply")).to_be_visible()
    page.click(".modes label:has([value=reply])")
    page.click("[data-action=take-locked]")
    expect(page.locator("#reply")).to_be_visible()
    expect(page.locator(".head-state")).to_have_text("With Sari")


def test_the_list_can_be_narrowed_to_a_tag_and_stays_so(page: Page, shop: StaffedBooks) -> None:
    tagged, plain = shop.new_customer("Ibu Ratna", "halo"), shop.new_customer("Pak Joko", "pagi")
    shop.write(lambda conn: conversations.tag(conn, tagged, "Grosir", by(shop.sari), utc_now()))
    # the list is exchanged as a whole, with the menu
    page.click("[data-box-link=resolved]")
    expect(page.locator("[data-box-link=resolved]")).to_have_attribute("aria-current", "page")
    page.click("[data-box-link=all]")
    expect(page.locator("[data-box-link=all]")).to_have_attribute("aria-current", "page")
    page.click("[data-menu=tags] summary")
    page.click("[data-menu=tags] a")
    expect(page.locator(".row")).to_have_count(1)
    shop.customer_writes(plain, "halo?")
    shop.customer_writes(tagged, "ada?")
    expect(page.locator(row(page, tagged))).to_contain_text("ada?")
    expect(page.locator(".row")).to_have_count(1)
    open_thread(page, tagged)
    expect(page.locator(".filtered")).to_contain_text("Grosir")
    page.click("[data-box-link=no-tag]")
    expect(page.locator(".row")).to_have_count(2)


def test_the_team_is_seen_coming(both: tuple[Page, Page], shop: StaffedBooks) -> None:
    sari, _ = both
    for one in (shop.sari, shop.budi):
        expect(sari.locator(f'[data-team] [data-colleague="{one.id}"]')).to_have_attribute("data-place", "here")


def test_a_second_click_does_nothing_twice(both: tuple[Page, Page], shop: StaffedBooks) -> None:
    sari, budi = both
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    turn = shop.open_turn(conversation_id)
    assert turn
    open_thread(sari, conversation_id)
    # the news of the colleague's click is kept back, so that both see the button
    sari.evaluate("() => { WebSocket.prototype.dispatchEvent = () => true }")
    sari.route("**/handled", lambda route: (_handled_first(shop, conversation_id, turn), route.continue_())[1])
    sari.click("[data-action=handled]")
    expect(sari.locator("[data-toast]")).to_contain_text("Somebody else was faster")
    open_thread(budi, conversation_id)
    expect(budi.locator(".turn-mark")).to_contain_text("Marked as handled by Budi")


def _handled_first(shop: StaffedBooks, conversation_id: int, turn: int) -> None:
    shop.write(lambda conn: no_reply_needed.mark(conn, conversation_id, turn, by(shop.budi), utc_now()))


def test_on_a_phone_everything_is_within_reach(chromium: Browser, server: Server, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Nama yang sangat panjang sekali " * 4, "halo")
    urgent = Priority.URGENT
    shop.write(lambda conn: conversations.set_priority(conn, conversation_id, urgent, by(shop.sari), utc_now()))
    shop.write(lambda conn: notes.add(conn, conversation_id, "catatan " * 60, by(shop.budi), utc_now()))
    shop.write(lambda conn: desk_claims.take(conn, conversation_id, by(shop.budi), "tab", utc_now()))
    phone = {"width": 360, "height": 740}
    with desk_of(chromium, server, "sari", viewport=phone, has_touch=True, is_mobile=True) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        open_thread(page, conversation_id)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        for action in ("take", "resolve", "details"):
            box = page.locator(f"[data-head] [data-action={action}]").bounding_box()
            assert box
            assert min(box["width"], box["height"]) >= 40
            assert box["x"] + box["width"] <= 360
        page.tap("[data-menu=assign] summary")
        expect(page.locator(f'.people [data-colleague="{shop.budi.id}"]')).to_be_in_viewport()
        page.tap(f'.people [data-colleague="{shop.budi.id}"]')
        expect(page.locator(".head-state")).to_have_text("With Budi")
        page.tap("[data-action=details]")
        expect(page.locator("[data-details]")).to_be_in_viewport()
        page.tap("[data-action=close-details]")
        expect(page.locator("#reply")).to_be_in_viewport()
    with shop.database.read() as conn:
        about = conversation_list.summary(conn, conversation_id)
    assert about
    assert about.assignee_id == shop.budi.id
