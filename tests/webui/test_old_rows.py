"""One row with bytes in it, as an older version has stored it, takes no page, no list and no live update down."""

import json
from typing import Any

import pytest
from flask import Flask

from daemon.domain.text_cleaning import LONGEST_TEXT
from daemon.domain.time import utc_now
from daemon.store.events import EventKind, LoggedEvent
from tests.support.old_rows import spoil
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor
from webui.live import changes
from webui.live.updates import Updates


@pytest.fixture
def spoilt(shop: StaffedBooks) -> tuple[int, int]:
    """A conversation in whose middle an old message stands, and that message; others are around it."""
    shop.new_customer("Rina", "sebelum")
    conversation_id = shop.new_customer("Budi", "halo")
    message_id = shop.customer_writes(conversation_id, "rusak")
    spoil(shop.database, message_id, kind="document")
    return conversation_id, message_id


def test_the_list_and_the_thread_show_it_and_what_is_around_it(
    sari: Visitor, shop: StaffedBooks, spoilt: tuple[int, int]
) -> None:
    page = sari.get("/")
    assert page.status_code == 200
    assert "Rina" in page.text
    assert "Bu\ufffddi[31m" in page.text
    assert "rusak \ufffd\ufffd sekali" in page.text
    thread = sari.get(f"/c/{spoilt[0]}?details=1")
    assert thread.status_code == 200
    assert "halo" in thread.text
    assert "rusak \ufffd\ufffd sekali" in thread.text
    assert "\0" not in thread.text


def test_the_live_update_is_valid_json_and_text(app: Flask, shop: StaffedBooks, spoilt: tuple[int, int]) -> None:
    conversation_id, message_id = spoilt
    happened = [LoggedEvent(1, shop.account_id, EventKind.MESSAGE_NEW, conversation_id, message_id)]
    with shop.database.read() as conn:
        news = changes.read(conn, happened, {shop.account_id: {conversation_id}}, utc_now())[shop.account_id]
    assert news is not None
    tab = changes.Audience(shop.sari.id, True, "en", shop.account_id, conversation_id, "all")
    told: list[Any] = [json.loads(message.encode()) for message in Updates(app, news, utc_now()).for_tab(tab)]
    assert {"bubble", "row", "thread"} <= {message["type"] for message in told}
    assert any("rusak" in message.get("html", "") for message in told)


def test_megabytes_that_were_kept_are_shown_cut_in_both_languages(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Budi", "halo")
    spoil(shop.database, shop.customer_writes(conversation_id, "panjang"), "kue " * 750_000)
    shown = sari.get(f"/c/{conversation_id}")
    assert shown.status_code == 200
    assert len(shown.text) < LONGEST_TEXT + 200_000
    assert "The text is cut here." in shown.text
    assert "Teks dipotong di sini." in sari.get(f"/c/{conversation_id}", **{"Accept-Language": "id"}).text


def test_one_that_no_code_foresaw_has_a_placeholder_and_the_rest_is_there(
    sari: Visitor, shop: StaffedBooks, spoilt: tuple[int, int]
) -> None:
    # a time that no calendar of the shop's zone has
    with shop.database.write() as conn:
        late = (253_402_300_799_000, spoilt[1])
        conn.exec_driver_sql("UPDATE message SET sent_at = ? WHERE id = ?", late)
        conn.exec_driver_sql("UPDATE conversation SET last_at = ? WHERE id = ?", (late[0], spoilt[0]))
    listed, thread = sari.get("/"), sari.get(f"/c/{spoilt[0]}")
    assert (listed.status_code, thread.status_code) == (200, 200)
    assert "Rina" in listed.text
    assert "halo" in thread.text
    assert "Balas can&#39;t show this kind of message" in thread.text
