"""A device of the customer's asks for a reply again: served by the library, or shown, sent again and read."""

from datetime import timedelta

import pytest

from daemon.desk import auto_assignment, unreadable_replies
from daemon.desk.unreadable_replies import UnreadableDecision
from daemon.domain.desk import Actor
from daemon.domain.hours import Hours
from daemon.domain.links import LinkState
from daemon.domain.messages import Author, Delivery, ReceiptKind
from daemon.domain.time import utc_now
from daemon.store import receipts
from tests.support.inbox import row
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer

LONG = 90.0
"""Seconds: the grace is thirty."""


def asked_for(shop: Shop, name: str, message_id: int) -> bool:
    wa_id = shop.journey(message_id).wa_id
    assert wa_id is not None
    with shop.database.read() as conn:
        kinds = receipts.kinds(conn, shop.account_id, wa_id, row(shop, name).contact_id)
    return ReceiptKind.RETRY.value in kinds


def asks(shop: Shop, name: str) -> Customer:
    """A customer who waits for an answer."""
    customer = shop.wa.add_customer(name)
    customer.send_text(f"halo dari {name}")
    shop.wait_for_text(f"halo dari {name}")
    return customer


def sent_to_nobody(shop: Shop, customer: Customer, text: str) -> int:
    """A reply that waits for a customer whose phone has lost its keys meanwhile."""
    customer.go_offline()
    message_id = shop.answer(customer.name, text)
    shop.wait_for_delivery(message_id, Delivery.SENT)
    customer.reinstall()
    return message_id


def test_what_the_library_can_send_again_shows_nothing(shop: Shop) -> None:
    customer = asks(shop, "Rina")
    reply = sent_to_nobody(shop, customer, "ada, kak Rina")
    customer.go_online()
    customer.wait_for_text("ada, kak Rina", 30)
    assert customer.undecryptable
    shop.wait_for_delivery(reply, Delivery.DELIVERED)
    assert asked_for(shop, "Rina", reply)
    with shop.database.read() as conn:
        assert not unreadable_replies.has_work(conn, shop.account_id, utc_now() + timedelta(days=1))
    assert row(shop, "Rina").waiting_since is None


@pytest.fixture
def unreadable(shop: Shop, request: pytest.FixtureRequest) -> tuple[Shop, Customer, int]:
    """A reply that a new process of ours can't send again."""
    customer = asks(shop, f"Budi {len(request.node.name)}")
    reply = sent_to_nobody(shop, customer, "ada, kak Budi")
    old = shop.pid("session")
    assert old is not None
    shop.kill("session")
    shop.wait_for_successor("session", old, 60)
    shop.wait_for(LinkState.ONLINE, 60)
    customer.go_online()
    wait_until(lambda: asked_for(shop, customer.name, reply), 30, "the asking")
    wait_until(lambda: shop.bubble(reply).is_unreadable, LONG, "the end of the grace")
    return shop, customer, reply


def test_what_a_new_process_has_forgotten_is_shown_and_sent_again_once(
    unreadable: tuple[Shop, Customer, int],
) -> None:
    shop, customer, reply = unreadable
    assert not [one for one in customer.received if "kak Budi" in one.text]
    about = row(shop, customer.name)
    assert about.waiting_since is not None
    assert about.undecided_since == about.waiting_since
    with shop.database.read() as conn:
        late = auto_assignment.waiting_too_long(
            conn, shop.account_id, Hours(), timedelta(seconds=1), utc_now(), shop.config.timezone
        )
    assert late == 1
    with shop.database.write() as conn:
        sari = Actor(Author.ADMIN, shop.bubble(reply).admin_id)
        for first in (True, False):
            done = unreadable_replies.decide(
                conn, about.id, reply, UnreadableDecision.SEND_COPY, reply, utc_now(), sari
            )
            assert done == first
    customer.wait_for_text("ada, kak Budi", 30)
    (copy,) = [one for one in shop.bubbles(customer.name) if one.from_me and one.id != reply]
    shop.wait_for_delivery(copy.id, Delivery.DELIVERED)
    assert shop.bubble(reply).was_sent_again
    assert (row(shop, customer.name).waiting_since, row(shop, customer.name).undecided_since) == (None, None)
    assert len([one for one in customer.received if "kak Budi" in one.text]) == 1


def test_a_late_delivery_clears_it(unreadable: tuple[Shop, Customer, int]) -> None:
    shop, customer, reply = unreadable
    wa_id = shop.journey(reply).wa_id
    assert wa_id is not None
    # as after the customer's phone has restored a backup: it can read it after all
    customer.send_receipt(customer.to_shop, [wa_id])
    wait_until(lambda: not shop.bubble(reply).is_unreadable, 30, "the ticks")
    about = row(shop, customer.name)
    assert (about.waiting_since, about.undecided_since) == (None, None)
