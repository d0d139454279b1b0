"""Replies leave once, in order, byte for byte; what nobody can know is said to be uncertain and never repeated."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, update

from daemon.desk import replies
from daemon.domain.links import LinkState
from daemon.domain.messages import Author, Delivery, OutboxState
from daemon.domain.time import utc_now
from daemon.domain.turns import Closer
from daemon.store import turns
from daemon.store.tables.core import contact, message, outbox
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.actors.values import Received
from tests.whatsapp_server.wire.node import Node

pytestmark = pytest.mark.wire


@pytest.fixture
def quiet_phone(shop: Shop) -> Iterator[None]:
    """The shop's phone is off: nothing but the customer's own receipts tells what arrived."""
    shop.wa.phone.go_offline()
    yield
    shop.wa.phone.go_online()


@pytest.fixture
def held_acks(shop: Shop) -> Iterator[None]:
    """The server delivers what we send but never says so."""
    shop.wa.faults.hold_acks()
    yield
    shop.wa.faults.release_acks()


def customer_who_asked(shop: Shop, name: str) -> Customer:
    """A customer whose question is in the inbox."""
    customer = shop.wa.add_customer(name)
    customer.send_text(f"Tanya dari {name}")
    shop.wait_for_text(f"Tanya dari {name}")
    return customer


def open_turn(shop: Shop, message_id: int) -> int | None:
    """The open turn of a message's conversation."""
    with shop.database.read() as conn:
        return turns.current(conn, shop.bubble(message_id).conversation_id)


def kill_session(shop: Shop) -> None:
    """SIGKILL the session and wait until its successor is online."""
    old = shop.processes()["session"].pid
    shop.kill("session")
    wait_until(lambda: (new := shop.processes().get("session")) and new.pid != old, 20, "a new session")
    wait_until(lambda: shop.link().state == LinkState.ONLINE and shop.wa.connected(), 30, "online again")


def uncertain_reply(shop: Shop, customer: Customer, text: str) -> tuple[int, Received]:
    """A reply that arrived, but whose session was killed before anybody said so."""
    customer.auto_deliver = False
    message_id = shop.answer(customer.name, text)
    received = customer.wait_for_text(text)
    kill_session(shop)
    assert shop.journey(message_id).state == OutboxState.UNCERTAIN
    assert shop.bubble(message_id).delivery == Delivery.UNCERTAIN
    return message_id, received


def test_the_id_is_on_disk_before_the_frame_leaves(shop: Shop) -> None:
    customer = customer_who_asked(shop, "Sebelum")
    known: list[bool] = []

    def look(received: Received) -> None:
        with shop.database.read() as conn:
            row = conn.execute(select(outbox.c.state).where(outbox.c.wa_id == received.id)).first()
        known.append(row is not None)

    customer.on_received = look  # type: ignore[method-assign]
    ids = [shop.answer(customer.name, f"jawab {n}") for n in range(20)]
    shop.wait_for_delivery(ids[-1], Delivery.DELIVERED)
    assert known == [True] * 20


def test_a_reply_is_sending_with_its_id_until_the_server_answers(shop: Shop, held_acks: None) -> None:
    customer = customer_who_asked(shop, "Menunggu")
    customer.auto_deliver = False
    shop.wa.phone.go_offline()
    message_id = shop.answer(customer.name, "masih di jalan")
    received = customer.wait_for_text("masih di jalan")
    journey = shop.journey(message_id)
    assert (journey.state, journey.wa_id) == (OutboxState.SENDING, received.id)
    assert shop.bubble(message_id).delivery == Delivery.SENDING
    shop.wa.faults.release_acks()
    shop.wait_for_delivery(message_id, Delivery.SENT)
    assert shop.journey(message_id).state == OutboxState.SENT
    shop.wa.phone.go_online()


@pytest.mark.parametrize("proof", ["sender", "delivered", "read"])
def test_a_reply_cut_off_by_a_crash_is_uncertain_until_a_receipt_comes(
    shop: Shop, quiet_phone: None, held_acks: None, proof: str
) -> None:
    customer = customer_who_asked(shop, f"Ragu {proof}")
    message_id, received = uncertain_reply(shop, customer, f"jawaban {proof}")
    if proof == "sender":
        shop.wa.phone.go_online()
        shop.wait_for_delivery(message_id, Delivery.SENT)
    elif proof == "delivered":
        customer.send_receipt(received.sender.with_device(received.device), [received.id])
        shop.wait_for_delivery(message_id, Delivery.DELIVERED)
    else:
        customer.read(received.id)
        shop.wait_for_delivery(message_id, Delivery.READ)
    assert shop.journey(message_id).state == OutboxState.SENT
    assert [one.text for one in customer.received] == [f"jawaban {proof}"]


