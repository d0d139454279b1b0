"""A chat that needs a second look stands out in the list again; who waits for what stays as it is."""

import re

from daemon.store import conversation_list
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor


def unread(shop: StaffedBooks, chat: int) -> int:
    with shop.database.read() as conn:
        about = conversation_list.summary(conn, chat)
    assert about is not None
    return about.unread


def test_a_chat_is_marked_as_unread_until_somebody_looks(sari: Visitor, shop: StaffedBooks) -> None:
    chat = shop.new_customer("Ibu Ratna", "halo", "masih ada?")
    assert "Mark as unread" in sari.get(f"/c/{chat}").text
    assert unread(shop, chat) == 0
    answer = sari.post(f"/c/{chat}/unread?box=mine")
    assert (answer.status_code, answer.location) == (303, "/?box=mine")
    assert unread(shop, chat) == 1
    assert re.search(r'class="row has-unread" data-conversation="1"', sari.get("/").text)
    assert shop.open_turn(chat) is not None
    # a second time, and where the last word is ours: nothing is lost, nothing is counted twice
    assert sari.post(f"/c/{chat}/unread").status_code == 303
    assert unread(shop, chat) == 1
    sari.get(f"/c/{chat}")
    assert sari.post(f"/c/{chat}/answer", {"text": "masih"}).status_code == 303
    assert sari.post(f"/c/{chat}/unread").status_code == 303
    assert unread(shop, chat) == 1
    assert sari.get(f"/c/{chat}").status_code == 200
    assert unread(shop, chat) == 0


def test_what_is_resolved_or_unknown_is_not_marked(sari: Visitor, stranger: Visitor, shop: StaffedBooks) -> None:
    chat = shop.new_customer("Ibu Ratna", "halo")
    sari.get(f"/c/{chat}")
    sari.post(f"/c/{chat}/answer", {"text": "halo"})
    sari.post(f"/c/{chat}/resolve")
    assert sari.post(f"/c/{chat}/unread").status_code == 303
    assert unread(shop, chat) == 0
    assert sari.post("/c/999/unread").status_code == 404
    assert "/login" in stranger.post(f"/c/{chat}/unread").location
