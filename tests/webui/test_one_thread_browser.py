"""A customer's one thread in a real browser: scrolling up leads into earlier conversations, so do quotations."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from daemon.domain.time import utc_now
from daemon.store import disappearing, events, messages, threads
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Server
from tests.webui.desk import desk_of, open_thread
from tests.webui.earlier import contact_of, quotes, three_conversations

pytestmark = pytest.mark.browser


def disappear(shop: StaffedBooks, conversation_id: int, seconds: int) -> None:
    """The customer has set it."""
    contact_id = contact_of(shop, conversation_id)
    kind = events.EventKind.CONVERSATION_CHANGED
    with shop.database.write() as conn:
        disappearing.note(conn, contact_id, seconds, utc_now())
        events.append(conn, shop.account_id, kind, utc_now(), conversation_id)


def loads_upwards(page: Page, count: int) -> None:
    """Look at the very top until so many messages are there; what was first is where it was."""
    shown = page.locator("#messages [data-message]")
    first = shown.first.get_attribute("id")
    page.locator("#scroller").evaluate("place => { place.scrollTop = 5 }")
    before = page.locator(f"#{first}").evaluate("one => one.getBoundingClientRect().top")
    expect(shown).to_have_count(count)
    after = page.locator(f"#{first}").evaluate("one => one.getBoundingClientRect().top")
    # a day line that was above it may have gone into the part before
    assert abs(after - before) < 80


@pytest.mark.parametrize("size", [(360, 740), (820, 1180), (1440, 900)])
def test_scrolling_up_leads_through_all_conversations_of_a_customer(
    chromium: Browser, server: Server, shop: StaffedBooks, size: tuple[int, int]
) -> None:
    first, second, third = three_conversations(shop, lines=50)
    with shop.database.read() as conn:
        quoted = threads.of_conversation(conn, first)[0].id
        newest = messages.newest_id(conn, third)
    quotes(shop, newest, quoted)
    with desk_of(chromium, server, "sari", viewport={"width": size[0], "height": size[1]}) as page:
        open_thread(page, third)
        texts = page.locator("#messages [data-text]")
        ends = page.locator(".conversation-end")
        expect(texts.last).to_be_in_viewport()
        expect(texts).to_have_count(60)
        expect(ends).to_have_count(1)
        loads_upwards(page, 120)
        if size[0] != 820:
            # the rest is loaded by whoever asks for a message that is quoted from there
            page.locator("[data-action=to-end]").evaluate("one => { one.hidden = false }")
            page.click("[data-action=to-end]")
            page.locator(".quoted a").click()
            expect(page.locator(f"#message-{quoted}")).to_be_in_viewport()
        else:
            loads_upwards(page, 150)
        expect(ends).to_have_count(2)
        expect(ends.first).to_have_text(re.compile(r"Resolved by Sari, .* at \d\d:\d\d"))
        expect(page.locator(".thread-start")).to_have_text("Older messages are on the phone.")
        expect(page.locator("[data-action=older]")).to_have_count(0)
        found = texts.all_text_contents()
        assert found == [f"{name}-{n}." for name in ("pertama", "kedua", "ketiga") for n in range(50)]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        # what comes now has its place at the end, what changes above is drawn where it stands
        shop.customer_writes(third, "masih ada?")
        expect(texts.last).to_have_text("masih ada?")
        shop.changed(first, quoted, lambda conn: messages.react(conn, quoted, True, "👍", utc_now()))
        expect(page.locator(f"#message-{quoted} .reactions")).to_have_text("👍")
        expect(texts).to_have_count(151)
        # the shop is told once the chat loses its messages, and no more when it does not
        sentence = page.locator("[data-disappearing]")
        expect(sentence).to_have_count(0)
        disappear(shop, third, 7 * 86_400)
        expect(sentence).to_contain_text("Disappearing messages: 7 days. WhatsApp deletes them on the phones")
        disappear(shop, third, 0)
        expect(sentence).to_have_count(0)
        # another conversation of the same customer's puts nothing into this thread that is not there
        shop.customer_writes(second, "lama", at=utc_now() - timedelta(days=20))
        shop.write(lambda conn: events.append(conn, shop.account_id, events.EventKind.TYPING, utc_now(), third))
        expect(page.locator("[data-typing]")).to_be_visible()
        expect(texts).to_have_count(151)


def test_a_quotation_from_very_far_up_opens_that_part(
    chromium: Browser, server: Server, shop: StaffedBooks
) -> None:
    first, _second, third = three_conversations(shop, lines=300)
    with shop.database.read() as conn:
        quoted = threads.of_conversation(conn, first, limit=1000)[2].id
        newest = messages.newest_id(conn, third)
    quotes(shop, newest, quoted)
    with desk_of(chromium, server, "sari") as page:
        open_thread(page, third)
        page.locator(".quoted a").click()
        expect(page.locator(f"#message-{quoted}")).to_be_in_viewport()
        expect(page).to_have_url(re.compile(rf"/c/{third}\?at={quoted}#message-{quoted}$"))
        page.get_by_text("To the newest messages").click()
        expect(page.locator("#composer")).to_be_visible()