def test_an_uncertain_reply_is_never_sent_again(shop: Shop, quiet_phone: None, held_acks: None) -> None:
    customer = customer_who_asked(shop, "Sekali")
    message_id, received = uncertain_reply(shop, customer, "sekali saja")
    shop.wa.faults.release_acks()
    kill_session(shop)
    # the next reply has left: an earlier one would have left before it
    after = shop.answer(customer.name, "yang berikut")
    shop.wait_for_delivery(after, Delivery.SENT)
    assert [one.text for one in customer.received] == ["sekali saja", "yang berikut"]
    assert [node.get("id") for node in shop.wa.stanzas("message")].count(received.id) == 1
    assert shop.journey(message_id).state == OutboxState.UNCERTAIN


def test_a_reply_whose_session_was_killed_before_it_had_an_id_is_sent_once(shop: Shop) -> None:
    customer = customer_who_asked(shop, "Tanpa Nomor")
    shop.wa.faults.leave_unanswered("usync")
    message_id = shop.answer(customer.name, "belum pergi")
    wait_until(lambda: shop.journey(message_id).state == OutboxState.SENDING)
    assert shop.journey(message_id).wa_id is None
    shop.kill("session")
    shop.wa.faults.leave_unanswered()
    shop.wait_for_delivery(message_id, Delivery.DELIVERED)
    assert [one.text for one in customer.received] == ["belum pergi"]


def test_replies_written_while_offline_leave_after_the_reconnect_in_order(shop: Shop) -> None:
    customer = customer_who_asked(shop, "Luring")
    shop.wa.faults.refuse_logins()
    shop.kill("session")
    wait_until(lambda: shop.link().state == LinkState.OFFLINE, what="offline")
    ids = [shop.answer(customer.name, f"luring {n}") for n in range(5)]
    assert {shop.bubble(message_id).delivery for message_id in ids} == {Delivery.QUEUED}
    shop.wa.faults.accept_logins()
    shop.wait_for_delivery(ids[-1], Delivery.DELIVERED, 40)
    assert [one.text for one in customer.received] == [f"luring {n}" for n in range(5)]


def test_replies_written_while_the_daemon_is_down_leave_when_it_is_back(shop: Shop) -> None:
    customer = customer_who_asked(shop, "Daemon Mati")
    shop.stop()
    message_id = shop.answer(customer.name, "ditulis saat mati")
    shop.start()
    shop.wait_for_delivery(message_id, Delivery.DELIVERED, 40)
    assert [one.text for one in customer.received] == ["ditulis saat mati"]


def test_a_refused_reply_has_failed_and_opens_the_turn_again(shop: Shop) -> None:
    customer = customer_who_asked(shop, "Ditolak")
    shop.wa.faults.refuse_sends("479")
    message_id = shop.answer(customer.name, "tidak sampai")
    shop.wait_for_delivery(message_id, Delivery.FAILED)
    assert shop.journey(message_id).state == OutboxState.FAILED
    turn_id = wait_until(lambda: open_turn(shop, message_id), what="an open turn")
    with shop.database.read() as conn:
        assert turns.mark(conn, turn_id) is None
        error = conn.execute(select(outbox.c.error).where(outbox.c.message_id == message_id)).scalar_one()
    assert error == "server returned error 479"
    again = shop.answer(customer.name, "sampai")
    shop.wait_for_delivery(again, Delivery.DELIVERED)
    assert [one.text for one in customer.received] == ["sampai"]
    assert open_turn(shop, again) is None


def test_fifty_replies_to_ten_customers_arrive_once_and_in_order(shop: Shop) -> None:
    people = [customer_who_asked(shop, f"Antre {n}") for n in range(10)]
    ids = [shop.answer(person.name, f"{person.name} {n}") for n in range(5) for person in people]
    for message_id in ids:
        shop.wait_for_delivery(message_id, Delivery.DELIVERED, 60)
    for person in people:
        assert [one.text for one in person.received] == [f"{person.name} {n}" for n in range(5)]


