"""The demo's customers, at many times the speed of life, against the real client."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from tests.whatsapp_server.demo import run_demo
from tests.whatsapp_server.demo_media import transfer_slip, voice_note
from tests.whatsapp_server.personas import PERSONAS
from tests.whatsapp_server.tests.neonize_process import NeonizeProcess
from tests.whatsapp_server.world import WhatsAppServer


def test_the_transfer_slip_is_a_picture() -> None:
    assert Image.open(io.BytesIO(transfer_slip("Dewi", "Rp 1", "01/01/2026"))).size == (480, 640)


def test_the_voice_note_is_one_ogg_stream_with_checksums() -> None:
    note = voice_note(3)
    assert note.startswith(b"OggS")
    assert note.count(b"OggS") == 5
    assert note[28:36] == b"OpusHead"


def hear_from(client: NeonizeProcess, name: str) -> None:
    client.wait_for("message", lambda event: event["push_name"] == name)


@pytest.mark.wire
def test_the_customers_begin_nag_and_react_to_answers(fresh_wa: WhatsAppServer, tmp_path: Path) -> None:
    demo = run_demo(fresh_wa, pace=40)
    with NeonizeProcess(fresh_wa, tmp_path) as client:
        client.link_by_qr()
        for persona in PERSONAS:
            hear_from(client, persona.name)
        client.wait_for_text("lama banget")
        slip = client.wait_for("message", lambda event: event["media_type"] == "image")
        assert Image.open(io.BytesIO(client.download(slip["id"]))).format == "PNG"
        sari = demo.customers[0]
        sent = client.call("send_text", to=sari.phone_number, text="Masih ada kak, 65 ribu")["id"]
        reply = client.wait_for_text("3 loyang buat arisan")
        assert reply["chat"] == f"{sari.lid}@lid"
        client.wait_for("receipt", lambda event: event["kind"] == "READ" and sent in event["ids"])
        client.call("send_text", to=sari.phone_number, text="Bisa kak")
        client.wait_for("message", lambda event: "reactionMessage" in event["kinds"])
    demo.stop()
