"""The control interface, and the simulator as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.whatsapp_server.control import ControlServer
from tests.whatsapp_server.world import WhatsAppServer

ROOT = Path(__file__).parents[3]


class Control:
    """A client of the interface."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, path: str, headers: dict[str, str] | None = None, **body: Any) -> dict[str, Any]:
        data = None if path.startswith("GET ") else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path.removeprefix("GET "), data, headers or {})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as response:
            return json.load(response)


@pytest.fixture(scope="module")
def wa() -> Iterator[WhatsAppServer]:
    with WhatsAppServer() as server:
        yield server


@pytest.fixture
def control(wa: WhatsAppServer) -> Iterator[Control]:
    server = ControlServer(wa)
    yield Control(server.url)
    server.stop()


def status_of(control: Control, path: str, **body: Any) -> int:
    with pytest.raises(urllib.error.HTTPError) as caught:
        control(path, **body)
    with caught.value as error:
        assert "error" in json.load(error)
        return error.code


def received_by(control: Control, phone: str) -> dict[str, Any]:
    """What a customer has got, once there is something: actors answer a moment after the server."""
    for _ in range(2000):
        if (received := control(f"GET /customers/{phone}/received?since=0"))["messages"]:
            return received
    raise AssertionError("nothing was received")


def test_a_customer_is_made_and_gets_the_phones_answer(control: Control) -> None:
    budi = control("/customers", name="Budi")
    sent = control(f"/customers/{budi['phone']}/text", text="halo")
    assert sent["id"]
    answered = control("/phone/text", to=budi["phone"], text="ada yang bisa dibantu?")
    received = received_by(control, budi["phone"])
    assert [(message["id"], message["text"]) for message in received["messages"]] == [
        (answered["id"], "ada yang bisa dibantu?")
    ]
    later = control(f"GET /customers/{budi['phone']}/received?since={received['next']}")
    assert later["messages"] == []


def test_a_companion_answers_too(control: Control) -> None:
    sari = control("/customers", name="Sari", phone="6289900000001")
    assert sari["phone"] == "6289900000001"
    assert control("/companions", name="Chrome")["device"] >= 1
    control("/companions/Chrome/text", to=sari["phone"], text="siap")
    assert received_by(control, sari["phone"])["messages"][0]["text"] == "siap"


def test_faults_and_the_clock_are_within_reach(control: Control, wa: WhatsAppServer) -> None:
    control("/faults/connect_failure", reason=402, times=2, code=101, expire=60)
    failure = wa.loop.call(wa.endpoint.faults.take_failure)
    assert failure is not None
    assert failure.attrs == {"reason": "402", "code": "101", "expire": "60"}
    control("/faults/accept_logins")
    assert control("/faults/drop_connection") == {"count": 0}
    before = wa.clock()
    assert control("/clock", shift=86400)["now"] >= before + 86400
    wa.clock.reset()


def test_the_state_tells_what_a_client_needs(control: Control, wa: WhatsAppServer) -> None:
    state = control("GET /state")
    assert state["environment"] == wa.environment
    assert state["connected"] is False


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/nothing/here", {}, 404),
        ("/customers/620/text", {"text": "x"}, 404),
        ("/customers", {"nome": "x"}, 400),
        ("/phone/scan", {"qr": "no code"}, 409),
        ("/faults/earthquake", {}, 404),
    ],
)
def test_what_cannot_be_done_is_refused(control: Control, path: str, body: dict[str, Any], status: int) -> None:
    assert status_of(control, path, **body) == status


def test_a_web_page_is_refused(control: Control) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        control("/faults/drop_connection", headers={"Origin": "http://example.org"})
    with caught.value as error:
        assert error.code == 403


def test_it_runs_as_a_process_of_its_own_until_its_input_ends() -> None:
    command = [sys.executable, "-m", "tests.whatsapp_server", "--until-eof", "--customer", "Budi"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        announced = json.loads(process.stdout.readline())
        state = Control(announced["control"])("GET /state")
        assert [customer["name"] for customer in state["customers"]] == ["Budi"]
        assert announced["environment"]["HTTPS_PROXY"].startswith("http://127.0.0.1:")
        process.stdin.close()
        assert process.wait(15) == 0


def test_help_names_the_control_port() -> None:
    command = [sys.executable, "-m", "tests.whatsapp_server", "--help"]
    assert "--control-port" in subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
