"""What systemd hears of the service: started, alive, stopping; and what it must not hear."""

import http.client
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.domain.links import LinkState
from daemon.supervisor.systemd import ServiceManager
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server import WhatsAppServer

# seconds for which the daemon may be silent in these tests; it gives a sign twice as often
TERM = 2


class Manager:
    """systemd's end of the notification socket."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.words: list[tuple[float, str]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self) -> None:
        while word := self._socket.recv(4096):
            self.words.append((time.monotonic(), word.decode()))

    @property
    def environment(self) -> dict[str, str]:
        return {"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": str(TERM * 1_000_000)}

    def heard(self, word: str) -> bool:
        return any(one == word for _, one in self.words)

    def signs_since(self, moment: float) -> int:
        return sum(at > moment and word == "WATCHDOG=1" for at, word in self.words)

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.path)
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path / "notify")
    yield made
    made.close()


def test_words_are_taken_out_of_the_environment(manager: Manager) -> None:
    environ = {**manager.environment, "WATCHDOG_PID": str(os.getpid()), "OTHER": "stays"}
    notifier = ServiceManager(environ)
    assert environ == {"OTHER": "stays"}
    assert notifier.every == TERM / 2
    notifier.ready()
    notifier.alive()
    notifier.status("online")
    notifier.status("online")
    notifier.status("offline")
    notifier.stopping()
    wait_until(lambda: len(manager.words) == 5)
    assert [word for _, word in manager.words] == [
        "READY=1",
        "WATCHDOG=1",
        "STATUS=online",
        "STATUS=offline",
        "STOPPING=1",
    ]


def test_the_abstract_namespace_is_reached() -> None:
    name = f"balas-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}")
        ServiceManager({"NOTIFY_SOCKET": f"@{name}"}).ready()
        assert listener.recv(100) == b"READY=1"


@pytest.mark.parametrize(
    "given",
    [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"}],
)
def test_a_watchdog_that_is_not_ours_asks_for_nothing(given: dict[str, str]) -> None:
    notifier = ServiceManager(dict(given))
    assert notifier.every is None
    notifier.ready()


def test_a_service_manager_that_is_gone_does_not_end_the_daemon(tmp_path: Path) -> None:
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).ready()


class Service:
    """A shop's daemon as systemd starts it."""

    def __init__(self, shop: Shop, manager: Manager) -> None:
        self.shop, self.manager = shop, manager
        # like systemd, which tells only the process it has started
        shop.settings |= manager.environment
        shop.start()

    def freeze(self, role: str) -> None:
        self.shop.processes()[role].suspend()

    def thaw(self, role: str) -> None:
        self.shop.processes()[role].resume()

    def asked(self, path: str) -> str:
        """What the inbox answers to a program on this machine."""
        line = http.client.HTTPConnection("127.0.0.1", self.shop.config.port, timeout=5)
        try:
            line.request("GET", path)
            return line.getresponse().read().decode()
        finally:
            line.close()

    def is_alive(self) -> bool:
        """Whether a sign of life comes within the time in which one should."""
        began = time.monotonic()
        try:
            wait_until(lambda: self.manager.signs_since(began) > 0, TERM)
        except TimeoutError:
            return False
        return True


@pytest.fixture
def service(tmp_path: Path, manager: Manager) -> Iterator[Service]:
    with WhatsAppServer() as wa:
        shop = Shop(wa, tmp_path / "data")
        try:
            yield Service(shop, manager)
        finally:
            shop.stop()
            shop.database.close()


@pytest.mark.wire
def test_an_unlinked_shop_is_ready_alive_and_stops_in_good_order(service: Service) -> None:
    wait_until(lambda: service.manager.heard("READY=1"), 30, "READY=1")
    assert service.is_alive()
    environment = service.shop.processes()["worker"].environ()
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC"} & environment.keys()
    service.shop.stop()
    words = [word for _, word in service.manager.words if not word.startswith("STATUS=")]
    assert words[0] == "READY=1"
    assert words[-1] == "STOPPING=1"
    assert set(words[1:-1]) == {"WATCHDOG=1"}


@pytest.mark.wire
def test_a_link_that_is_down_is_no_reason_to_restart(service: Service) -> None:
    def is_told(word: str) -> None:
        wait_until(lambda: word in [told for _, told in service.manager.words], what=word)

    service.shop.pair()
    is_told("STATUS=link 1: online")
    service.shop.wa.faults.refuse_logins()
    service.shop.wa.faults.drop_connection()
    service.shop.wait_for(LinkState.OFFLINE)
    is_told("STATUS=link 1: offline")
    assert service.is_alive()


@pytest.mark.wire
@pytest.mark.slow
def test_a_frozen_session_is_noticed_then_killed_and_followed_by_another(service: Service) -> None:
    service.shop.pair()
    old = service.shop.processes()["session"].pid
    frozen = time.monotonic()
    service.freeze("session")
    wait_until(lambda: "session 1 is silent" in service.shop.log(), 10, "the silence being noticed")
    assert time.monotonic() - frozen < 7
    assert not service.is_alive()
    service.shop.wait_for_successor("session", old, 30)
    service.shop.wait_for(LinkState.ONLINE, 30)
    wait_until(service.is_alive, 10, "signs of life")


@pytest.mark.wire
def test_a_session_that_was_frozen_for_a_moment_goes_on(service: Service) -> None:
    service.shop.pair()
    old = service.shop.processes()["session"].pid
    wait_until(lambda: service.asked("/readyz") == "ready\n", 10, "being ready")
    service.freeze("session")
    wait_until(lambda: "session 1 is silent" in service.shop.log(), 10, "the silence being noticed")
    # the link's row still says that all is well
    assert service.shop.link().state == LinkState.ONLINE
    wait_until(lambda: "its session shows no sign of life" in service.asked("/readyz"), 3, "that being said")
    service.thaw("session")
    wait_until(lambda: "session 1 is back" in service.shop.log(), 10, "the session being back")
    assert service.is_alive()
    wait_until(lambda: service.asked("/readyz") == "ready\n", 10, "being ready again")
    service.shop.wa.add_customer("Rina").send_text("masih ada?")
    service.shop.wait_for_text("masih ada?")
    assert re.search(r'^balas_ingest_seconds_count\{account="1"\} [1-9]', service.asked("/metrics"), re.MULTILINE)
    assert service.shop.processes()["session"].pid == old


@pytest.mark.wire
@pytest.mark.slow
def test_a_frozen_inbox_ends_the_signs_of_life_until_another_answers(service: Service) -> None:
    wait_until(service.is_alive, 30, "signs of life")
    old = service.shop.processes()["inbox"].pid
    service.freeze("worker")
    service.freeze("inbox")
    wait_until(lambda: not service.is_alive(), 20, "the end of the signs of life")
    service.shop.wait_for_successor("inbox", old, 60)
    wait_until(service.is_alive, 30, "signs of life")
