"""Each fault of the link ends in the right state with its sentence, and in recovery where that is possible."""

import pytest
from sqlalchemy import select

from daemon.domain.links import LinkReason, LinkState
from daemon.domain.messages import Delivery
from daemon.domain.sentences.link import SENTENCES
from daemon.store.links import Link
from daemon.store.tables.core import outbox
from tests.support.shop import Shop
from tests.support.waiting import wait_until

pytestmark = pytest.mark.wire


def went_through(shop: Shop, state: LinkState, reason: LinkReason = LinkReason.NONE) -> Link:
    """Wait until the link is in a state for a reason, which must have sentences of its own."""
    assert (state, reason) in SENTENCES

    def there() -> Link | None:
        link = shop.link()
        return link if (link.state, link.reason) == (state, reason) else None

    return wait_until(there, 30, f"{state.value} {reason.value}")


def works(shop: Shop, text: str) -> None:
    """The link is online and a customer's message arrives, once."""
    shop.wait_for(LinkState.ONLINE, 40)
    shop.wa.add_customer("Rina").send_text(text)
    shop.wait_for_text(text)
    assert shop.texts().count(text) == 1


def test_a_dropped_connection_is_said_and_comes_back(shop: Shop) -> None:
    shop.wa.faults.refuse_logins()
    shop.wa.faults.drop_connection()
    went_through(shop, LinkState.OFFLINE, LinkReason.DROPPED)
    went_through(shop, LinkState.OFFLINE, LinkReason.NETWORK)
    shop.wa.faults.accept_logins()
    works(shop, "setelah putus")


def test_the_library_never_reconnects_by_itself(shop: Shop) -> None:
    before = len(shop.wa.logins)
    old = shop.processes()["session"].pid
    shop.wa.faults.drop_connection()
    shop.wait_for_successor("session", old)
    shop.wait_for(LinkState.ONLINE, 40)
    assert len(shop.wa.logins) == before + 1


@pytest.mark.parametrize("reason", ["500", "503"])
def test_a_busy_server_is_waited_for(shop: Shop, reason: str) -> None:
    shop.wa.faults.connect_failure(reason, times=2)
    shop.wa.faults.drop_connection()
    assert went_through(shop, LinkState.OFFLINE, LinkReason.SERVER_BUSY).detail == reason
    works(shop, f"setelah {reason}")


def test_a_stream_that_ends_with_503_comes_back(shop: Shop) -> None:
    shop.wa.faults.refuse_logins(2)
    shop.wa.faults.stream_error("503")
    went_through(shop, LinkState.OFFLINE, LinkReason.SERVER_BUSY)
    works(shop, "setelah stream 503")


def test_a_restart_asked_for_with_515_goes_on_online(shop: Shop) -> None:
    before = len(shop.wa.logins)
    shop.wa.faults.stream_error("515")
    wait_until(lambda: len(shop.wa.logins) > before)
    works(shop, "setelah 515")


@pytest.mark.parametrize("reason", ["400", "409", "415", "418", "501"])
def test_an_unknown_refusal_is_tried_again_and_loses_nothing(shop: Shop, reason: str) -> None:
    customer = shop.wa.add_customer("Dewi")
    shop.wa.faults.connect_failure(reason, times=2)
    shop.wa.faults.drop_connection()
    texts = [f"{reason}-{n}" for n in range(20)]
    for text in texts:
        customer.send_text(text)
    assert went_through(shop, LinkState.REFUSED, LinkReason.UNKNOWN_CODE).detail == reason
    shop.wait_for(LinkState.ONLINE, 40)
    wait_until(lambda: [t for t in shop.texts() if t in texts] == texts)


def test_an_unknown_receipt_type_loses_nothing_that_is_sent_around_it(shop: Shop) -> None:
    customer = shop.wa.add_customer("Eka")
    texts = [f"sekitar {n}" for n in range(60)]
    for i, text in enumerate(texts):
        customer.send_text(text)
        if i == 30:
            shop.wa.faults.unknown_receipt_type(customer, "3EB0AAAABBBBCCCCDDDD")
    wait_until(lambda: [t for t in shop.texts() if t in texts] == texts, 40, "all sixty, once, in order")
    works(shop, "setelah receipt")


