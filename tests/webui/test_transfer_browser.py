"""A file on its way to WhatsApp, in a browser: how far it is, when it is tried again; it is taken back."""

import io
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from daemon.config import Config
from daemon.desk import file_storage, replies
from daemon.domain.messages import Author, Delivery
from daemon.domain.time import utc_now
from daemon.domain.turns import Closer
from daemon.store import events, outgoing_files, threads
from daemon.store.events import EventKind
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Server
from tests.webui.desk import desk_of, open_thread

pytestmark = pytest.mark.browser

LINE = "#messages .own > [data-transfer]"


def test_it_tells_how_far_it_is_and_can_be_taken_back(
    chromium: Browser, server: Server, config: Config, shop: StaffedBooks
) -> None:
    chat = shop.new_customer("Ibu Ratna", "ada katalog?")
    file = file_storage.keep(config.data, shop.account_id, io.BytesIO(b"%PDF"), "katalog.pdf", "application/pdf")
    with desk_of(chromium, server, "sari") as page:
        open_thread(page, chat)
        with shop.database.write() as conn:
            closer = Closer(Author.ADMIN, shop.sari.id)
            message_id = replies.answer(conn, chat, closer, "", utc_now(), files=[file])
        expect(page.locator(LINE)).to_have_text("On its way to WhatsApp …")
        with shop.database.write() as conn:
            now = utc_now()
            outgoing_files.attempts.begin(conn, message_id, now)
            outgoing_files.progress(conn, message_id, 40, now)
            events.append(conn, shop.account_id, EventKind.UPLOAD_PROGRESS, now, chat, message_id)
        expect(page.locator(LINE)).to_have_text("Being brought to WhatsApp, 40 %")
        expect(page.locator(f"{LINE} progress")).to_have_attribute("value", "40")
        shop.changed(
            chat,
            message_id,
            lambda conn: outgoing_files.attempts.later(conn, message_id, utc_now() + timedelta(minutes=3)),
        )
        expect(page.locator(LINE)).to_contain_text("next try in")
        page.click('[data-decision="take-back"]')
        expect(page.locator(LINE)).to_have_count(0)
        expect(page.locator("#messages .own .trouble")).to_contain_text("Discarded")
    with shop.database.read() as conn:
        shown = threads.bubble(conn, message_id)
    assert shown is not None
    assert shown.delivery == Delivery.DISCARDED
    assert shop.open_turn(chat) is not None


def test_an_old_number_is_none(config: Config, shop: StaffedBooks, server: Server, chromium: Browser) -> None:
    chat = shop.new_customer("Pak Joko", "mana?")
    file = file_storage.keep(config.data, shop.account_id, io.BytesIO(b"%PDF2"), "a.pdf", "application/pdf")
    with shop.database.write() as conn:
        message_id = replies.answer(conn, chat, Closer(Author.ADMIN, shop.sari.id), "", utc_now(), files=[file])
        outgoing_files.attempts.begin(conn, message_id, utc_now())
        outgoing_files.progress(conn, message_id, 40, utc_now() - timedelta(minutes=5))
    with desk_of(chromium, server, "sari") as page:
        open_thread(page, chat)
        expect(page.locator(LINE)).to_have_text("On its way to WhatsApp …")
