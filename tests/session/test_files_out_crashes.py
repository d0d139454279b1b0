"""A session that is killed while a file leaves: it leaves once, or somebody is told that nobody knows."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from daemon.domain.links import LinkState
from daemon.domain.messages import Delivery, OutboxState
from daemon.store import outgoing_files
from tests.session.test_files_out import asking, files_of, keep, photo
from tests.support import films
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer

__all__ = ["asking"]
pytestmark = pytest.mark.wire


def child(shop: Shop, is_it: Callable[[list[str]], bool]) -> psutil.Process:
    """A process below the session, as soon as there is one."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for one in shop.processes()["session"].children(recursive=True):
            try:
                if is_it(one.cmdline()):
                    return one
            except psutil.Error:
                continue
    raise TimeoutError("no such process")


def successor_of(shop: Shop, old: int) -> None:
    shop.wait_for_successor("session", old)
    wait_until(lambda: shop.link().state == LinkState.ONLINE and shop.wa.connected(), 40, "online again")


def crash(shop: Shop) -> None:
    old = shop.pid("session")
    assert old is not None
    shop.kill("session")
    successor_of(shop, old)


def leaves_once(shop: Shop, customer: Customer, message_id: int, *, whole: bool = True) -> None:
    """It is with the customer, no second one follows, and no half-made file stays behind."""
    if whole:
        reached = (Delivery.SENT, Delivery.DELIVERED)
        wait_until(lambda: shop.bubble(message_id).delivery in reached, 60, "the file's departure")
    after = shop.answer(customer.name, f"sudah {message_id}")
    customer.wait_for_text(f"sudah {message_id}", 40)
    assert shop.bubble(after).from_me
    assert len(files_of(customer)) == 1
    assert list((shop.folder / "media").rglob("sent-*")) == []


def test_killed_before_it_has_looked_at_the_file(shop: Shop, asking: Customer) -> None:
    old = shop.pid("session")
    assert old is not None
    shop.wa.faults.refuse_logins()
    shop.kill("session")
    message_id = shop.answer(asking.name, "", keep(shop, photo(), "a.jpg"))
    shop.wait_for_successor("session", old)
    crashed = shop.pid("session")
    assert crashed is not None
    shop.kill("session")
    shop.wa.faults.accept_logins()
    successor_of(shop, crashed)
    leaves_once(shop, asking, message_id)


def test_killed_while_a_film_is_made(shop: Shop, asking: Customer, tmp_path: Path) -> None:
    long = tmp_path / "long.mkv"
    films.ffmpeg("-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30:d=2", "-c:v", "mjpeg", "-q:v", "31", str(long))
    message_id = shop.answer(asking.name, "", keep(shop, long.read_bytes(), "a.mkv"))
    ffmpeg = child(shop, lambda told: "libx264" in told)
    ffmpeg.send_signal(signal.SIGSTOP)
    # whoever looks sees why it takes so long
    assert (shop.bubble(message_id).media or {})["is_made"] == 1
    crash(shop)
    wait_until(lambda: not ffmpeg.is_running() or ffmpeg.status() == psutil.STATUS_ZOMBIE, 20, "its end")
    leaves_once(shop, asking, message_id)
    assert files_of(asking)[0].message.videoMessage.seconds == 2
    assert "is_made" not in (shop.bubble(message_id).media or {})


def test_killed_while_the_file_is_brought(shop: Shop, asking: Customer) -> None:
    # tried again and again until one of the attempts is caught in its middle
    shop.wa.faults.fail_media(503)
    message_id = shop.answer(asking.name, "", keep(shop, photo(), "a.jpg"))
    upload = child(shop, lambda told: told[-1:] == ["upload"])
    upload.send_signal(signal.SIGSTOP)
    shop.wa.faults.fail_media(None)
    crash(shop)
    leaves_once(shop, asking, message_id)


def test_killed_when_the_file_is_there_and_its_message_has_no_id(shop: Shop, asking: Customer) -> None:
    shop.wa.faults.leave_unanswered("usync")
    message_id = shop.answer(asking.name, "", keep(shop, photo(), "a.jpg"))

    def lies_there() -> bool:
        with shop.database.read() as conn:
            return outgoing_files.uploaded_of(conn, message_id) is not None

    wait_until(lies_there, 40, "the upload")
    wait_until(lambda: shop.journey(message_id).state == OutboxState.SENDING, 20, "its departure")
    assert shop.journey(message_id).wa_id is None
    old = shop.pid("session")
    assert old is not None
    shop.kill("session")
    shop.wa.faults.leave_unanswered()
    successor_of(shop, old)
    leaves_once(shop, asking, message_id)


def test_killed_when_its_message_has_an_id_nobody_knows_until_a_receipt_comes(
    shop: Shop, asking: Customer
) -> None:
    shop.wa.phone.go_offline()
    shop.wa.faults.hold_acks()
    asking.auto_deliver = False
    try:
        message_id = shop.answer(asking.name, "", keep(shop, photo(), "a.jpg"))
        (got,) = wait_until(lambda: files_of(asking), 40, "the file")
        assert shop.journey(message_id).wa_id == got.id
        crash(shop)
        assert shop.bubble(message_id).delivery == Delivery.UNCERTAIN
        shop.wa.faults.release_acks()
        leaves_once(shop, asking, message_id, whole=False)
        assert shop.bubble(message_id).delivery == Delivery.UNCERTAIN
        asking.read(got.id)
        shop.wait_for_delivery(message_id, Delivery.READ)
    finally:
        shop.wa.faults.release_acks()
        shop.wa.phone.go_online()


def test_killed_when_it_has_been_sent(shop: Shop, asking: Customer) -> None:
    message_id = shop.answer(asking.name, "", keep(shop, photo(), "a.jpg"))
    wait_until(
        lambda: shop.bubble(message_id).delivery in (Delivery.SENT, Delivery.DELIVERED), 40, "its departure"
    )
    crash(shop)
    leaves_once(shop, asking, message_id)
