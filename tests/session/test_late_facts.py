"""On the wire: what WhatsApp tells late reaches a reply whatever has become of it, whoever's clock is wrong."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.desk.outgoing import Decision, decide
from daemon.domain.links import LinkState
from daemon.domain.messages import Author, Delivery
from daemon.domain.time import utc_now
from daemon.store import turns
from tests.support.inbox import last_mark, row
from tests.support.moved_shop import DAY, MovedShop
from tests.support.shop import Shop, open_shop
from tests.support.waiting import wait_until
from tests.whatsapp_server import WhatsAppServer
from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.wire.node import Node

pytestmark = pytest.mark.wire


@pytest.fixture
def own_shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path) as shop:
        yield shop


def asks(shop: Shop, name: str) -> Customer:
    customer = shop.wa.add_customer(name)
    customer.send_text(f"Tanya dari {name}")
    shop.wait_for_text(f"Tanya dari {name}")
    return customer


def texts(customer: Customer) -> list[str]:
    return [received.text for received in customer.received]


def goes_offline(shop: Shop) -> None:
    shop.wa.faults.refuse_logins()
    shop.wa.faults.drop_connection()
    wait_until(lambda: shop.link().state == LinkState.OFFLINE)


def comes_back(shop: Shop) -> None:
    shop.wa.faults.accept_logins()
    shop.wait_for(LinkState.ONLINE, 40)


def decides(shop: Shop, message_id: int, decision: Decision) -> None:
    with shop.database.write() as conn:
        conversation_id = shop.bubble(message_id).conversation_id
        assert decide(conn, conversation_id, message_id, decision, utc_now())


def wa_id_at_whatsapp(shop: Shop, message_id: int) -> bool:
    wa_id = shop.journey(message_id).wa_id
    return wa_id is not None and any(node.attrs.get("id") == wa_id for node in shop.wa.stanzas("message"))


def is_open(shop: Shop, name: str) -> bool:
    with shop.database.read() as conn:
        return turns.current(conn, row(shop, name).id) is not None


def test_a_receipt_in_the_backlog_keeps_a_reply_from_leaving_again(own_shop: Shop) -> None:
    customer = asks(own_shop, "Ani")
    # WhatsApp has it, but never says so, and neither the customer nor our phone is there
    customer.go_offline()
    own_shop.wa.phone.go_offline()
    own_shop.wa.faults.hold_acks()
    message_id = own_shop.answer("Ani", "ada kak")
    wait_until(lambda: wa_id_at_whatsapp(own_shop, message_id), what="the frame")
    goes_offline(own_shop)
    own_shop.wait_for_delivery(message_id, Delivery.UNCERTAIN)
    decides(own_shop, message_id, Decision.SEND_AGAIN)
    customer.go_online()
    customer.wait_for_text("ada kak")
    own_shop.wa.faults.release_acks()
    comes_back(own_shop)
    own_shop.wait_for_delivery(message_id, Delivery.DELIVERED)
    # a reply to somebody else shows that the outbox has moved on
    other = asks(own_shop, "Beni")
    own_shop.answer("Beni", "siap")
    other.wait_for_text("siap")
    assert texts(customer) == ["ada kak"]


def test_what_was_queued_before_the_number_was_linked_anew_waits_for_a_person(own_shop: Shop) -> None:
    customer = asks(own_shop, "Cici")
    own_shop.wa.phone.unlink()
    own_shop.wait_for(LinkState.LOGGED_OUT)
    message_id = own_shop.answer("Cici", "dari inbox")
    # nobody here sees it: it comes as history only
    own_shop.wa.phone.send_text(customer, "dari HP")
    customer.wait_for_text("dari HP")
    with own_shop.pairing():
        own_shop.pair()
    own_shop.wait_for_delivery(message_id, Delivery.HELD)
    other = asks(own_shop, "Dodi")
    own_shop.answer("Dodi", "siap")
    other.wait_for_text("siap")
    assert texts(customer) == ["dari HP"]
    assert is_open(own_shop, "Cici")


def test_an_answer_that_the_phone_takes_back_opens_its_turn_again(shop: Shop) -> None:
    customer = asks(shop, "Eka")
    wa_id = shop.wa.phone.send_text(customer, "ini untuk orang lain")
    shop.wait_for_text("ini untuk orang lain")
    wait_until(lambda: not is_open(shop, "Eka"))
    shop.wa.phone.revoke(customer, wa_id)
    wait_until(lambda: is_open(shop, "Eka"), what="a turn that waits again")


def test_a_strangers_receipt_moves_no_tick(shop: Shop) -> None:
    customer = asks(shop, "Fani")
    message_id = shop.answer("Fani", "ada kak")
    shop.wait_for_delivery(message_id, Delivery.DELIVERED)
    stranger = asks(shop, "Gugun")
    (device,) = shop.wa.phone.linked_numbers()
    ours = shop.wa.phone.user.phone_jid.with_device(device)
    attributes = {
        "from": stranger.user.lid_jid,
        "id": customer.received[-1].id,
        "type": "read",
        "t": shop.wa.network.now(),
    }

    def forge() -> None:
        connection = shop.wa.endpoint.connection_of(ours)
        assert connection is not None
        connection.send(Node("receipt", attributes))

    shop.wa.loop.call(forge)
    stranger.send_text("sesudah itu")
    shop.wait_for_text("sesudah itu")
    assert shop.bubble(message_id).delivery == Delivery.DELIVERED
    customer.read()
    shop.wait_for_delivery(message_id, Delivery.READ)


@pytest.fixture(params=[-DAY, -300, 300, DAY], ids=["a day slow", "slow", "fast", "a day fast"])
def wrong_shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MovedShop]:
    """A shop whose computer's clock is so many seconds ahead of WhatsApp's."""
    with WhatsAppServer() as wa:
        shop = MovedShop(wa, tmp_path / f"wrong-{secrets.token_hex(2)}")
        shop.sets_only_its_clock(request.param)
        shop.start()
        try:
            shop.pair()
            yield shop
        finally:
            shop.stop()
            shop.database.close()


def test_a_wrong_clock_changes_nothing_and_is_told(wrong_shop: MovedShop) -> None:
    shop = wrong_shop
    customer = asks(shop, "Hani")
    shop.wa.phone.send_text(customer, "dari HP")
    wait_until(lambda: not is_open(shop, "Hani"), what="an answer from the phone that counts")
    assert last_mark(shop, "Hani").closer.author == Author.PHONE
    # the phone is faster than an admin's reply
    customer.send_text("dan yang merah?")
    shop.wait_for_text("dan yang merah?")
    goes_offline(shop)
    message_id = shop.answer("Hani", "dari inbox")
    shop.wa.phone.send_text(customer, "dari HP juga")
    comes_back(shop)
    shop.wait_for_delivery(message_id, Delivery.HELD)
    lead = shop.link().clock_lead
    assert lead is not None
    assert abs(lead - shop.lead) <= 2
    told = shop.command("doctor")
    assert told.returncode != 0
    assert "WhatsApp's at the last look" in told.stdout
