"""The real neonize, in a child process, against the server: linking, login, the queue, faults, media."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.whatsapp_server.actors.device import DeviceActor
from tests.whatsapp_server.tests.neonize_process import NeonizeProcess
from tests.whatsapp_server.wire.node import Node
from tests.whatsapp_server.world import WhatsAppServer

pytestmark = pytest.mark.wire


@pytest.fixture
def wa() -> Iterator[WhatsAppServer]:
    with WhatsAppServer() as server:
        yield server


@pytest.fixture
def client(wa: WhatsAppServer, tmp_path: Path) -> Iterator[NeonizeProcess]:
    with NeonizeProcess(wa, tmp_path) as process:
        process.link_by_qr()
        yield process
    assert wa.endpoint.troubles == []


def queries(wa: WhatsAppServer) -> list[tuple[str, str, str]]:
    """What the client asked: namespace, type and first tag."""
    asked = [node for node in wa.stanzas("iq") if node.get("xmlns")]
    return [(node.get("xmlns"), node.get("type"), (node.children() or [Node("")])[0].tag) for node in asked]


def test_a_linked_client_logs_in_uploads_its_prekeys_and_asks_for_its_stanzas(
    wa: WhatsAppServer, client: NeonizeProcess
) -> None:
    login = [query for query in queries(wa) if query[0] in ("encrypt", "passive")]
    assert login[:4] == [
        ("encrypt", "get", "count"),
        ("encrypt", "set", "registration"),
        ("encrypt", "get", "count"),
        ("passive", "set", "active"),
    ]
    device = wa.phone.user.devices[1]
    # 812 uploaded; the phone has used some to start its session
    assert 800 < len(device.prekeys) <= 812
    assert wa.connected()
    assert client.wait_for("offline_completed")["count"] == 0


def test_a_message_goes_each_way(wa: WhatsAppServer, client: NeonizeProcess) -> None:
    budi = wa.add_customer("Budi")
    sent = budi.send_text("halo kak")
    arrived = client.wait_for_text("halo kak")
    assert (arrived["id"], arrived["sender"]) == (sent, f"{budi.lid}@lid")
    assert arrived["sender_alt"] == f"{budi.phone_number}@s.whatsapp.net"
    budi.wait_for_receipt(sent)
    answer = client.call("send_text", to=budi.phone_number, text="ada kak")
    assert budi.wait_for_text("ada kak").id == answer["id"]
    client.wait_for("receipt", lambda event: event["ids"] == [answer["id"]] and event["kind"] == "DELIVERED")
    client.wait_for("receipt", lambda event: event["ids"] == [answer["id"]] and event["kind"] == "SENDER")


def test_what_arrives_while_the_client_is_down_waits_for_it(wa: WhatsAppServer, client: NeonizeProcess) -> None:
    budi = wa.add_customer("Budi")
    client.kill()
    wa.wait_until(lambda: not wa.connected())
    for number in range(3):
        budi.send_text(f"pesan {number}")
    # beside the texts, the phone's own messages about the new link may wait
    waiting, seen = wa.waiting(), len(client.events)
    assert waiting >= 3
    client.start()
    preview = client.wait_for("offline_preview", after=seen)
    assert f"Total: {waiting}\n" in preview["detail"]
    for number in range(3):
        client.wait_for_text(f"pesan {number}")
    client.wait_for("offline_completed", lambda event: event["count"] == waiting, after=seen)
    wa.wait_until(lambda: wa.waiting() == 0)


def test_a_dropped_connection_is_followed_by_a_login(wa: WhatsAppServer, client: NeonizeProcess) -> None:
    seen = len(client.events)
    assert wa.faults.drop_connection() == 1
    client.wait_for("disconnected", after=seen)
    client.wait_for("connected", after=seen)
    assert len(wa.logins) == 2


def test_a_stream_error_503_leads_to_a_new_login(wa: WhatsAppServer, client: NeonizeProcess) -> None:
    seen = len(client.events)
    wa.faults.stream_error("503")
    client.wait_for("connected", after=seen)


def test_an_unlinked_client_is_logged_out(wa: WhatsAppServer, client: NeonizeProcess) -> None:
    wa.phone.unlink()
    client.wait_for("logged_out")
    assert wa.phone.linked_numbers() == []


def test_a_client_that_logs_out_is_no_longer_linked(wa: WhatsAppServer, client: NeonizeProcess) -> None:
    client.call("logout")
    wa.wait_until(lambda: wa.phone.linked_numbers() == [])


def test_a_session_that_runs_elsewhere_is_replaced(wa: WhatsAppServer, client: NeonizeProcess) -> None:
    wa.faults.stream_error("replaced")
    client.wait_for("stream_replaced")


@pytest.mark.parametrize(
    ("reason", "attrs", "event"),
    [
        (401, {}, "logged_out"),
        (403, {}, "logged_out"),
        (406, {}, "logged_out"),
        (402, {"code": "101", "expire": "3600"}, "temporary_ban"),
        (405, {}, "client_outdated"),
        (400, {"message": "bad"}, "connect_failure"),
        (415, {}, "connect_raised"),
    ],
)
def test_a_failed_login_is_told(
    wa: WhatsAppServer, client: NeonizeProcess, reason: int, attrs: dict[str, str], event: str
) -> None:
    wa.faults.connect_failure(reason, 1, **attrs)
    wa.faults.drop_connection()
    client.wait_for(event)


def test_a_receipt_of_an_unknown_type_ends_the_events_but_not_the_socket(
    wa: WhatsAppServer, client: NeonizeProcess
) -> None:
    budi = wa.add_customer("Budi")
    answer = client.call("send_text", to=budi.phone_number, text="ada kak")
    wa.faults.unknown_receipt_type(budi, answer["id"])
    client.wait_for("connect_raised")


def test_a_send_without_an_ack_stays_open_until_the_ack_comes(wa: WhatsAppServer, client: NeonizeProcess) -> None:
    budi = wa.add_customer("Budi")
    wa.faults.hold_acks()
    with pytest.raises(TimeoutError):
        client.call("send_text", to=budi.phone_number, text="sudah sampai?", timeout=1.0)
    budi.wait_for_text("sudah sampai?")
    wa.faults.release_acks()
    wa.wait_until(lambda: any("reply" in event and event.get("value") for event in list(client.events)))


def test_a_new_device_of_the_customer_gets_the_next_message(wa: WhatsAppServer, client: NeonizeProcess) -> None:
    budi = wa.add_customer("Budi")
    client.call("send_text", to=budi.phone_number, text="satu")
    tablet = wa.loop.call(DeviceActor, wa.surroundings, budi.user, 7)
    wa.wait_until(lambda: wa.waiting() == 0, what="the notification is acknowledged")
    client.call("send_text", to=budi.phone_number, text="dua")
    wa.wait_until(lambda: [message.text for message in tablet.received] == ["dua"])


def test_a_new_companion_gets_copies_and_shares_what_was_read(wa: WhatsAppServer, client: NeonizeProcess) -> None:
    budi = wa.add_customer("Budi")
    chrome = wa.add_companion("Chrome")
    wa.wait_until(lambda: wa.waiting() == 0, what="the notification is acknowledged")
    sent = budi.send_text("halo")
    client.wait_for_text("halo")
    client.call("send_text", to=budi.phone_number, text="ada kak")
    assert chrome.wait_for_copy("ada kak").from_me
    chrome.wait_for_text("halo")
    chrome.read(budi)
    client.wait_for("receipt", lambda event: event["from_me"] and event["kind"] == "READ" and sent in event["ids"])


def test_files_go_up_and_down(wa: WhatsAppServer, client: NeonizeProcess) -> None:
    budi = wa.add_customer("Budi")
    picture = base64.b64decode(ONE_PIXEL)
    sent = budi.send_image(picture, caption="ini kak")
    client.wait_for("message", lambda event: event["id"] == sent)
    assert client.download(sent) == picture
    client.call("send_image", to=budi.phone_number, data=ONE_PIXEL, caption="siap")
    received = budi.wait_for_text("siap")
    assert budi.file_of(received) == picture


ONE_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