def reply_with_quote(shop: Shop, customer: Customer, quoted_id: str, text: str) -> Any:
    """What the customer gets of a reply that quotes a message: its ContextInfo."""
    with shop.database.write() as conn:
        conversation_id = shop.bubbles(customer.name)[0].conversation_id
        message_id = replies.answer(conn, conversation_id, Closer(Author.BOT), text, utc_now(), follow_up=True)
        conn.execute(update(message).where(message.c.id == message_id).values(quoted_wa_id=quoted_id))
    received = customer.wait_for_text(text).message.extendedTextMessage
    assert received.text == text
    return received.contextInfo


def test_a_quote_names_who_wrote_what_and_says_what_it_was(shop: Shop) -> None:
    customer = shop.wa.add_customer("Kutipan")
    asked = customer.send_text("ada bolu?")
    shop.wait_for_text("ada bolu?")
    quote = reply_with_quote(shop, customer, asked, "ada kak")
    assert (quote.stanzaID, quote.participant) == (asked, str(customer.user.lid_jid))
    assert quote.quotedMessage.conversation == "ada bolu?"

    ours = customer.wait_for_text("ada kak").id
    quote = reply_with_quote(shop, customer, ours, "mau berapa?")
    assert (quote.stanzaID, quote.participant) == (ours, str(customer.shop.lid_jid))
    assert quote.quotedMessage.conversation == "ada kak"

    picture = customer.send_image(b"a picture", "yang ini?")
    shop.wait_for_text("yang ini?")
    quote = reply_with_quote(shop, customer, picture, "ya, yang itu")
    assert quote.participant == str(customer.user.lid_jid)
    assert quote.quotedMessage.imageMessage.caption == "yang ini?"


TEXTS = {
    "emoji": "Siap 👩🏽‍🍳🎂 — 75rb\u200d ✅",
    "right to left": "مرحبا بكم، السعر 75 ﷼ \u200fشكرا",
    "at digits": "hubungi @6281310000001 atau @118000000007012 ya",
    "lines": "Daftar:\n\n1. nastar\n2. kastengel\n\tcatatan",
    "html": "<b>tebal</b> & \"kutip\" 'satu' %s {x} \\n",
    "composed": "e\u0301 é ﬁ Å",
    "longest": "ü" * 65_536,
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_arrives_as_it_was_written(shop: Shop, name: str) -> None:
    customer = customer_who_asked(shop, f"Teks {name}")
    message_id = shop.answer(customer.name, TEXTS[name])
    shop.wait_for_delivery(message_id, Delivery.DELIVERED)
    (received,) = customer.received
    assert received.message.conversation == TEXTS[name] == shop.bubble(message_id).text
    assert not received.message.HasField("extendedTextMessage")  # no mentions, no link preview


def test_outer_space_is_cut_alike_for_the_customer_and_the_thread(shop: Shop) -> None:
    customer = customer_who_asked(shop, "Spasi")
    message_id = shop.answer(customer.name, "\n  baris pertama\r\nbaris kedua \n")
    shop.wait_for_delivery(message_id, Delivery.DELIVERED)
    (received,) = customer.received
    assert received.text == shop.bubble(message_id).text == "baris pertama\nbaris kedua"


def every(node: Node) -> Iterator[Node]:
    """A node and all nodes inside it."""
    yield node
    for child in node.children():
        yield from every(child)


def test_no_reply_is_labelled_as_a_bots(shop: Shop) -> None:
    customer = customer_who_asked(shop, "Label")
    # neonize labels only what is sent to a phone number (shouldAddBotNode in its main.go)
    with shop.database.write() as conn:
        conn.execute(update(contact).where(contact.c.lid == customer.lid).values(lid=None))
    shop.wait_for_delivery(shop.answer(customer.name, "dari manusia"), Delivery.DELIVERED)
    sent = shop.wa.stanzas("message")
    assert customer.wait_for_text("dari manusia").id in {node.get("id") for node in sent}
    parts = [part for node in sent for part in every(node)]
    assert not [part.tag for part in parts if part.tag in ("bot", "biz") or "biz_bot" in part.attrs]


def test_the_session_never_says_that_it_is_available(shop: Shop) -> None:
    customer = customer_who_asked(shop, "Hadir")
    shop.wait_for_delivery(shop.answer(customer.name, "telepon tetap berdering"), Delivery.DELIVERED)
    assert "available" not in {node.get("type") or "available" for node in shop.wa.stanzas("presence")}
    # a client that is not looking says so in its receipts
    customer.wait_for_receipt(customer.send_text("masih di sana?"), "inactive")
