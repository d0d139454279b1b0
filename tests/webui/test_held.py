"""A reply that is held because the phone answered first: shown with its two ways out, decided once."""

import pytest

from daemon.desk import other_devices, replies
from daemon.domain.messages import Author, Delivery
from daemon.domain.time import utc_now
from daemon.domain.turns import Closer
from daemon.store import messages, threads
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor


def held(shop: StaffedBooks) -> tuple[int, int]:
    """A conversation and its held reply."""
    conversation_id = shop.new_customer("Ibu Ratna", "masih ada?")
    reply = shop.write(
        lambda conn: replies.answer(conn, conversation_id, Closer(Author.ADMIN, shop.sari.id), "ada", utc_now())
    )
    phone = shop.shop_wrote(conversation_id, "dari HP", Author.PHONE)
    closer = Closer(Author.PHONE, device=0)
    shop.write(
        lambda conn: other_devices.answered(conn, shop.account_id, conversation_id, phone, closer, utc_now())
    )
    return conversation_id, reply


def delivery(shop: StaffedBooks, message_id: int) -> Delivery | None:
    found = shop.write(lambda conn: threads.bubble(conn, message_id))
    return found.delivery if found else None


def test_the_thread_says_why_and_offers_both_ways(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id, _ = held(shop)
    page = sari.get(f"/c/{conversation_id}").text
    for words in ("Not sent: the phone answered at", "Send anyway", "Discard"):
        assert words in page


@pytest.mark.parametrize(("decision", "end"), [("send-anyway", Delivery.QUEUED), ("discard", Delivery.DISCARDED)])
def test_it_is_decided_once(sari: Visitor, shop: StaffedBooks, decision: str, end: Delivery) -> None:
    conversation_id, reply = held(shop)
    assert sari.post(f"/c/{conversation_id}/replies/{reply}/{decision}", {}).status_code == 303
    assert delivery(shop, reply) == end
    for again in ("send-anyway", "discard"):
        assert sari.post(f"/c/{conversation_id}/replies/{reply}/{again}", {}).status_code == 409
    assert delivery(shop, reply) == end


def test_only_a_held_reply_of_this_conversation_can_be_decided(
    sari: Visitor, stranger: Visitor, shop: StaffedBooks
) -> None:
    conversation_id, reply = held(shop)
    other = shop.new_customer("Pak Joko", "halo")
    assert sari.post(f"/c/{other}/replies/{reply}/send-anyway", {}).status_code == 409
    assert sari.post(f"/c/{conversation_id}/replies/999/discard", {}).status_code == 404
    assert sari.post(f"/c/{conversation_id}/replies/{reply}/forget", {}).status_code == 404
    assert stranger.post(f"/c/{conversation_id}/replies/{reply}/discard", {}).status_code in (302, 303, 401)
    assert delivery(shop, reply) == Delivery.HELD


def test_what_the_phone_has_answered_unseen_is_not_doubled_by_a_click(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id, reply = held(shop)
    newest = shop.write(lambda conn: messages.newest_id(conn, conversation_id))
    shop.shop_wrote(conversation_id, "dan lagi", Author.PHONE, delivery=Delivery.SENT.value)
    path = f"/c/{conversation_id}/replies/{reply}/send-anyway"
    assert sari.post(path, {"shown": str(newest)}).status_code == 409
    assert delivery(shop, reply) == Delivery.HELD
    assert sari.post(path, {}).status_code == 303
    assert delivery(shop, reply) == Delivery.QUEUED
