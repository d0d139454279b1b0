"""Blocking on the wire: shown once WhatsApp has done it, from here or from the phone, and so undone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from daemon.desk import block_request, contact_refresh
from daemon.domain.desk import COMMAND_LINE
from daemon.domain.questions import QuestionKind, Unanswered
from daemon.domain.time import utc_now
from daemon.store import questions
from daemon.store.tables.questions import question
from tests.support.inbox import row
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer

pytestmark = pytest.mark.wire


@pytest.fixture
def shop(shared_shop: Shop) -> Iterator[Shop]:
    """The module's shop; WhatsApp answers as usual afterwards."""
    yield shared_shop
    shared_shop.wa.faults.leave_unanswered()
    shared_shop.wa.faults.refuse_queries()


def somebody(shop: Shop, name: str) -> Customer:
    customer = shop.wa.add_customer(name)
    customer.send_text(f"halo dari {name}")
    shop.wait_for_text(f"halo dari {name}")
    return customer


def ask(shop: Shop, name: str, wanted: bool) -> int:
    with shop.database.write() as conn:
        return block_request.ask(conn, row(shop, name), wanted, COMMAND_LINE, utc_now()).id


def becomes(shop: Shop, name: str, blocked: bool) -> None:
    wait_until(lambda: row(shop, name).is_blocked == blocked, what=f"blocked: {blocked}")


def test_a_customer_is_blocked_and_unblocked(shop: Shop) -> None:
    customer = somebody(shop, "Usil")
    ask(shop, "Usil", True)
    becomes(shop, "Usil", True)
    assert shop.wa.loop.call(lambda: customer.user.lid_jid in shop.wa.phone.user.blocked)
    customer.send_text("tidak sampai")
    ask(shop, "Usil", False)
    becomes(shop, "Usil", False)
    customer.send_text("sampai lagi")
    shop.wait_for_text("sampai lagi")
    assert "tidak sampai" not in shop.texts()


def test_what_whatsapp_refuses_or_confirms_late_is_shown_as_it_is(shop: Shop) -> None:
    somebody(shop, "Bandel")
    shop.wa.faults.refuse_queries("blocklist")
    asked = ask(shop, "Bandel", True)

    def error() -> Unanswered | None:
        with shop.database.read() as conn:
            found = questions.get(conn, asked)
        return found.error if found else None

    assert wait_until(error, what="a refusal") == Unanswered.REFUSED
    assert not row(shop, "Bandel").is_blocked


def test_what_the_phone_has_blocked_is_known_within_the_hour(shop: Shop) -> None:
    customer = somebody(shop, "Diblokir Dari HP")
    about = row(shop, customer.name)

    def look() -> None:
        with shop.database.write() as conn:
            hours_ago = utc_now() - timedelta(hours=2)
            is_list = question.c.kind == QuestionKind.BLOCKLIST.value
            conn.execute(question.update().where(is_list).values(asked_at=hours_ago))
            contact_refresh.ask(conn, about, utc_now())
            assert not contact_refresh._wants_list(conn, shop.account_id, utc_now())

    shop.wa.phone.block(customer)
    look()
    becomes(shop, customer.name, True)
    shop.wa.phone.block(customer, blocked=False)
    look()
    becomes(shop, customer.name, False)
    # of others' addresses nothing is kept
    with shop.database.read() as conn:
        kept = questions.newest(conn, shop.account_id, QuestionKind.BLOCKLIST, contact_refresh.SERVICE)
    assert kept
    assert kept.answer == {}
