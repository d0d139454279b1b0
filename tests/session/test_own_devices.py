"""What happens on the phone and on other linked devices is followed, and every customer is one contact."""

import pytest
from sqlalchemy import select

from daemon.domain.links import LinkState
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author, Delivery
from daemon.store import contacts
from daemon.store.tables.core import account, contact, contact_alias
from tests.support.inbox import becomes, last_mark, row
from tests.support.shop import Shop
from tests.support.waiting import wait_until

pytestmark = pytest.mark.wire


def test_an_own_edit_and_deletion_on_the_phone_are_followed(shop: Shop) -> None:
    customer, phone = shop.wa.add_customer("Ubah Sendiri"), shop.wa.phone
    customer.send_text("jam berapa?")
    shop.wait_for_text("jam berapa?")
    sent = phone.send_text(customer, "jam 8")
    bubble = shop.wait_for_text("jam 8")
    phone.edit(customer, sent, "jam 9")
    assert becomes(shop, bubble, lambda b: b.edited).text == "jam 9"
    phone.revoke(customer, sent)
    becomes(shop, bubble, lambda b: b.revoked)


def test_a_reply_from_the_phone_closes_the_turn(shop: Shop) -> None:
    customer = shop.wa.add_customer("Dijawab HP")
    customer.send_text("masih ada?")
    shop.wait_for_text("masih ada?")
    shop.wa.phone.send_text(customer, "masih kak")
    bubble = shop.wait_for_text("masih kak")
    assert (bubble.from_me, bubble.author, bubble.device) == (True, Author.PHONE, 0)
    becomes(shop, bubble, lambda b: b.delivery == Delivery.DELIVERED)
    mark = last_mark(shop, customer.name)
    assert (mark.closer.author, mark.message_id) == (Author.PHONE, bubble.id)
    assert row(shop, customer.name).waiting_since is None


def test_a_reply_from_another_linked_device_names_its_number(shop: Shop) -> None:
    web = shop.wa.add_companion("Chrome")
    customer = shop.wa.add_customer("Dijawab Web")
    customer.send_text("buka?")
    shop.wait_for_text("buka?")
    web.send_image(customer, b"jadwal", "jadwal kami")
    bubble = shop.wait_for_text("jadwal kami")
    assert (bubble.kind, bubble.author, bubble.device) == (MessageKind.IMAGE, Author.COMPANION, web.number)
    mark = last_mark(shop, customer.name)
    assert (mark.closer.author, mark.closer.device) == (Author.COMPANION, web.number)


def test_the_blue_ticks_of_a_reply_from_the_phone_are_seen(shop: Shop) -> None:
    customer = shop.wa.add_customer("Centang")
    customer.send_text("ok?")
    shop.wait_for_text("ok?")
    shop.wa.phone.send_text(customer, "ok kak")
    bubble = shop.wait_for_text("ok kak")
    customer.read(customer.wait_for_text("ok kak").id)
    becomes(shop, bubble, lambda b: b.delivery == Delivery.READ)


@pytest.mark.parametrize("quietly", [False, True], ids=["read", "read-self"])
def test_reading_on_the_phone_marks_messages_as_seen_but_not_answered(shop: Shop, quietly: bool) -> None:
    customer, phone = shop.wa.add_customer(f"Dibaca {quietly}"), shop.wa.phone
    for text in (f"satu {quietly}", f"dua {quietly}", f"tiga {quietly}"):
        customer.send_text(text)
        shop.wait_for_text(text)
    ids = [phone.wait_for_text(f"{word} {quietly}").id for word in ("satu", "dua")]
    assert row(shop, customer.name).unread == 3
    phone.read(customer, ids, quietly=quietly)
    wait_until(lambda: row(shop, customer.name).unread == 1, what="seen")
    assert row(shop, customer.name).waiting_since is not None


def test_a_customer_addressed_by_number_and_by_lid_is_one_contact(shop: Shop) -> None:
    customer = shop.wa.add_customer("Dua Alamat")
    texts = []
    for addressing in ("pn", "lid", "pn"):
        customer.addressing = addressing
        texts.append(f"lewat {addressing} {len(texts)}")
        customer.send_text(texts[-1])
        shop.wait_for_text(texts[-1])
    assert shop.texts(customer.name) == texts
    with shop.database.read() as conn:
        found = conn.execute(
            select(contact.c.id, contact.c.lid, contact.c.phone).where(contact.c.name == customer.name)
        ).one()
        aliases = conn.execute(
            select(contact_alias.c.user).where(contact_alias.c.contact_id == found.id)
        ).scalars()
        assert {customer.lid, customer.phone_number} == set(aliases)
        assert contacts.address_of(conn, found.id).user == customer.lid
    assert (found.lid, found.phone) == (customer.lid, customer.phone_number)


def test_the_phone_writing_first_by_number_is_the_same_contact_as_the_answer_by_lid(shop: Shop) -> None:
    customer, phone = shop.wa.add_customer("Disapa Dulu"), shop.wa.phone
    phone.addressing = "pn"
    try:
        phone.send_text(customer, "halo dari toko")
        customer.wait_for_text("halo dari toko")
    finally:
        phone.addressing = "lid"
    customer.send_text("halo juga toko")
    shop.wait_for_text("halo juga toko")
    assert shop.texts(customer.name) == ["halo dari toko", "halo juga toko"]


def test_a_new_name_is_shown(shop: Shop) -> None:
    customer = shop.wa.add_customer("Nama Lama")
    customer.send_text("pakai nama lama")
    shop.wait_for_text("pakai nama lama")
    customer.rename("Nama Baru")
    customer.send_text("pakai nama baru")
    wait_until(lambda: shop.texts("Nama Baru") == ["pakai nama lama", "pakai nama baru"])


def test_the_shop_knows_its_own_number(shop: Shop) -> None:
    with shop.database.read() as conn:
        own = conn.execute(select(account.c.phone, account.c.lid, account.c.device)).one()
    phone = shop.wa.phone
    assert (own.phone, own.lid) == (phone.phone_number, phone.lid)
    assert own.device in phone.linked_numbers()
    assert shop.link().state == LinkState.ONLINE
