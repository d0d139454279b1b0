"""Calls on the wire: missed ones wait for an answer, whatever crashes; those that the phone takes do not."""

import pytest

from daemon.domain.links import LinkState
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author
from tests.support.inbox import row
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer

pytestmark = pytest.mark.wire


def kinds(shop: Shop, customer: Customer) -> list[MessageKind]:
    return [bubble.kind for bubble in shop.bubbles(customer.name)]


def test_a_missed_call_waits_and_one_that_the_phone_takes_does_not(shop: Shop) -> None:
    customer = shop.wa.add_customer("Penelepon")
    customer.send_text("halo")
    shop.wait_for_text("halo")
    shop.answer(customer.name, "ada, Kak")
    wait_until(lambda: row(shop, customer.name).waiting_since is None, what="the answer")

    taken = customer.ring()
    customer.hang_up(taken, "accepted_elsewhere")
    said = customer.ring(video=True)
    customer.is_taken(said)
    customer.hang_up(said, "")
    wait_until(lambda: kinds(shop, customer)[2:] == [MessageKind.ANSWERED_CALL] * 2, what="two lines")
    line = row(shop, customer.name)
    assert (line.waiting_since, line.unread) == (None, 0)

    customer.call(video=True)
    wait_until(lambda: kinds(shop, customer)[-1] == MessageKind.CALL, what="the missed call")
    missed = shop.bubbles(customer.name)[-1]
    line = row(shop, customer.name)
    assert (missed.media, missed.text, missed.author) == ({"video": True}, None, Author.CUSTOMER)
    assert line.waiting_since is not None
    assert (line.unread, line.last_kind) == (1, MessageKind.CALL)
    # it has his number as well as his hidden address
    assert line.contact_phone == customer.phone_number
    shop.wa.wait_until(lambda: shop.wa.waiting() == 0, what="all is acknowledged")
    assert len(shop.bubbles(customer.name)) == 5


def test_a_strangers_call_begins_a_conversation_and_a_groups_none_with_him(shop: Shop) -> None:
    customer = shop.wa.add_customer("Orang Baru")
    group = customer.ring(group="120363000000000001@g.us")
    customer.hang_up(group)
    customer.call()

    def listed() -> list[str]:
        return [one.phone_number for one in shop.wa.customers if shop.bubbles(one.name)]

    def called() -> bool:
        rows = [bubble for bubble in shop.bubbles() if bubble.kind == MessageKind.CALL]
        return any(bubble.media is None for bubble in rows)

    wait_until(called, what="the call")
    assert customer.phone_number not in listed()
    customer.send_text("saya yang tadi telepon")
    shop.wait_for_text("saya yang tadi telepon")
    assert kinds(shop, customer) == [MessageKind.CALL, MessageKind.TEXT]


def test_a_call_that_ends_while_the_session_is_dead_is_missed_once(shop: Shop) -> None:
    customer = shop.wa.add_customer("Telepon Putus")
    customer.send_text("sebelum telepon")
    shop.wait_for_text("sebelum telepon")
    ringing = customer.ring()
    shop.wa.wait_until(lambda: shop.wa.waiting() == 0, what="the offer is acknowledged")
    session = shop.pid("session")
    assert session is not None
    shop.kill("session")
    # the phone is taken up, and another rings in vain, while nobody listens here
    customer.hang_up(ringing, "accepted_elsewhere")
    customer.call()
    shop.wait_for_successor("session", session)
    shop.wait_for(LinkState.ONLINE, 60)
    expected = [MessageKind.TEXT, MessageKind.ANSWERED_CALL, MessageKind.CALL]
    wait_until(lambda: kinds(shop, customer) == expected, what="both calls")
    customer.send_text("sesudah telepon")
    shop.wait_for_text("sesudah telepon")
    assert kinds(shop, customer) == [*expected, MessageKind.TEXT]
