"""On the wire, with a slow disk: replies leave while their customers write, and each can be read."""

import random

import pytest

from auth_store.files import session_path
from daemon.domain.messages import Delivery
from tests.support.shop import Shop
from tests.support.slow_disk import slow_disk

pytestmark = pytest.mark.wire

CUSTOMERS, REPLIES, BURST = 3, 15, 4


def test_no_reply_is_lost_to_a_message_that_comes_while_it_leaves(shop: Shop) -> None:
    chance = random.Random(1)
    people = [shop.wa.add_customer(f"Ramai {n}") for n in range(CUSTOMERS)]
    for person in people:
        person.send_text(f"halo dari {person.name}")
        shop.wait_for_text(f"halo dari {person.name}")
        shop.wait_for_delivery(shop.answer(person.name, f"halo {person.name}"), Delivery.DELIVERED)
    with slow_disk(session_path(shop.config.data, shop.account_id)):
        for n in range(REPLIES):
            person = people[n % CUSTOMERS]
            for i in range(chance.randrange(1, BURST)):
                person.send_text(f"pertanyaan {n}.{i}")
            message_id = shop.answer(person.name, f"jawaban {n}")
            for i in range(chance.randrange(1, BURST)):
                person.send_text(f"tambahan {n}.{i}")
            shop.wait_for_delivery(message_id, Delivery.DELIVERED)
    assert [person.dropped + person.undecryptable for person in people] == [[]] * CUSTOMERS
    for i, person in enumerate(people):
        texts = [received.text for received in person.received if received.text.startswith("jawaban")]
        assert texts == [f"jawaban {n}" for n in range(i, REPLIES, CUSTOMERS)]
