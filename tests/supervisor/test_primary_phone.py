"""The phone's ladder as the shop lives it: real processes, the real library, a phone that is off for days.

Time is moved in the shop's processes and on WhatsApp's server alike (tests/support/clock_site). What WhatsApp
itself does after fourteen days is played by the simulator: it unlinks when the test says so.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from daemon.domain.links import LinkReason, LinkState
from daemon.domain.primary_phone import PhoneStep, SightingKind
from daemon.domain.sentences.link import SENTENCES
from daemon.domain.sentences.phone import PING
from daemon.store import evidence
from daemon.store.tables.core import contact, conversation
from tests.support.moved_shop import MovedShop, moved_shop
from tests.support.shop import last_json
from tests.support.waiting import wait_until

pytestmark = pytest.mark.wire

# (days that pass at once, the step that is shown then); after a jump of more than a day listening begins anew
TO_DAY_9 = [(6.5, PhoneStep.FINE), (0.9, PhoneStep.QUIET), (0.8, PhoneStep.QUIET), (0.8, PhoneStep.QUIET)]
TO_DAY_11 = [*TO_DAY_9, (0.9, PhoneStep.QUIET), (0.5, PhoneStep.ASK), (0.6, PhoneStep.ASK)]
TO_DAY_12_5 = [*TO_DAY_11, (0.7, PhoneStep.ASK), (0.4, PhoneStep.WARN), (0.4, PhoneStep.WARN)]
TO_DAY_13_5 = [*TO_DAY_12_5, (0.7, PhoneStep.URGENT), (0.3, PhoneStep.URGENT)]
TO_DAY_16 = [
    *TO_DAY_13_5,
    (0.6, PhoneStep.PAST),
    (0.9, PhoneStep.PAST),
    (0.9, PhoneStep.PAST),
    (0.1, PhoneStep.PAST),
]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[MovedShop]:
    with moved_shop(tmp_path) as found:
        yield found


def climb(shop: MovedShop, days: list[tuple[float, PhoneStep]]) -> None:
    """Let days pass without the phone; each look shows its step."""
    for passed, step in days:
        shop.days_pass(passed)
        shop.wait_for_step(step)


def questions(shop: MovedShop) -> int:
    """How often the phone was asked, as the phone itself has it."""
    return sum(received.text == PING for received in shop.wa.phone.received)


def conversations(shop: MovedShop) -> int:
    with shop.database.read() as conn:
        people = conn.execute(select(func.count()).select_from(contact)).scalar_one()
        return people + conn.execute(select(func.count()).select_from(conversation)).scalar_one()


@pytest.mark.parametrize("days", [[(3.0, PhoneStep.FINE)], TO_DAY_9], ids=["day 3", "day 9"])
def test_a_phone_that_comes_back_before_anybody_missed_it_is_simply_there(
    shop: MovedShop, days: list[tuple[float, PhoneStep]]
) -> None:
    customer = shop.wa.add_customer("Rina")
    shop.wa.phone.go_offline()
    climb(shop, days)
    shop.wa.phone.go_online()
    shop.wa.phone.send_text(customer, "sudah nyala")
    shop.wait_for_text("sudah nyala")
    link = shop.wait_for_step(PhoneStep.FINE)
    with shop.database.read() as conn:
        seen = evidence.latest(conn, shop.account_id)
    assert seen is not None
    assert (seen.kind, abs(seen.at - shop.now()) < timedelta(minutes=1)) == (SightingKind.MESSAGE, True)
    assert (questions(shop), link.phone_back_at) == (0, None)


@pytest.mark.parametrize(
    ("days", "asked"),
    [(TO_DAY_11, 1), (TO_DAY_12_5, 3), (TO_DAY_13_5, 4)],
    ids=["day 11", "day 12.5", "day 13.5"],
)
def test_a_phone_that_is_asked_answers_by_itself_when_it_comes_back(
    shop: MovedShop, days: list[tuple[float, PhoneStep]], asked: int
) -> None:
    shop.wa.phone.go_offline()
    climb(shop, days)
    wait_until(lambda: shop.link().pinged_at is not None, what="a question to the phone")
    shop.wa.phone.go_online()
    link = shop.wait_for_step(PhoneStep.FINE)
    assert link.phone_back_at is not None
    assert (link.phone_seen_by, abs(shop.now() - (link.phone_seen_at or shop.now())) < timedelta(minutes=1)) == (
        SightingKind.RECEIPT,
        True,
    )
    wait_until(lambda: questions(shop) >= 1)
    # at most one a day, and nothing of it is a conversation
    assert 1 <= questions(shop) <= asked
    assert conversations(shop) == 0
    said = last_json(shop.command("status", "--json").stdout)["accounts"][0]["phone_seen"]
    assert (said["step"], said["by"]) == ("fine", "receipt")


def test_a_phone_that_never_comes_back_ends_the_link_and_the_reason_is_said(shop: MovedShop) -> None:
    shop.wa.phone.go_offline()
    climb(shop, TO_DAY_16)
    shop.wa.phone.unlink()
    link = shop.wait_for(LinkState.LOGGED_OUT)
    assert link.reason == LinkReason.PHONE_AWAY
    assert (link.state, link.reason) in SENTENCES
    # nothing is linked: nothing is missed any more
    shop.wait_for_step(PhoneStep.FINE)


def test_an_unlink_on_day_5_was_a_person_and_one_on_day_14_was_whatsapp(shop: MovedShop) -> None:
    shop.wa.phone.go_offline()
    climb(shop, [(2.5, PhoneStep.FINE), (2.5, PhoneStep.FINE)])
    shop.wa.phone.unlink()
    assert shop.wait_for(LinkState.LOGGED_OUT).reason == LinkReason.UNLINKED_BY_PHONE
    # linked again, and away for a fortnight
    shop.wa.phone.go_online()
    shop.command("pair", "--json", "--timeout", "1")
    shop.pair()
    shop.wa.wait_until(lambda: not shop.wa.phone._tasks, what="the end of the phone's upload")
    shop.wa.phone.go_offline()
    climb(shop, [(13.1, PhoneStep.ASK), (0.6, PhoneStep.ASK), (0.5, PhoneStep.PAST)])
    shop.wa.phone.unlink()
    assert shop.wait_for(LinkState.LOGGED_OUT).reason == LinkReason.PHONE_AWAY


def test_after_three_weeks_off_the_phone_is_asked_before_anybody_is_alarmed(shop: MovedShop) -> None:
    shop.wa.phone.go_offline()
    shop.stop()
    shop.days_pass(21, wait=False)
    shop.start()
    shop.wait_for(LinkState.ONLINE)
    shop.wait_for_step(PhoneStep.ASK)
    shop.days_pass(0.9)
    assert shop.wait_for_step(PhoneStep.ASK).phone_back_at is None
    shop.wa.phone.go_online()
    assert shop.wait_for_step(PhoneStep.FINE).phone_back_at is not None
    assert questions(shop) == 1
