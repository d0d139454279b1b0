"""On the wire: when the phone answered first, an admin's reply that has not left waits for a decision."""

import pytest

from daemon.desk import replies
from daemon.desk.outgoing import Decision, decide
from daemon.domain.links import LinkState
from daemon.domain.messages import Author, Delivery
from daemon.domain.time import utc_now
from daemon.domain.turns import Closer
from daemon.store import turns
from tests.support.inbox import last_mark, row
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer

pytestmark = pytest.mark.wire


def asks(shop: Shop, name: str) -> Customer:
    """A customer whose question is in the inbox."""
    customer = shop.wa.add_customer(name)
    customer.send_text(f"Tanya dari {name}")
    shop.wait_for_text(f"Tanya dari {name}")
    return customer


def reply_crossed_by_the_phone(shop: Shop, customer: Customer) -> int:
    """An admin replies while WhatsApp is out of reach; meanwhile somebody answers on the phone."""
    shop.wa.faults.refuse_logins()
    shop.wa.faults.drop_connection()
    wait_until(lambda: shop.link().state == LinkState.OFFLINE)
    message_id = shop.answer(customer.name, "dari inbox")
    shop.wa.phone.send_text(customer, "dari HP")
    shop.wa.faults.accept_logins()
    shop.wait_for(LinkState.ONLINE, 40)
    shop.wait_for_delivery(message_id, Delivery.HELD)
    return message_id


def texts(customer: Customer) -> list[str]:
    return [received.text for received in customer.received]


def test_the_phone_answering_first_holds_the_admins_reply_until_he_says_so(shop: Shop) -> None:
    customer = asks(shop, "Hana")
    message_id = reply_crossed_by_the_phone(shop, customer)
    customer.wait_for_text("dari HP")
    with shop.database.read() as conn:
        conversation_id = shop.bubble(message_id).conversation_id
        mark = turns.last_closed(conn, conversation_id)
    assert mark is not None
    assert (mark.closer.author, mark.text) == (Author.PHONE, "dari HP")
    assert texts(customer) == ["dari HP"]
    with shop.database.write() as conn:
        assert decide(conn, conversation_id, message_id, Decision.SEND_ANYWAY, utc_now())
    customer.wait_for_text("dari inbox")
    shop.wait_for_delivery(message_id, Delivery.DELIVERED)
    assert texts(customer) == ["dari HP", "dari inbox"]


def test_the_phone_answering_first_cancels_what_the_bot_has_queued(shop: Shop) -> None:
    customer = asks(shop, "Gita")
    conversation_id = row(shop, customer.name).id
    shop.wa.faults.refuse_logins()
    shop.wa.faults.drop_connection()
    wait_until(lambda: shop.link().state == LinkState.OFFLINE)
    with shop.database.write() as conn:
        bot = Closer(Author.BOT)
        message_id = replies.answer(conn, conversation_id, bot, "dari bot", utc_now(), bot_key="rule:1")
    shop.wa.phone.send_text(customer, "dari HP")
    shop.wa.faults.accept_logins()
    shop.wait_for_delivery(message_id, Delivery.CANCELLED, 40)
    assert last_mark(shop, customer.name).closer.author == Author.PHONE
    other = asks(shop, "Gita Kedua")
    shop.answer(other.name, "siap")
    other.wait_for_text("siap")
    assert texts(customer) == ["dari HP"]


def test_a_discarded_reply_never_reaches_the_customer(shop: Shop) -> None:
    customer = asks(shop, "Indra")
    message_id = reply_crossed_by_the_phone(shop, customer)
    with shop.database.write() as conn:
        place = shop.bubble(message_id).conversation_id
        assert decide(conn, place, message_id, Decision.DISCARD, utc_now())
    # a later reply to another customer shows that the outbox has moved on
    other = asks(shop, "Joko")
    shop.answer(other.name, "siap")
    other.wait_for_text("siap")
    assert texts(customer) == ["dari HP"]


def test_nothing_leaves_before_the_backlog_is_known(shop: Shop) -> None:
    customer = asks(shop, "Kiki")
    shop.wa.faults.refuse_logins()
    shop.wa.faults.drop_connection()
    wait_until(lambda: shop.link().state == LinkState.OFFLINE)
    message_id = shop.answer(customer.name, "dari inbox")
    others = [shop.wa.add_customer(f"Ramai {n}") for n in range(10)]
    for i in range(100):
        others[i % 10].send_text(f"antre {i}")
    shop.wa.phone.send_text(customer, "dari HP")
    shop.wa.faults.accept_logins()
    shop.wait_for_delivery(message_id, Delivery.HELD)
    customer.wait_for_text("dari HP")
    assert texts(customer) == ["dari HP"]