def test_a_session_whose_event_loop_died_is_replaced_within_five_seconds(shop: Shop) -> None:
    customer = shop.wa.add_customer("Feri")
    old = shop.processes()["session"].pid
    shop.wa.faults.unknown_receipt_type(customer, "3EB0AAAABBBBCCCCDDDE")
    shop.wait_for_successor("session", old, 5)
    works(shop, "sesi baru")


def test_a_killed_session_is_said_and_comes_back(shop: Shop) -> None:
    shop.wa.faults.refuse_logins()
    shop.kill("session")
    went_through(shop, LinkState.OFFLINE, LinkReason.SESSION_DIED)
    shop.wa.faults.accept_logins()
    works(shop, "setelah dibunuh")


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("401", LinkReason.UNLINKED_BY_PHONE),
        ("403", LinkReason.PHONE_GONE),
        ("406", LinkReason.ACCOUNT_BLOCKED),
    ],
)
def test_a_log_out_at_login_waits_for_a_new_code(own_shop: Shop, reason: str, expected: LinkReason) -> None:
    own_shop.wa.faults.connect_failure(reason)
    own_shop.wa.faults.drop_connection()
    went_through(own_shop, LinkState.LOGGED_OUT, expected)
    logins = len(own_shop.wa.logins)
    with own_shop.pairing("--timeout", "60") as pairing:
        assert pairing.stdout is not None
        assert any('"qr": "https://wa.me/settings/linked_devices#' in line for line in pairing.stdout)
    assert len(own_shop.wa.logins) <= logins + 1
    own_shop.pair()
    works(own_shop, "terhubung lagi")


def test_a_device_removed_on_the_phone_is_logged_out(own_shop: Shop) -> None:
    own_shop.wa.phone.unlink()
    went_through(own_shop, LinkState.LOGGED_OUT, LinkReason.UNLINKED_BY_PHONE)


def test_a_replaced_session_does_not_fight(own_shop: Shop) -> None:
    own_shop.wa.faults.stream_error("replaced")
    went_through(own_shop, LinkState.REPLACED)
    logins = len(own_shop.wa.logins)
    wait_until(lambda: "session" not in own_shop.processes())
    assert len(own_shop.wa.logins) == logins
    assert own_shop.link().state == LinkState.REPLACED


@pytest.mark.parametrize("code", ["101", "106", "199"])
def test_a_temporary_ban_is_waited_out(own_shop: Shop, code: str) -> None:
    own_shop.wa.faults.connect_failure("402", code=code, expire="4")
    own_shop.wa.faults.drop_connection()
    link = went_through(own_shop, LinkState.BANNED)
    assert link.retry_at is not None
    if code == "101":
        works(own_shop, "setelah blokir")


def test_an_outdated_client_waits_for_a_person(own_shop: Shop) -> None:
    own_shop.wa.faults.connect_failure("405")
    own_shop.wa.faults.drop_connection()
    went_through(own_shop, LinkState.OUTDATED)


def test_unanswered_pings_are_shown_and_taken_back_and_nothing_leaves_in_between(own_shop: Shop) -> None:
    customer = own_shop.wa.add_customer("Gita")
    customer.send_text("ada orang?")
    own_shop.wait_for_text("ada orang?")
    own_shop.wa.faults.stop_answering_pings()
    wait_until(lambda: own_shop.link().state == LinkState.UNSTABLE, 60, "unstable")
    message_id = own_shop.answer("Gita", "ada kak")
    own_shop.wa.faults.resume_pings()
    own_shop.wait_for(LinkState.ONLINE, 60)
    own_shop.wait_for_delivery(message_id, Delivery.DELIVERED)
    with own_shop.database.read() as conn:
        left_at = conn.execute(select(outbox.c.sending_at).where(outbox.c.message_id == message_id)).scalar_one()
    assert left_at >= own_shop.link().since
