"""A message's menu in real browsers: by mouse, keyboard and finger; what is quoted, edited, deleted is seen."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from daemon.domain.message_changes import ChangeKind
from daemon.domain.messages import Author, Delivery
from daemon.domain.time import utc_now
from daemon.store import message_changes as store
from daemon.store import messages, threads
from daemon.store.message_changes import OutgoingChange
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Server
from tests.webui.desk import desk_of, open_thread

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Browser, server: Server, shop: StaffedBooks) -> Iterator[Page]:
    """Sari's browser; she is the owner."""
    with desk_of(chromium, server, "sari") as page:
        yield page


@pytest.fixture
def chat(shop: StaffedBooks) -> int:
    return shop.new_customer("Ibu Ratna", "masih ada kue?")


def written_by(shop: StaffedBooks, chat: int, admin_id: int) -> int:
    return shop.shop_wrote(chat, "masih, Bu", Author.ADMIN, admin_id=admin_id, delivery=Delivery.SENT.value)


def queued(shop: StaffedBooks) -> list[OutgoingChange]:
    with shop.database.read() as conn:
        return store.queued(conn, shop.account_id)


def menu(page: Page, message_id: int, item: str) -> None:
    """Open a message's menu and press something in it."""
    message = page.locator(f'[data-message="{message_id}"]')
    message.locator("[data-action=message-menu]").click()
    message.locator(item).click()


def test_a_message_is_quoted_and_the_quotation_leads_to_it(page: Page, shop: StaffedBooks, chat: int) -> None:
    open_thread(page, chat)
    with shop.database.read() as conn:
        question = threads.of_conversation(conn, chat)[0].id
    menu(page, question, "[data-action=quote]")
    expect(page.locator("[data-draft-about]")).to_contain_text("You reply to: masih ada kue?")
    page.keyboard.type("Masih, Bu")
    page.keyboard.press("Enter")
    reply = page.locator("#messages .own").last
    expect(reply.locator("blockquote")).to_have_text("masih ada kue?")
    expect(page.locator("[data-draft-about]")).to_be_hidden()
    reply.locator("blockquote a").click()
    expect(page.locator(f'[data-message="{question}"].pointed-at')).to_be_visible()


def test_an_edit_leaves_the_draft_alone_and_waits_under_the_old_words(
    page: Page, shop: StaffedBooks, chat: int
) -> None:
    reply = written_by(shop, chat, shop.sari.id)
    open_thread(page, chat)
    page.fill("#reply", "belum selesai")
    menu(page, reply, "[data-action=edit]")
    expect(page.locator("#reply")).to_have_value("masih, Bu")
    page.fill("#reply", "masih, Kak")
    page.press("#reply", "Enter")
    bubble = page.locator(f'[data-message="{reply}"]')
    expect(bubble.locator("[data-change]")).to_contain_text("masih, Kak")
    expect(bubble.locator("[data-text]")).to_have_text("masih, Bu")
    expect(page.locator("#reply")).to_have_value("belum selesai")
    # the session has sent it
    [change] = queued(shop)
    now = utc_now()
    shop.changed(chat, reply, lambda conn: store.settle(conn, change.id, store.OutboxState.SENT))
    shop.changed(chat, reply, lambda conn: messages.edit(conn, reply, "masih, Kak", now))
    expect(bubble.locator("[data-text]")).to_have_text("masih, Kak")
    expect(bubble.locator("[data-change]")).to_have_count(0)
    bubble.locator(".earlier summary").click()
    expect(bubble.locator(".earlier p")).to_have_text("masih, Bu")


def drafts_mode(page: Page) -> str | None:
    return page.locator("#composer").get_attribute("data-mode")


def test_a_note_that_is_being_written_comes_back_as_a_note(page: Page, shop: StaffedBooks, chat: int) -> None:
    reply = written_by(shop, chat, shop.sari.id)
    open_thread(page, chat)
    page.check("[name=mode][value=note]", force=True)
    page.fill("#reply", "awas, dia suka menawar")
    # an edit that is dropped, one that is saved, and a quotation
    menu(page, reply, "[data-action=edit]")
    expect(page.locator(".modes")).to_be_hidden()
    assert drafts_mode(page) == "reply"
    page.click("[data-action=drop-draft-about]")
    expect(page.locator("#reply")).to_have_value("awas, dia suka menawar")
    assert drafts_mode(page) == "note"
    menu(page, reply, "[data-action=edit]")
    page.fill("#reply", "masih, Kak")
    page.press("#reply", "Enter")
    expect(page.locator(f'[data-message="{reply}"] [data-change]')).to_contain_text("masih, Kak")
    expect(page.locator("#reply")).to_have_value("awas, dia suka menawar")
    assert drafts_mode(page) == "note"
    menu(page, reply, "[data-action=quote]")
    expect(page.locator("#reply")).to_have_value("")
    assert drafts_mode(page) == "reply"
    page.keyboard.type("lanjut, Bu")
    page.keyboard.press("Enter")
    # somebody has answered already: it is asked, and news of the conversation takes the question away from nobody
    expect(page.locator("[data-answered]")).to_be_visible()
    shop.changed(chat, reply, lambda conn: messages.raise_delivery(conn, reply, Delivery.READ))
    expect(page.locator(f'[data-message="{reply}"]')).to_have_attribute("data-delivery", "read")
    page.click("[data-answered] [name=follow_up]")
    expect(page.locator("#messages .own [data-text]").last).to_have_text("lanjut, Bu")
    expect(page.locator("#reply")).to_have_value("awas, dia suka menawar")
    assert drafts_mode(page) == "note"
    page.press("#reply", "Enter")
    expect(page.locator("#messages .note [data-text]").last).to_have_text("awas, dia suka menawar")


