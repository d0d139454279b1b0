"""A reply that can't leave holds up no other customer's, and none leaves without its id on disk."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import delete, insert, select, update

from daemon.domain.links import LinkState
from daemon.domain.messages import Delivery, OutboxState
from daemon.store.tables.core import contact, contact_alias, outbox
from daemon.whatsapp.log_hook import EXIT_UNWRITTEN
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer

pytestmark = pytest.mark.wire


def customer_who_asked(shop: Shop, name: str) -> Customer:
    """A customer whose question is in the inbox."""
    customer = shop.wa.add_customer(name)
    customer.send_text(f"Tanya dari {name}")
    shop.wait_for_text(f"Tanya dari {name}")
    return customer


def texts(customer: Customer) -> list[str]:
    return [received.text for received in customer.received]


def attempts(shop: Shop, message_id: int) -> int:
    with shop.database.read() as conn:
        return conn.execute(select(outbox.c.attempts).where(outbox.c.message_id == message_id)).scalar_one()


@pytest.fixture
def no_id_is_written(shop: Shop) -> Iterator[str]:
    """The database takes everything but a reply's id; to be dropped by this name."""
    with shop.database.write() as conn:
        conn.exec_driver_sql(
            "CREATE TRIGGER no_id BEFORE UPDATE OF wa_id ON outbox BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    yield "no_id"
    with shop.database.write() as conn:
        conn.exec_driver_sql("DROP TRIGGER IF EXISTS no_id")


def test_a_reply_whose_id_cant_be_written_does_not_leave_and_leaves_once_later(
    shop: Shop, no_id_is_written: str
) -> None:
    customer = customer_who_asked(shop, "Cakram")
    session = shop.pid("session")
    assert session is not None
    message_id = shop.answer(customer.name, "sekali saja")
    shop.wait_for_successor("session", session)
    assert f"ended with {EXIT_UNWRITTEN}" in shop.log()
    wait_until(lambda: shop.journey(message_id).state == OutboxState.QUEUED, what="put back")
    assert shop.journey(message_id).wa_id is None
    with shop.database.write() as conn:
        conn.exec_driver_sql(f"DROP TRIGGER {no_id_is_written}")
    shop.wait_for_delivery(message_id, Delivery.DELIVERED, 60)
    assert texts(customer) == ["sekali saja"]


def test_a_reply_that_can_never_leave_has_failed_and_others_pass_it(shop: Shop) -> None:
    lost, other = customer_who_asked(shop, "Grup Lama"), customer_who_asked(shop, "Orang Lain")
    with shop.database.write() as conn:
        left = select(contact.c.id).where(contact.c.lid == lost.lid).scalar_subquery()
        values = {"account_id": shop.account_id, "user": "120363000000000001", "server": "g.us"}
        conn.execute(delete(contact_alias).where(contact_alias.c.contact_id == left))
        conn.execute(insert(contact_alias).values(contact_id=left, **values))
        conn.execute(update(contact).where(contact.c.lid == lost.lid).values(lid=None, phone=None))
    failed, sent = shop.answer(lost.name, "ke grup"), shop.answer(other.name, "ke orang")
    shop.wait_for_delivery(failed, Delivery.FAILED)
    shop.wait_for_delivery(sent, Delivery.DELIVERED)


def test_a_reply_that_is_tried_again_holds_up_only_what_comes_after_it_to_the_same_customer(shop: Shop) -> None:
    stuck, other = customer_who_asked(shop, "Macet"), customer_who_asked(shop, "Lancar")
    # whose devices the library knows from now on
    shop.wait_for_delivery(shop.answer(other.name, "halo"), Delivery.DELIVERED)
    shop.wa.faults.refuse_queries("usync")
    first, second = shop.answer(stuck.name, "satu"), shop.answer(stuck.name, "dua")
    wait_until(lambda: attempts(shop, first) == 1)
    shop.wait_for_delivery(shop.answer(other.name, "tidak menunggu"), Delivery.DELIVERED, 10)
    assert [shop.journey(one).wa_id for one in (first, second)] == [None, None]
    shop.wa.faults.refuse_queries()
    shop.wait_for_delivery(second, Delivery.DELIVERED, 60)
    assert texts(stuck) == ["satu", "dua"]
    assert (attempts(shop, first) > 1, attempts(shop, second)) == (True, 1)


def test_a_reply_that_is_not_acknowledged_becomes_uncertain_and_the_others_leave(shop: Shop) -> None:
    silent, other = customer_who_asked(shop, "Tanpa Kabar"), customer_who_asked(shop, "Berikutnya")
    silent.auto_deliver = False
    shop.wa.phone.go_offline()
    shop.wa.faults.hold_acks()
    session = shop.pid("session")
    assert session is not None
    first = shop.answer(silent.name, "sampai?")
    silent.wait_for_text("sampai?")
    begun = time.monotonic()
    second = shop.answer(other.name, "jangan menunggu")
    shop.wait_for_successor("session", session, 40)
    assert time.monotonic() - begun > 14
    assert shop.journey(first).state == OutboxState.UNCERTAIN
    assert shop.bubble(first).delivery == Delivery.UNCERTAIN
    # some 20 s after the first, most of them its own; the library by itself would take 75 s
    other.wait_for_text("jangan menunggu", 60)
    assert time.monotonic() - begun < 70
    shop.wait_for_delivery(second, Delivery.DELIVERED)
    shop.wa.faults.release_acks()
    shop.wa.phone.go_online()
    shop.wait_for(LinkState.ONLINE)
    assert texts(silent) == ["sampai?"]


def test_a_reply_that_waits_for_its_acknowledgement_for_some_seconds_restarts_nothing(shop: Shop) -> None:
    customer = customer_who_asked(shop, "Lambat")
    session = shop.pid("session")
    shop.wa.faults.hold_acks()
    message_id = shop.answer(customer.name, "pelan")
    begun = customer.wait_for_text("pelan") and time.monotonic()
    wait_until(lambda: time.monotonic() - begun > 6, what="six seconds")
    shop.wa.faults.release_acks()
    shop.wait_for_delivery(message_id, Delivery.DELIVERED)
    assert (shop.pid("session"), shop.journey(message_id).state) == (session, OutboxState.SENT)
