"""A history on the wire: many parts, out of order and twice, a crash in between, and live messages beside it."""

import time

import pytest
from sqlalchemy import func, select

from daemon.domain.desk import Box
from daemon.domain.history import HistoryState
from daemon.store.conversation_list import listing
from daemon.store.tables.core import turn
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors import history
from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.wire import payload

pytestmark = pytest.mark.wire


def past(customers: list[Customer], count: int) -> list[history.PastMessage]:
    """So many messages of the last hours in their chats, every third one the shop's."""
    people, now = [customer.user for customer in customers], time.time()
    return [
        history.PastMessage(
            people[n % len(people)],
            f"OLD{n}",
            n % 3 == 0,
            payload.with_secret(payload.text(f"lama {n}")),
            now - 10_000 - n,
        )
        for n in range(count)
    ]


def import_is(shop: Shop, state: HistoryState, percent: int | None) -> bool:
    link = shop.link()
    return (link.history_state, link.history_percent) == (state, percent)


def test_a_long_history_is_shown_coming_and_stands_beside_what_comes_live(new_shop: Shop) -> None:
    shop, phone = new_shop, new_shop.wa.phone
    phone.shares_history = False
    people = [shop.wa.add_customer(f"Lama {n}") for n in range(4)]
    parts = history.chunks(history.RECENT, past(people, 1000), size=250)
    shop.pair()
    assert import_is(shop, HistoryState.NONE, None)

    phone.upload_chunks([parts[1], parts[0], parts[1]])
    people[0].send_text("ini baru")
    shop.wait_for_text("ini baru")
    # the part that overtook the other says 50 %
    wait_until(lambda: shop.link().history_messages == 500, what="half of the history")
    assert import_is(shop, HistoryState.IMPORTING, 50)
    shown = shop.command("status").stdout
    assert "Importing earlier conversations: 50 %, 500 messages" in shown

    before = shop.pid("session")
    shop.kill("session")
    assert before is not None
    shop.wait_for_successor("session", before)
    # the crash leaves no bar that stays: it goes on where it was
    phone.upload_chunks([parts[3], parts[0], parts[2]])
    wait_until(lambda: shop.link().history_messages == 1000, what="all messages")
    wait_until(lambda: import_is(shop, HistoryState.DONE, 100), what="the end of the history")
    with shop.database.read() as conn:
        rows = listing(conn, shop.account_id, Box.ALL, 0)
        assert conn.execute(select(func.count()).select_from(turn)).scalar_one() == 1
    assert [(row.contact_name, row.unread, row.waiting_since is not None) for row in rows] == [
        ("Lama 0", 1, True),
        *((f"Lama {n}", 0, False) for n in (1, 2, 3)),
    ]
    assert rows[0].last_text == "ini baru"
    thread = shop.bubbles("Lama 0")
    assert [bubble.text for bubble in thread] == [*(f"lama {n}" for n in range(996, -1, -4)), "ini baru"]
