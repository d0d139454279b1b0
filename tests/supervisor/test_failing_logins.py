"""Failing logins on the wire, counted by the server, while a clock that runs fast passes for the shop's."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.domain.links import LinkState
from daemon.domain.login_attempts import IN_VAIN
from daemon.store import links
from tests.support.moved_shop import DAY, MovedShop, moved_shop
from tests.support.waiting import wait_until

pytestmark = pytest.mark.wire

# a session takes less than a second to start, which is well below a minute then
TIMES_FASTER, STEP = 45, 0.02


@contextmanager
def fast_clock(shop: MovedShop) -> Iterator[None]:
    """A minute takes little more than a second."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(STEP):
            shop.days_pass(STEP * TIMES_FASTER / DAY, wait=False)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    stop.set()
    thread.join()


def press_for(shop: MovedShop, minutes: float, at_least: int = 0) -> int:
    """Press “connect now” for so long, and until the server has seen so many logins; how many it has seen."""
    before, end = len(shop.wa.logins), shop.day + minutes / 1440
    while shop.day < end or len(shop.wa.logins) - before < at_least:
        with shop.database.write() as conn:
            links.change(conn, shop.account_id, shop.now(), wish=links.WISH_RECONNECT)
        pressed = shop.day
        wait_until(lambda pressed=pressed: shop.day > pressed + 1 / 86400)
    return len(shop.wa.logins) - before


def test_whatever_the_server_refuses_it_is_asked_once_a_minute_and_not_at_all_during_a_ban(tmp_path: Path) -> None:
    with moved_shop(tmp_path) as shop:
        faults = shop.wa.faults
        with shop.database.write() as conn:
            nearly = replace(links.get(conn, shop.account_id).attempts, in_vain=IN_VAIN)
            links.keep_attempts(conn, shop.account_id, replace(nearly, latest=shop.now()))
        faults.refuse_logins()
        faults.drop_connection()
        shop.wait_for(LinkState.OFFLINE)
        with fast_clock(shop):
            made = press_for(shop, 1.2)
            faults.accept_logins()
            faults.connect_failure("503", times=9)
            made += press_for(shop, 0.5)
            # another supervisor remembers
            shop.kill("supervisor")
            assert shop.process is not None
            shop.process.wait()
            shop.start()
            made += press_for(shop, 1, at_least=1)
            assert made <= shop.day * 1440 + 1
            faults.accept_logins()
            faults.connect_failure("402", code="101", expire="3600")
            shop.wait_for(LinkState.BANNED)
            assert press_for(shop, 1.2) == 0
