"""On the wire, signs that are no answers: typing both ways, reading and reacting on the phone, machines."""

import pytest

from daemon.desk import claims, conversations, settings
from daemon.domain.desk import THE_DESK, Actor
from daemon.domain.messages import Author, Delivery
from daemon.domain.time import utc_now
from daemon.store import conversation_list, turns
from daemon.store import conversations as store_conversations
from tests.support.inbox import row
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer

pytestmark = pytest.mark.wire

GREETING = "Halo! Pesanan diproses jam 8–17."


def writes(shop: Shop, name: str, text: str = "halo kak") -> Customer:
    """A customer whose message is in the inbox."""
    customer = shop.wa.add_customer(name)
    customer.send_text(f"{text} dari {name}")
    shop.wait_for_text(f"{text} dari {name}")
    return customer


def is_waiting(shop: Shop, name: str) -> bool:
    with shop.database.read() as conn:
        return turns.current(conn, row(shop, name).id) is not None


def test_a_customer_sees_that_somebody_types_and_that_he_has_stopped(shop: Shop) -> None:
    customer = writes(shop, "Lihat Ketik")
    conversation_id = row(shop, customer.name).id
    with shop.database.write() as conn:
        sari = Actor(Author.ADMIN, shop._sari(conn))
        claims.take(conn, conversation_id, sari, "tab", utc_now())
    wait_until(lambda: "composing" in customer.typing_from.values(), what="the sign of typing")
    with shop.database.write() as conn:
        claims.release(conn, conversation_id, "tab", utc_now())
    wait_until(lambda: "paused" in customer.typing_from.values(), what="the end of the sign")


def test_a_message_read_on_the_phone_is_seen_and_still_waits(shop: Shop) -> None:
    customer = writes(shop, "Dilihat HP")
    assert row(shop, customer.name).unread == 1
    shop.wa.phone.read(customer)
    wait_until(lambda: row(shop, customer.name).unread == 0)
    about = row(shop, customer.name)
    assert about.seen_elsewhere_by == Author.PHONE
    assert about.seen_elsewhere_at is not None
    assert is_waiting(shop, customer.name)


def test_a_reaction_from_the_phone_closes_nothing(shop: Shop) -> None:
    customer = writes(shop, "Diberi Jempol")
    shop.wa.phone.react(customer, next(iter(customer.sent)), "👍")
    bubble = wait_until(lambda: next((b for b in shop.bubbles(customer.name) if b.reactions), None))
    assert bubble.reactions == ("👍",)
    assert is_waiting(shop, customer.name)


def test_the_business_apps_greeting_in_three_chats_closes_none(shop: Shop) -> None:
    names = [f"Disapa Mesin {n}" for n in range(3)]
    for name in names:
        customer = writes(shop, name)
        shop.wa.phone.send_text(customer, GREETING)
        customer.wait_for_text(GREETING)
    wait_until(lambda: all(is_waiting(shop, name) for name in names), what="three open turns")
    automatic = [b for b in shop.bubbles() if b.text == GREETING]
    wait_until(lambda: all(shop.bubble(b.id).is_automatic for b in automatic))
    assert len(automatic) == 3


def test_a_customer_who_writes_after_resolving_gets_a_new_conversation(shop: Shop) -> None:
    customer = writes(shop, "Datang Lagi")
    first = row(shop, customer.name).id
    with shop.database.write() as conn:
        conversations.resolve(conn, first, Actor(Author.ADMIN, shop._sari(conn)), utc_now())
    customer.send_text("ada lagi?")
    shop.wait_for_text("ada lagi?")
    second = row(shop, customer.name).id
    with shop.database.read() as conn:
        about = conversation_list.summary(conn, second)
    assert about is not None
    assert (second != first, about.previous_id) == (True, first)


def test_an_admins_answer_marks_the_question_as_read_and_opening_it_does_not(shop: Shop) -> None:
    customer = writes(shop, "Centang Biru")
    asked = [next(iter(customer.sent)), customer.send_text("yang kedua")]
    shop.wait_for_text("yang kedua")
    with shop.database.write() as conn:
        here = row(shop, customer.name)
        store_conversations.see(conn, here.id, shop.bubbles(customer.name)[-1].id)
    assert not any(customer.has_receipt(wa_id, "read") for wa_id in asked)
    shop.answer(customer.name, "siap kak")
    for wa_id in asked:
        customer.wait_for_receipt(wa_id, "read")


def test_a_shop_that_does_not_want_it_marks_nothing_as_read(shop: Shop) -> None:
    customer = writes(shop, "Tanpa Biru")
    with shop.database.write() as conn:
        settings.save(conn, shop.account_id, {"mark_read": False}, THE_DESK, utc_now())
    try:
        reply = shop.answer(customer.name, "siap")
        shop.wait_for_delivery(reply, Delivery.DELIVERED)
        # the next one to somebody else leaves behind whatever belonged to this one
        other = writes(shop, "Sesudah Tanpa Biru")
        shop.wait_for_delivery(shop.answer(other.name, "siap juga"), Delivery.DELIVERED)
        assert not customer.has_receipt(next(iter(customer.sent)), "read")
    finally:
        with shop.database.write() as conn:
            settings.save(conn, shop.account_id, {"mark_read": True}, THE_DESK, utc_now())
