"""The bot on the wire: polite once, silent where somebody was faster, and no chatter after a night offline."""

import pytest

from daemon.desk import settings
from daemon.desk.bot import rules
from daemon.domain.desk import THE_DESK
from daemon.domain.links import LinkState
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from tests.support.inbox import last_mark, row
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer

pytestmark = pytest.mark.wire

GREETING = "Halo {name}, selamat datang di {shop}!"


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """The module's shop with its bot on: a greeting, a rule that closes and one that does not."""
    now = utc_now()
    with shop.database.write() as conn:
        choices = {"bot": True, "grace": 2, "greeting": GREETING, "alarm_after": 0, "return_after": 0}
        if settings.save(conn, shop.account_id, choices, THE_DESK, now):
            rules.save(conn, shop.account_id, None, "ongkir, ongkos kirim", "9 ribu", True, True, THE_DESK, now)
            rules.save(conn, shop.account_id, None, "harga", "cek katalog", False, True, THE_DESK, now)
    return shop


def greeting(customer: Customer) -> str:
    return f"Halo {customer.name}, selamat datang di Toko Kita!"


def texts(customer: Customer) -> list[str]:
    return [received.text for received in customer.received]


def another_is_greeted(shop: Shop, name: str) -> None:
    """A customer who writes now gets his greeting: the bot has dealt with everything before."""
    other = shop.wa.add_customer(name)
    other.send_text("halo")
    other.wait_for_text(greeting(other))


def test_a_new_customer_is_greeted_and_still_waits_for_a_person(shop: Shop) -> None:
    customer = shop.wa.add_customer("Lina")
    customer.send_text("halo kak")
    customer.wait_for_text(greeting(customer))
    waiting = row(shop, "Lina")
    assert waiting.waiting_since is not None
    assert waiting.acknowledged_at is not None
    customer.send_text("ada orang?")
    shop.wait_for_text("ada orang?")
    another_is_greeted(shop, "Lina Kedua")
    assert texts(customer) == [greeting(customer)]


def test_a_rule_that_closes_answers_the_customer_and_one_that_does_not_leaves_him_waiting(shop: Shop) -> None:
    first, second = shop.wa.add_customer("Maya"), shop.wa.add_customer("Nadia")
    first.send_text("Ongkos KIRIM ke Bandung?")
    second.send_text("harganya... harga?")
    first.wait_for_text("9 ribu")
    second.wait_for_text("cek katalog")
    assert last_mark(shop, "Maya").closer.author == Author.BOT
    assert row(shop, "Maya").waiting_since is None
    assert row(shop, "Nadia").waiting_since is not None


def test_the_phone_answering_within_the_grace_time_leaves_the_bot_silent(shop: Shop) -> None:
    customer = shop.wa.add_customer("Oki")
    customer.send_text("ongkir?")
    shop.wait_for_text("ongkir?")
    shop.wa.phone.send_text(customer, "7 ribu aja kak")
    shop.wait_for_text("7 ribu aja kak")
    another_is_greeted(shop, "Oki Kedua")
    assert texts(customer) == ["7 ribu aja kak"]
    assert last_mark(shop, "Oki").closer.author == Author.PHONE


def test_an_admin_answering_within_the_grace_time_leaves_the_bot_silent(shop: Shop) -> None:
    customer = shop.wa.add_customer("Putri")
    customer.send_text("ongkir?")
    wait_until(lambda: shop.texts("Putri"))
    shop.answer("Putri", "gratis kak")
    customer.wait_for_text("gratis kak")
    another_is_greeted(shop, "Putri Kedua")
    assert texts(customer) == ["gratis kak"]


def test_after_an_outage_only_those_are_greeted_whom_the_phone_has_not_answered(shop: Shop) -> None:
    shop.wa.faults.refuse_logins()
    shop.wa.faults.drop_connection()
    wait_until(lambda: shop.link().state == LinkState.OFFLINE)
    customers = [shop.wa.add_customer(f"Malam {i}") for i in range(10)]
    for i in range(200):
        customers[i % 10].send_text(f"pesan {i} ongkir")
    answered = customers[::2]
    for customer in answered:
        shop.wa.phone.send_text(customer, "besok ya kak")
    shop.wa.faults.accept_logins()
    shop.wait_for(LinkState.ONLINE, 60)
    for customer in customers[1::2]:
        customer.wait_for_text("9 ribu")
    another_is_greeted(shop, "Pagi")
    assert [texts(customer) for customer in answered] == [["besok ya kak"]] * 5
    assert [texts(customer) for customer in customers[1::2]] == [["9 ribu"]] * 5
