"""The in-process devices among themselves: no client, no sockets in use."""

from __future__ import annotations

import zlib

import pytest

from tests.whatsapp_server.actors import history
from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.actors.device import PREKEY_COUNT
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.media import MediaKind, decrypt_media
from tests.whatsapp_server.wire.protos import history_sync
from tests.whatsapp_server.world import WhatsAppServer


def test_phone_companion_and_customer_see_the_same_chat(fresh_wa: WhatsAppServer) -> None:
    budi, web, phone = fresh_wa.add_customer("Budi"), fresh_wa.add_companion("Chrome"), fresh_wa.phone
    question = budi.send_text("halo")
    assert web.wait_for_text("halo").id == phone.wait_for_text("halo").id == question
    answer = phone.send_text(budi, "halo juga", question)
    assert web.wait_for_copy("halo juga").chat == budi.user.lid_jid
    received = budi.wait_for_text("halo juga")
    assert received.message.extendedTextMessage.contextInfo.stanzaID == question
    phone.wait_for_receipt(answer, "")
    budi.read(answer)
    phone.wait_for_receipt(answer, "read")
    web.wait_for_receipt(answer, "read")


def test_a_damaged_message_is_sent_again_on_request(fresh_wa: WhatsAppServer) -> None:
    budi = fresh_wa.add_customer("Budi")
    sent = budi.send_text("rusak", damaged=True)
    assert fresh_wa.phone.wait_for_text("rusak").attempt == 1
    assert fresh_wa.phone.undecryptable == [sent]


def test_a_lost_session_is_replaced_through_keys_in_the_retry(fresh_wa: WhatsAppServer) -> None:
    budi = fresh_wa.add_customer("Budi")
    budi.send_text("pertama")
    fresh_wa.phone.wait_for_text("pertama")
    fresh_wa.phone.send_text(budi, "kedua")
    budi.wait_for_text("kedua")
    budi.lose_sessions()
    fresh_wa.phone.send_text(budi, "ketiga")
    assert budi.wait_for_text("ketiga").attempt == 2


def test_a_refused_message_reaches_nobody(fresh_wa: WhatsAppServer) -> None:
    budi = fresh_wa.add_customer("Budi")
    fresh_wa.faults.refuse_sends("479")
    refused, taken = budi.send_text("pertama"), budi.send_text("kedua")
    fresh_wa.phone.wait_for_text("kedua")
    assert [received.text for received in fresh_wa.phone.received] == ["kedua"]
    assert budi.acks[refused].get("error") == "479"
    assert not budi.acks[taken].get("error")


def test_what_came_while_a_device_was_offline_waits_for_it(fresh_wa: WhatsAppServer) -> None:
    budi = fresh_wa.add_customer("Budi")
    budi.go_offline()
    fresh_wa.phone.send_text(budi, "nanti")
    with pytest.raises(ConnectionError):
        budi.send_text("tidak bisa")
    assert budi.received == []
    budi.go_online()
    budi.wait_for_text("nanti")


def test_a_device_makes_new_prekeys_when_they_run_low(fresh_wa: WhatsAppServer) -> None:
    customers = [fresh_wa.add_customer(f"Pelanggan {number}") for number in range(PREKEY_COUNT + 5)]
    for customer in customers:
        customer.send_text(customer.name)
    fresh_wa.phone.wait_for_text(customers[-1].name)
    assert len({message.text for message in fresh_wa.phone.received}) == PREKEY_COUNT + 5
    assert fresh_wa.phone.record.prekeys


def test_the_shop_may_write_to_itself(fresh_wa: WhatsAppServer) -> None:
    web = fresh_wa.add_companion("Chrome")
    fresh_wa.phone.send_to_self("catatan")
    copy = web.wait_for_copy("catatan")
    assert copy.chat == fresh_wa.phone.user.lid_jid


def test_the_clock_is_the_servers(fresh_wa: WhatsAppServer) -> None:
    budi = fresh_wa.add_customer("Budi")
    before = fresh_wa.clock()
    fresh_wa.clock.shift(14 * 86_400)
    budi.send_text("dua minggu lagi")
    assert fresh_wa.phone.wait_for_text("dua minggu lagi").at >= int(before + 14 * 86_400)


def past(budi: Customer, count: int) -> list[history.PastMessage]:
    return [
        history.PastMessage(budi.user, f"ID{n}", n % 2 == 1, payload.text(f"pesan {n}"), float(n))
        for n in range(count)
    ]


def test_history_is_cut_into_chunks_newest_first(fresh_wa: WhatsAppServer) -> None:
    budi = fresh_wa.add_customer("Budi")
    chunks = history.chunks(history.RECENT, past(budi, 1200))
    assert [len(chunk.conversations[0].messages) for chunk in chunks] == [500, 500, 200]
    assert [chunk.chunkOrder for chunk in chunks] == [1, 2, 3]
    assert chunks[-1].progress == 100
    newest = chunks[0].conversations[0].messages[0].message
    assert newest.message.conversation == "pesan 1199"
    assert newest.key.fromMe
    assert chunks[0].conversations[0].pnJID == f"{budi.phone_number}@s.whatsapp.net"


def test_a_chunk_is_compressed_and_encrypted_as_history(fresh_wa: WhatsAppServer) -> None:
    budi = fresh_wa.add_customer("Budi")
    chunk = history.chunks(history.RECENT, past(budi, 2))[0]
    media = history.pack(chunk)
    plain = zlib.decompress(decrypt_media(media.blob, MediaKind.HISTORY, media.media_key))
    assert history_sync.HistorySync.FromString(plain) == chunk


def test_an_empty_phone_still_sends_one_chunk() -> None:
    chunk, *rest = history.chunks(history.RECENT, [])
    assert rest == []
    assert chunk.progress == 100
