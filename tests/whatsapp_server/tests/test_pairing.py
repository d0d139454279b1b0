"""Linking the real neonize, by QR code and by eight-letter code."""

from __future__ import annotations

import base64

import pytest

from tests.whatsapp_server.actors.linking import LinkRefused, QrCode
from tests.whatsapp_server.tests.neonize_process import START_TIMEOUT, Event, NeonizeProcess
from tests.whatsapp_server.wire.paircode import WrongCode
from tests.whatsapp_server.wire.protos import history_sync
from tests.whatsapp_server.world import WhatsAppServer

KEYS = [base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3)]


def chunk_order(event: Event) -> int:
    return int(history_sync.HistorySync.FromString(base64.b64decode(event["raw"])).chunkOrder)


@pytest.mark.parametrize(
    "text",
    [
        ",".join(["2@ref", *KEYS]),
        "https://wa.me/settings/linked_devices#" + ",".join(["2@ref", *KEYS, "1"]),
    ],
)
def test_a_code_is_read_as_a_link_and_as_bare_fields(text: str) -> None:
    code = QrCode.parse(text)
    assert code.ref == "2@ref"
    assert base64.b64encode(code.adv_secret).decode() == KEYS[2]


@pytest.mark.parametrize("text", ["", "https://example.com", "a,b,c,d", ",".join(["2@ref", *KEYS[:2], "AAAA"])])
def test_what_is_no_qr_code_is_refused(text: str) -> None:
    with pytest.raises(LinkRefused):
        QrCode.parse(text)


@pytest.mark.wire
def test_scanning_the_code_links_the_client(fresh_wa: WhatsAppServer, fresh_client: NeonizeProcess) -> None:
    number = fresh_client.link_by_qr()
    assert number == 1
    status = fresh_client.wait_for("pair_status")
    assert fresh_wa.phone.phone_number in status["detail"]
    fresh_wa.wait_until(fresh_wa.connected)
    assert fresh_wa.phone.linked_numbers() == [1]


@pytest.mark.wire
def test_typing_the_code_links_the_client(fresh_wa: WhatsAppServer, fresh_client: NeonizeProcess) -> None:
    assert fresh_client.link_by_code() == 1
    fresh_wa.wait_until(fresh_wa.connected)


@pytest.mark.wire
def test_a_wrong_code_links_nothing(fresh_wa: WhatsAppServer, fresh_client: NeonizeProcess) -> None:
    fresh_client.wait_for("qr", timeout=START_TIMEOUT)
    code = fresh_client.call("pair_code", phone=fresh_wa.phone.phone_number)
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    with pytest.raises(WrongCode):
        fresh_wa.phone.enter_code(wrong)
    assert fresh_wa.phone.linked_numbers() == []


@pytest.mark.wire
def test_a_phone_that_refuses_leaves_the_client_waiting(
    fresh_wa: WhatsAppServer, fresh_client: NeonizeProcess
) -> None:
    fresh_wa.phone.refuse_next_link("full")
    text = fresh_client.wait_for("qr", timeout=START_TIMEOUT)["text"]
    with pytest.raises(LinkRefused, match="too many"):
        fresh_wa.phone.scan(text)
    assert fresh_wa.phone.scan(text) == 1  # the same code still works, as nothing was answered
    fresh_client.wait_for("connected")


def test_an_account_takes_no_fifth_companion(fresh_wa: WhatsAppServer) -> None:
    for name in ("Chrome", "Firefox", "Edge", "Safari"):
        fresh_wa.add_companion(name)
    with pytest.raises(LinkRefused, match="too many"):
        fresh_wa.phone.scan(",".join(["2@ref", *KEYS]))


@pytest.mark.wire
def test_unlinking_on_the_phone_logs_the_client_out(
    fresh_wa: WhatsAppServer, fresh_client: NeonizeProcess
) -> None:
    fresh_client.link_by_qr()
    fresh_wa.phone.unlink()
    fresh_client.wait_for("logged_out")
    assert fresh_wa.phone.linked_numbers() == []


@pytest.mark.wire
def test_the_history_comes_after_linking(fresh_wa: WhatsAppServer, fresh_client: NeonizeProcess) -> None:
    siti = fresh_wa.add_customer("Siti")
    fresh_wa.phone.remember(siti, ("in", "kue lapis ada?", 90_000.0), ("out", "ada kak", 89_000.0))
    fresh_client.link_by_qr()
    names = fresh_client.wait_for("history", lambda event: event["type"] == 4)
    recent = fresh_client.wait_for("history", lambda event: event["type"] == 3)
    assert b"Siti" in base64.b64decode(names["raw"])
    assert b"kue lapis ada?" in base64.b64decode(recent["raw"])
    assert siti.lid.encode() in base64.b64decode(recent["raw"])


@pytest.mark.wire
def test_history_may_be_uploaded_again_later(fresh_wa: WhatsAppServer, fresh_client: NeonizeProcess) -> None:
    siti = fresh_wa.add_customer("Siti")
    fresh_wa.phone.shares_history = False
    fresh_client.link_by_qr()
    fresh_wa.phone.remember(siti, *(("in", f"dulu {number}", 1000.0 + number) for number in range(600)))
    fresh_wa.phone.upload_history()
    first = fresh_client.wait_for("history", lambda event: chunk_order(event) == 1)
    second = fresh_client.wait_for("history", lambda event: chunk_order(event) == 2)
    assert (first["type"], second["type"]) == (3, 3)


@pytest.mark.wire
def test_a_shared_app_state_key_makes_the_client_fetch_the_app_state(
    fresh_wa: WhatsAppServer, fresh_client: NeonizeProcess
) -> None:
    fresh_wa.phone.shares_keys = True
    fresh_client.link_by_qr()

    def fetched() -> bool:
        return any(node.get("xmlns") == "w:sync:app:state" for node in fresh_wa.stanzas("iq"))

    fresh_wa.wait_until(fetched)