def test_who_turns_to_a_note_in_the_middle_of_a_quotation_has_his_note_again(
    page: Page, shop: StaffedBooks, chat: int
) -> None:
    reply = written_by(shop, chat, shop.sari.id)
    open_thread(page, chat)
    page.check("[name=mode][value=note]", force=True)
    page.fill("#reply", "catatan")
    menu(page, reply, "[data-action=quote]")
    page.check("[name=mode][value=note]", force=True)
    expect(page.locator("#reply")).to_have_value("catatan")
    expect(page.locator("[data-draft-about]")).to_be_hidden()
    open_thread(page, shop.new_customer("Pak Joko", "pagi"))
    open_thread(page, chat)
    expect(page.locator("#reply")).to_have_value("catatan")
    assert drafts_mode(page) == "note"


def test_deleting_asks_and_a_reaction_is_one_tap(page: Page, shop: StaffedBooks, chat: int) -> None:
    reply = written_by(shop, chat, shop.budi.id)
    open_thread(page, chat)
    menu(page, reply, '[name=emoji][value="👍"]')
    expect(page.locator(f'[data-message="{reply}"] [data-change]')).to_contain_text("👍")
    expect(page.locator(".message > [data-message-menu]")).to_have_count(0)
    menu(page, reply, ".delete summary")
    assert [one.kind for one in queued(shop)] == [ChangeKind.REACTION]
    page.click(f'[data-message="{reply}"] [data-action=delete]')
    expect(page.locator(f'[data-message="{reply}"] [data-change]')).to_have_text(
        "It is being deleted for everyone."
    )
    assert [one.kind for one in queued(shop)] == [ChangeKind.REVOKE]


def test_the_keyboard_reaches_everything_and_comes_back(page: Page, shop: StaffedBooks, chat: int) -> None:
    reply = written_by(shop, chat, shop.sari.id)
    open_thread(page, chat)
    # the field takes the focus as soon as the thread is there
    expect(page.locator("#reply")).to_be_focused()
    more = page.locator(f'[data-message="{reply}"] [data-action=message-menu]')
    more.focus()
    # whatever is drawn anew meanwhile
    shop.changed(chat, reply, lambda conn: messages.raise_delivery(conn, reply, Delivery.DELIVERED))
    expect(page.locator(f'[data-message="{reply}"]')).to_have_attribute("data-delivery", "delivered")
    expect(more).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(f'[data-message="{reply}"] [name=emoji]').first).to_be_focused()
    # a tick that comes meanwhile takes nothing away
    shop.changed(chat, reply, lambda conn: messages.raise_delivery(conn, reply, Delivery.READ))
    expect(page.locator(f'[data-message="{reply}"]')).to_have_attribute("data-delivery", "read")
    expect(page.locator(f'[data-message="{reply}"] [name=emoji]').first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(f'[data-message="{reply}"] [data-action=message-menu]')).to_be_focused()
    page.keyboard.press("r")
    expect(page.locator("[data-draft-about]")).to_contain_text("masih, Bu")


def test_only_the_writer_and_the_owner_are_offered_to_change_it(
    chromium: Browser, server: Server, shop: StaffedBooks, chat: int
) -> None:
    reply, own = written_by(shop, chat, shop.sari.id), written_by(shop, chat, shop.budi.id)
    with desk_of(chromium, server, "budi") as page:
        open_thread(page, chat)
        for message_id, shown in ((reply, False), (own, True)):
            message = page.locator(f'[data-message="{message_id}"]')
            message.locator("[data-action=message-menu]").click()
            expect(message.locator("[data-action=quote]")).to_be_visible()
            expect(message.locator("[data-action=edit]")).to_be_visible(visible=shown)
            expect(message.locator(".delete")).to_be_visible(visible=shown)


def test_a_swipe_to_the_right_replies_to_a_message(
    chromium: Browser, server: Server, shop: StaffedBooks, chat: int
) -> None:
    with desk_of(
        chromium, server, "sari", viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    ) as page:
        open_thread(page, chat)
        session = page.context.new_cdp_session(page)
        box = page.locator("#messages .theirs .bubble").last.bounding_box()
        assert box is not None
        x, y = box["x"] + 20, box["y"] + box["height"] / 2
        for kind, to in (("touchStart", x), ("touchMove", x + 50), ("touchMove", x + 110), ("touchEnd", None)):
            points = [] if to is None else [{"x": to, "y": y}]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        expect(page.locator("[data-draft-about]")).to_contain_text("masih ada kue?")
