"""A locked database is waited for; what nobody foresaw ends the session, and the next one goes on without loss."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from daemon.domain.links import LinkState
from daemon.domain.message_kinds import MessageKind
from daemon.heartbeat import UNFORESEEN
from tests.support.lock import write_lock
from tests.support.shop import Shop
from tests.support.waiting import wait_until

pytestmark = pytest.mark.wire

# seconds: longer than anybody waits for the database's lock at once (15 s), and a login besides
LONG = 25.0


def pids(shop: Shop) -> dict[str, int]:
    return {role: process.pid for role, process in shop.processes().items()}


def passes(begun: float) -> None:
    """The lock is held for longer than anybody waits for it."""
    wait_until(lambda: time.monotonic() - begun > LONG, LONG + 1, "the lock's time")


@contextmanager
def trigger(shop: Shop, condition: str) -> Iterator[None]:
    """A row of `message` that the database refuses for a reason of its own."""
    with shop.database.write() as conn:
        conn.exec_driver_sql(
            f"CREATE TRIGGER refused BEFORE INSERT ON message WHEN {condition}"
            " BEGIN SELECT RAISE(ABORT, 'so it is'); END"
        )
    yield
    with shop.database.write() as conn:
        conn.exec_driver_sql("DROP TRIGGER refused")


def kinds(shop: Shop, name: str) -> list[MessageKind]:
    return [bubble.kind for bubble in shop.bubbles(name)]


@pytest.mark.slow
def test_a_database_that_is_locked_while_the_link_comes_up_is_waited_for(shop: Shop) -> None:
    before = pids(shop)
    shop.kill("session")
    shop.wait_for(LinkState.CONNECTING)
    with write_lock(shop.database):
        # not yet connected: so it is the login that finds the lock
        assert shop.link().state == LinkState.CONNECTING
        begun = time.monotonic()
        session = shop.wait_for_successor("session", before["session"])
        # no message before: the library would wait for that one, and tell of its login only afterwards
        passes(begun)
    shop.wait_for(LinkState.ONLINE)
    shop.wa.add_customer("Kunci").send_text("tidak terkunci")
    shop.wait_for_text("tidak terkunci")
    assert pids(shop) == {**before, "session": session}


@pytest.mark.slow
def test_a_database_that_is_locked_while_messages_come_is_waited_for_by_everybody(shop: Shop) -> None:
    before = pids(shop)
    with write_lock(shop.database):
        begun = time.monotonic()
        customer = shop.wa.add_customer("Antre")
        for n in range(3):
            customer.send_text(f"antre {n}")
        passes(begun)
        assert f"session {shop.account_id} is silent" not in shop.log()
    wait_until(lambda: shop.texts("Antre") == [f"antre {n}" for n in range(3)], 20, "all three, once")
    assert pids(shop) == before


@pytest.mark.slow
def test_a_session_that_ends_while_the_database_is_locked_is_followed_by_another(shop: Shop) -> None:
    before = pids(shop)
    with write_lock(shop.database):
        begun = time.monotonic()
        shop.kill("session")
        passes(begun)
        assert pids(shop)["supervisor"] == before["supervisor"]
    shop.wait_for_successor("session", before["session"])
    shop.wait_for(LinkState.ONLINE)
    shop.wa.add_customer("Sesudah").send_text("sesudah kunci")
    shop.wait_for_text("sesudah kunci")
    assert pids(shop)["inbox"] == before["inbox"]


def test_a_message_that_the_database_refuses_gets_a_placeholder_and_later_ones_arrive(shop: Shop) -> None:
    before = pids(shop)
    customer = shop.wa.add_customer("Tolak")
    with trigger(shop, "new.text = 'rahasia meledak'"):
        customer.send_text("rahasia meledak")
        after = shop.wait_for_successor("session", before["session"])
        customer.send_text("baik-baik saja")
        shop.wait_for_text("baik-baik saja")
    assert kinds(shop, "Tolak") == [MessageKind.LOST, MessageKind.TEXT]
    assert pids(shop) == {**before, "session": after}
    log = shop.log()
    assert f"session {shop.account_id} ended with {UNFORESEEN}" in log
    assert "a callback of the library met what nobody foresaw" in log
    assert "rahasia" not in log
    assert customer.user.phone not in log


def test_a_message_that_can_t_be_recovered_either_ends_one_session_and_no_more(shop: Shop) -> None:
    before = pids(shop)
    customer = shop.wa.add_customer("Dua Kali")
    with trigger(shop, f"new.text = 'tidak mau' OR new.kind = '{MessageKind.LOST.value}'"):
        customer.send_text("tidak mau")
        after = shop.wait_for_successor("session", before["session"])
        shop.wait_for(LinkState.ONLINE)
        customer.send_text("mau")
        shop.wait_for_text("mau")
    assert kinds(shop, "Dua Kali") == [MessageKind.TEXT]
    assert "something that arrived could not be placed" in shop.log()
    assert pids(shop) == {**before, "session": after}


def test_tables_that_are_gone_for_a_moment_end_sessions_and_never_the_daemon(shop: Shop) -> None:
    before = pids(shop)
    with shop.database.write() as conn:
        conn.exec_driver_sql("ALTER TABLE account RENAME TO elsewhere")
    wait_until(lambda: "the supervisor's look at the accounts failed" in shop.log(), 20, "a failing look")
    shop.wa.add_customer("Hilang").send_text("masih ada?")
    wait_until(lambda: pids(shop).get("session") != before["session"], 20, "the session's end")
    assert pids(shop)["supervisor"] == before["supervisor"]
    with shop.database.write() as conn:
        conn.exec_driver_sql("ALTER TABLE elsewhere RENAME TO account")
    shop.wait_for(LinkState.ONLINE)
    shop.wa.add_customer("Kembali").send_text("sudah kembali")
    shop.wait_for_text("sudah kembali")
    assert kinds(shop, "Hilang")[:1] in ([MessageKind.LOST], [MessageKind.TEXT])
    assert pids(shop)["inbox"] == before["inbox"]


@pytest.mark.slow
def test_a_stop_ends_everything_though_the_database_is_locked(own_shop: Shop) -> None:
    with write_lock(own_shop.database):
        own_shop.stop()
    own_shop.start()
    own_shop.wait_for(LinkState.ONLINE)
    own_shop.wa.add_customer("Lagi").send_text("lagi")
    own_shop.wait_for_text("lagi")
