"""The reply field in a real browser while others answer, customers go on, and requests take their time."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from daemon.desk import assignment, replies, settings
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.domain.turns import Closer
from daemon.store import conversation_list
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Server
from tests.webui.desk import by, desk_of, open_thread

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Browser, server: Server, shop: StaffedBooks) -> Iterator[Page]:
    """Sari's browser."""
    with desk_of(chromium, server, "sari") as page:
        yield page


def budi_answers(shop: StaffedBooks, conversation_id: int, text: str) -> None:
    closer = Closer(Author.ADMIN, shop.budi.id)
    shop.write(lambda conn: replies.answer(conn, conversation_id, closer, text, utc_now(), take_over=True))


def test_a_kept_text_answers_the_next_question(page: Page, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "ada kue?")
    open_thread(page, conversation_id)
    page.fill("#reply", "Ada, Bu, 50 ribu")
    budi_answers(shop, conversation_id, "ada")
    expect(page.locator("[data-answered]")).to_contain_text("Budi was faster")
    shop.customer_writes(conversation_id, "berapa harganya?")
    expect(page.locator("[data-answered]")).to_have_count(0)
    expect(page.locator("[data-answered-before]")).to_contain_text("Budi answered the question before")
    expect(page.locator("[data-answered-before] q")).to_have_text("ada")
    expect(page.locator("#reply")).to_have_value("Ada, Bu, 50 ribu")
    turn = shop.open_turn(conversation_id)
    assert turn
    expect(page.locator("[name=turn_id]")).to_have_value(str(turn))
    page.press("#reply", "Enter")
    expect(page.locator("#messages .own [data-text]").last).to_have_text("Ada, Bu, 50 ribu")
    expect(page.locator("[data-answered-before]")).to_have_count(0)
    assert shop.mark(turn).closer.admin_id == shop.sari.id


def test_a_refused_text_answers_the_next_question(page: Page, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "ada kue?")
    open_thread(page, conversation_id)
    page.fill("#reply", "Ada, Bu")
    budi_answers(shop, conversation_id, "ada")
    with page.expect_response(lambda response: response.status == 409):
        page.press("#reply", "Enter")
    expect(page.locator("[data-answered]")).to_be_visible()
    shop.customer_writes(conversation_id, "kirim hari ini?")
    expect(page.locator("[data-answered]")).to_have_count(0)
    # or he would be told that one more message came
    expect(page.locator("#messages .theirs [data-text]").last).to_have_text("kirim hari ini?")
    page.press("#reply", "Enter")
    expect(page.locator("#messages .own [data-text]").last).to_have_text("Ada, Bu")
    assert shop.open_turn(conversation_id) is None


def test_without_scripts_a_refused_text_answers_the_next_question(
    chromium: Browser, server: Server, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "ada kue?")
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{server.url}/login")
    page.fill("[name=username]", "sari")
    page.fill("[name=password]", "kue lapis legit")
    page.click("[data-action=login]")
    page.click(f'.row[data-conversation="{conversation_id}"] a')
    budi_answers(shop, conversation_id, "ada")
    shop.customer_writes(conversation_id, "kirim hari ini?")
    page.fill("#reply", "Ada, Bu")
    page.click("[data-action=send]")
    expect(page.locator("[data-answered-before]")).to_contain_text("Budi answered the question before")
    expect(page.locator("#reply")).to_have_value("Ada, Bu")
    page.click("[data-action=send]")
    expect(page.locator("#messages .own [data-text]").last).to_have_text("Ada, Bu")
    assert shop.open_turn(conversation_id) is None
    context.close()


def test_a_follow_up_that_is_asked_for_meanwhile_is_sent_afterwards(page: Page, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "ada kue?")
    open_thread(page, conversation_id)
    page.fill("#reply", "Ada juga yang cokelat")
    budi_answers(shop, conversation_id, "ada")
    expect(page.locator("[data-action=follow-up]")).to_be_visible()
    under_way: list[Route] = []
    page.route("**/answer*", lambda route: route.continue_() if under_way else under_way.append(route))
    with page.expect_request("**/answer*"):
        page.press("#reply", "Enter")
    page.click("[data-action=follow-up]")
    under_way[0].continue_()
    expect(page.locator("#messages .own [data-text]").last).to_have_text("Ada juga yang cokelat")
    expect(page.locator("#reply")).to_have_value("")
    expect(page.locator("[data-answered]")).to_have_count(0)


def test_whoever_may_not_answer_sees_who_may_instead_of_a_field(
    chromium: Browser, server: Server, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    shop.write(lambda conn: settings.save(conn, shop.account_id, {"strict": True}, by(shop.sari), utc_now()))
    shop.write(lambda conn: assignment.assign(conn, conversation_id, shop.budi.id, by(shop.budi), utc_now()))
    with ExitStack() as stack:
        pages = [
            stack.enter_context(desk_of(chromium, server, "sari", reloads=True)),
            stack.enter_context(desk_of(chromium, server, "sari", viewport={"width": 360, "height": 740})),
        ]
        for page in pages:
            open_thread(page, conversation_id)
            expect(page.locator("[data-locked]")).to_contain_text("Only Budi may answer this.")
            expect(page.locator("#reply")).to_be_hidden()
            expect(page.locator("[data-action=quick]")).to_be_hidden()
        page = pages[0]
        page.reload()
        expect(page.locator("#reply")).to_be_hidden()
        page.click(".modes label:has([value=note])")
        page.fill("#reply", "tolong dijawab")
        page.press("#reply", "Enter")
        expect(page.locator(".message.note [data-text]")).to_have_text("tolong dijawab")
        page.click(".modes label:has([value=reply])")
        page.press("[data-action=take-locked]", "Enter")
        expect(page.locator("#reply")).to_be_focused()
    with shop.database.read() as conn:
        about = conversation_list.summary(conn, conversation_id)
    assert about
    assert about.assignee_id == shop.sari.id
