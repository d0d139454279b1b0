"""A chat that changes hands, in real browsers: the receiver is told wherever he is, until he has looked."""

from collections.abc import Iterator
from contextlib import ExitStack
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from daemon.desk import auto_assignment, settings
from daemon.domain.desk import Assign
from daemon.domain.time import utc_now
from daemon.store import conversation_list
from tests.support.browser import wait_live
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Server
from tests.webui.desk import by, desk_of, open_thread, row

pytestmark = pytest.mark.browser


@pytest.fixture
def both(chromium: Browser, server: Server, shop: StaffedBooks) -> Iterator[tuple[Page, Page]]:
    """Sari's browser and Budi's."""
    with ExitStack() as stack:
        yield (
            stack.enter_context(desk_of(chromium, server, "sari")),
            stack.enter_context(desk_of(chromium, server, "budi", reloads=True)),
        )


def test_whoever_is_given_a_chat_reads_it_and_finds_it_marked_until_he_opens_it(
    both: tuple[Page, Page], server: Server, shop: StaffedBooks
) -> None:
    sari, budi = both
    conversation_id, other = shop.new_customer("Ibu Ratna", "halo"), shop.new_customer("Pak Joko", "pagi")
    open_thread(budi, other)
    open_thread(sari, conversation_id)
    sari.click("[data-menu=assign] summary")
    sari.click(f'.people [data-colleague="{shop.budi.id}"]')
    word, mark = "[data-given]", f"{row(budi, conversation_id)} .given"
    expect(budi.locator(word)).to_contain_text("Sari gave you the chat with Ibu Ratna")
    expect(budi.locator(mark)).to_have_text("New for you")
    # nobody else is told
    expect(sari.locator(".head-state")).to_have_text("With Budi")
    expect(sari.locator(word)).to_have_count(0)
    expect(sari.locator(f"{row(sari, conversation_id)} .given")).to_be_hidden()
    # it is the database that knows: another page, another browser
    budi.reload()
    expect(budi.locator(mark)).to_be_visible()
    open_thread(budi, conversation_id)
    expect(budi.locator(mark)).to_have_count(0)
    budi.reload()
    wait_live(budi)
    expect(budi.locator(mark)).to_have_count(0)
    # once more, on a page beside the inbox
    sari.click("[data-action=take]")
    expect(sari.locator(".head-state")).to_have_text("With Sari")
    budi.goto(f"{server.url}/team")
    wait_live(budi)
    sari.click("[data-menu=assign] summary")
    sari.click(f'.people [data-colleague="{shop.budi.id}"]')
    expect(budi.locator(word)).to_contain_text("Sari gave you the chat with Ibu Ratna")
    budi.click(f"{word} a")
    expect(budi.locator("[data-head] h1")).to_have_text("Ibu Ratna")


def test_what_the_desk_deals_out_by_itself_is_told_as_well(both: tuple[Page, Page], shop: StaffedBooks) -> None:
    sari, budi = both
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    shop.write(
        lambda conn: settings.save(
            conn, shop.account_id, {"assign": Assign.ROUND_ROBIN.value}, by(shop.sari), utc_now()
        )
    )
    chosen = shop.write(lambda conn: settings.load(conn, shop.account_id))
    zone = ZoneInfo("Asia/Jakarta")
    shop.write(lambda conn: auto_assignment.tend(conn, shop.account_id, chosen, utc_now(), zone))
    about = shop.write(lambda conn: conversation_list.summary(conn, conversation_id))
    receiver = budi if about.assignee_id == shop.budi.id else sari
    expect(receiver.locator("[data-given]")).to_contain_text("The chat with Ibu Ratna was given to you")
    expect(receiver.locator(f"{row(receiver, conversation_id)} .given")).to_be_visible()
    receiver.click("[data-given] a")
    expect(receiver.locator("[data-head] h1")).to_have_text("Ibu Ratna")
    expect(receiver.locator("[data-given]")).to_have_count(0)


def test_a_chat_that_is_open_in_front_of_the_receiver_is_not_marked(
    both: tuple[Page, Page], shop: StaffedBooks
) -> None:
    sari, budi = both
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    open_thread(budi, conversation_id)
    open_thread(sari, conversation_id)
    sari.click("[data-menu=assign] summary")
    sari.click(f'.people [data-colleague="{shop.budi.id}"]')
    expect(budi.locator("[data-given]")).to_contain_text("Sari gave you the chat")
    expect(budi.locator(f"{row(budi, conversation_id)} .given")).to_have_count(0)
    expect(budi.locator(f"{row(budi, conversation_id)} .assignee")).to_have_text("Budi")
