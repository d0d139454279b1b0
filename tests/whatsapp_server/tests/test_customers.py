"""Customers and the shop's own devices against the real neonize: messages, receipts, retries, media."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.tests.neonize_process import NeonizeProcess
from tests.whatsapp_server.wire.protos import e2e
from tests.whatsapp_server.world import WhatsAppServer

pytestmark = pytest.mark.wire

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


def content(event: dict[str, Any]) -> Any:
    return e2e.Message.FromString(base64.b64decode(event["raw"]))


def by_id(client: NeonizeProcess, message_id: str) -> dict[str, Any]:
    return client.wait_for("message", lambda event: event["id"] == message_id)


def receipt(client: NeonizeProcess, message_id: str, kind: str) -> dict[str, Any]:
    return client.wait_for("receipt", lambda event: event["kind"] == kind and message_id in event["ids"])


def test_a_customers_message_arrives_by_hidden_id_and_is_receipted(client: NeonizeProcess, budi: Customer) -> None:
    sent = budi.send_text("halo, brownies masih ada?")
    event = by_id(client, sent)
    assert event["text"] == "halo, brownies masih ada?"
    assert event["chat"] == event["sender"] == f"{budi.lid}@lid"
    assert event["sender_alt"] == f"{budi.phone_number}@s.whatsapp.net"
    assert event["push_name"] == budi.name
    assert not event["from_me"]
    assert content(event).messageContextInfo.messageSecret
    budi.wait_for_receipt(sent, "inactive")
    budi.wait_for_receipt(sent, "")  # the phone's


def test_a_customer_may_still_be_addressed_by_phone_number(client: NeonizeProcess, budi: Customer) -> None:
    budi.addressing = "pn"
    sent = budi.send_text("alamat lama")
    event = by_id(client, sent)
    assert event["chat"] == f"{budi.phone_number}@s.whatsapp.net"
    assert event["sender_alt"] == f"{budi.lid}@lid"


def test_an_answer_reaches_the_customer_and_the_own_devices(
    wa: WhatsAppServer, client: NeonizeProcess, budi: Customer
) -> None:
    budi.auto_read = True
    response = client.call("send_text", to=budi.phone_number, text=f"ada, {budi.name}")
    received = budi.wait_for_text("ada, ")
    assert received.id == response["id"]
    assert response["chat"] == f"{budi.lid}@lid"
    assert received.device > 0
    assert wa.phone.wait_for_copy(f"ada, {budi.name}").chat == budi.user.lid_jid
    for kind in ("DELIVERED", "READ", "SENDER"):
        event = receipt(client, received.id, kind)
        assert event["from_me"] == (kind == "SENDER")
        assert event["chat"] == f"{budi.lid}@lid"


def test_the_phone_offline_gives_no_sender_receipt_until_it_is_back(
    wa: WhatsAppServer, client: NeonizeProcess, budi: Customer
) -> None:
    wa.phone.go_offline()
    sent = client.call("send_text", to=budi.phone_number, text="telepon mati")["id"]
    receipt(client, sent, "DELIVERED")
    assert not any(event.get("kind") == "SENDER" and sent in event["ids"] for event in client.events)
    wa.phone.go_online()
    receipt(client, sent, "SENDER")


def test_what_the_phone_answers_arrives_as_our_own_message(
    wa: WhatsAppServer, client: NeonizeProcess, budi: Customer
) -> None:
    sent = wa.phone.send_text(budi, "dijawab dari HP")
    event = by_id(client, sent)
    assert event["from_me"]
    assert event["sender"] == f"{wa.phone.lid}@lid"
    assert event["chat"] == f"{budi.lid}@lid"
    assert event["recipient_alt"] == f"{budi.phone_number}@s.whatsapp.net"
    assert event["text"] == "dijawab dari HP"
    wa.phone.wait_for_receipt(sent, "sender")
    assert budi.wait_for_text("dijawab dari HP").device == 0


def test_what_a_companion_answers_carries_its_device_number(
    wa: WhatsAppServer, client: NeonizeProcess, budi: Customer
) -> None:
    web = wa.add_companion("Chrome")
    sent = web.send_text(budi, "dijawab dari laptop")
    event = by_id(client, sent)
    assert event["from_me"]
    assert event["sender"] == f"{wa.phone.lid}:{web.number}@lid"
    client.call("send_text", to=budi.phone_number, text="dijawab dari kotak masuk")
    assert web.wait_for_copy("dijawab dari kotak masuk").from_me
    wa.phone.unlink(web.number)


@pytest.mark.parametrize(("quietly", "kind"), [(False, "READ"), (True, "READ_SELF")])
def test_reading_on_the_phone_is_seen(
    wa: WhatsAppServer, client: NeonizeProcess, budi: Customer, quietly: bool, kind: str
) -> None:
    sent = budi.send_text("sudah dibaca?")
    by_id(client, sent)
    wa.phone.wait_for(message_id=sent)
    wa.phone.read(budi, quietly=quietly)
    event = receipt(client, sent, kind)
    assert event["from_me"]
    assert event["chat"] == f"{budi.lid}@lid"
    if quietly:
        assert not budi.has_receipt(sent, "read")
    else:
        budi.wait_for_receipt(sent, "read")


def test_a_message_that_cannot_be_read_is_asked_for_again(
    wa: WhatsAppServer, client: NeonizeProcess, budi: Customer
) -> None:
    sent = wa.send_undecryptable(budi, "rusak di jalan")
    client.wait_for("undecryptable", lambda event: event["id"] == sent)
    event = by_id(client, sent)
    assert event["text"] == "rusak di jalan"
    assert event["retries"] == 1


def test_a_message_on_a_running_session_can_be_unreadable_too(
    wa: WhatsAppServer, client: NeonizeProcess, budi: Customer
) -> None:
    client.call("send_text", to=budi.phone_number, text="sesi")
    budi.wait_for_text("sesi")
    sent = wa.send_undecryptable(budi, "rusak lagi")
    client.wait_for("undecryptable", lambda event: event["id"] == sent)
    assert by_id(client, sent)["text"] == "rusak lagi"


def test_what_linked_devices_are_not_given_is_asked_of_the_phone(
    wa: WhatsAppServer, client: NeonizeProcess, budi: Customer
) -> None:
    sent = budi.send_unavailable(e2e.Message(conversation="hanya di HP"))
    undecryptable = client.wait_for("undecryptable", lambda event: event["id"] == sent)
    assert undecryptable["unavailable"]
    event = by_id(client, sent)
    assert (event["text"], bool(event["requested"])) == ("hanya di HP", True)
    assert "resend" in wa.phone.peers.asked


def test_a_retry_that_is_not_answered_leaves_the_message_unread(
    wa: WhatsAppServer, client: NeonizeProcess, budi: Customer
) -> None:
    sent = wa.send_undecryptable(budi, "hilang", answer=False)
    client.wait_for("undecryptable", lambda event: event["id"] == sent)
    budi.wait_for_receipt(sent, "retry")
    budi.send_text("sesudahnya")
    client.wait_for_text("sesudahnya")
    assert not any(event.get("event") == "message" and event["id"] == sent for event in client.events)


def test_a_customer_with_a_new_phone_is_still_understood_both_ways(
    wa: WhatsAppServer, client: NeonizeProcess, budi: Customer
) -> None:
    client.call("send_text", to=budi.phone_number, text="sebelum ganti HP")
    budi.wait_for_text("sebelum ganti HP")
    budi.reinstall()
    client.call("send_text", to=budi.phone_number, text="ke HP baru")
    assert budi.wait_for_text("ke HP baru").attempt >= 1
    sent = budi.send_text("dari HP baru")
    assert by_id(client, sent)["text"] == "dari HP baru"


def test_a_changed_name_comes_with_the_next_message(client: NeonizeProcess, budi: Customer) -> None:
    budi.rename("Budi Santoso")
    assert by_id(client, budi.send_text("nama baru"))["push_name"] == "Budi Santoso"


def test_groups_status_and_newsletters_are_told_apart(
    wa: WhatsAppServer, client: NeonizeProcess, budi: Customer
) -> None:
    group = by_id(client, budi.send_in_group("di grup"))
    assert group["chat"].endswith("@g.us")
    assert group["sender"] == f"{budi.lid}@lid"
    assert by_id(client, budi.post_status("status"))["chat"] == "status@broadcast"
    assert by_id(client, wa.post_newsletter("kabar"))["chat"].endswith("@newsletter")
    wa.wait_until(lambda: wa.waiting() == 0)


def test_a_call_is_heard_and_answered_by_an_ack(
    wa: WhatsAppServer, client: NeonizeProcess, budi: Customer
) -> None:
    budi.call()
    wa.wait_until(lambda: any(node.get("class") == "call" for node in wa.stanzas("ack")))
    wa.wait_until(lambda: wa.waiting() == 0)


def test_a_customer_who_lost_the_session_gets_the_answer_again(
    wa: WhatsAppServer, client: NeonizeProcess, budi: Customer
) -> None:
    client.call("send_text", to=budi.phone_number, text="pertama")
    budi.wait_for_text("pertama")
    budi.send_text("oke")
    client.wait_for_text("oke")
    budi.lose_sessions()
    sent = client.call("send_text", to=budi.phone_number, text="kedua")["id"]
    assert budi.wait_for_text("kedua").attempt >= 1
    receipt(client, sent, "RETRY")


def test_a_picture_comes_through_both_ways(client: NeonizeProcess, budi: Customer) -> None:
    sent = budi.send_image(PICTURE, "bukti transfer", "image/png")
    event = by_id(client, sent)
    assert event["media_type"] == "image"
    assert content(event).imageMessage.caption == "bukti transfer"
    assert client.download(sent) == PICTURE
    client.call("send_image", to=budi.phone_number, data=base64.b64encode(PICTURE).decode(), caption="katalog")
    assert budi.file_of(budi.wait_for_text("katalog")) == PICTURE


@pytest.mark.parametrize("kind", ["document", "voice", "video", "sticker"])
def test_a_file_can_be_downloaded(client: NeonizeProcess, budi: Customer, kind: str) -> None:
    sent = getattr(budi, f"send_{kind}")(b"isi berkas")
    by_id(client, sent)
    assert client.download(sent) == b"isi berkas"


def test_replies_reactions_edits_and_deletions_name_their_message(client: NeonizeProcess, budi: Customer) -> None:
    answer = client.call("send_text", to=budi.phone_number, text="harganya 50 ribu")["id"]
    budi.wait_for(message_id=answer)
    reply = content(by_id(client, budi.reply("mahal", answer)))
    assert reply.extendedTextMessage.contextInfo.stanzaID == answer
    assert reply.extendedTextMessage.contextInfo.quotedMessage.conversation == "harganya 50 ribu"
    reaction = content(by_id(client, budi.react(answer, "👍")))
    assert (reaction.reactionMessage.key.ID, reaction.reactionMessage.text) == (answer, "👍")
    sent = budi.send_text("slaah")
    edit = content(by_id(client, budi.edit(sent, "salah")))
    assert sent == edit.protocolMessage.key.ID
    assert edit.protocolMessage.editedMessage.conversation == "salah"
    deletion = content(by_id(client, budi.revoke(sent)))
    assert sent == deletion.protocolMessage.key.ID


def test_typing_a_place_and_a_poll_arrive(client: NeonizeProcess, budi: Customer) -> None:
    budi.typing()
    client.wait_for("typing", lambda event: event["sender"] == f"{budi.lid}@lid")
    place = budi.send_location(-6.1754, 106.8272, "Monas")
    assert by_id(client, place)["kinds"][0] == "locationMessage"
    poll = budi.send_raw(e2e.Message(pollCreationMessage=e2e.PollCreationMessage(name="?")))
    by_id(client, poll)


def test_what_came_while_the_client_was_away_is_delivered_once(
    fresh_wa: WhatsAppServer, fresh_client: NeonizeProcess
) -> None:
    budi = fresh_wa.add_customer("Budi")
    fresh_client.link_by_qr()
    client_number = fresh_wa.phone.linked_numbers()[0]
    budi.send_text("sebelum")
    fresh_client.wait_for_text("sebelum")
    fresh_wa.wait_until(lambda: fresh_wa.waiting(client_number) == 0)
    fresh_client.kill()
    fresh_wa.wait_until(lambda: not fresh_wa.connected())
    prepared = budi.prepare_texts([f"antre {number}" for number in range(20)])
    budi.release(prepared)
    budi.send_text("terakhir")
    before = len(fresh_client.events)
    fresh_client.start()
    fresh_client.wait_for("offline_completed", lambda event: event["count"] >= 21, after=before, timeout=60)
    fresh_client.wait_for_text("terakhir")
    texts = [event["text"] for event in fresh_client.events[before:] if event.get("event") == "message"]
    assert [text for text in texts if text.startswith("antre")] == [f"antre {number}" for number in range(20)]
    fresh_wa.wait_until(lambda: fresh_wa.waiting(client_number) == 0)


def test_prepared_texts_arrive_in_order(client: NeonizeProcess, budi: Customer) -> None:
    ids = budi.release(budi.prepare_texts([f"cepat {number}" for number in range(200)]))
    client.wait_for("message", lambda event: event["id"] == ids[-1], timeout=30)
    arrived = [event["id"] for event in client.events if event.get("event") == "message" and event["id"] in ids]
    assert arrived == ids


def test_prepared_texts_of_several_customers_take_turns(wa: WhatsAppServer, client: NeonizeProcess) -> None:
    customers = [wa.add_customer(f"Antre {number}") for number in range(3)]
    ids = wa.release(*(customer.prepare_texts(["a", "b", "c"]) for customer in customers))
    by_id(client, ids[-1])
    arrived = [event for event in client.events if event.get("event") == "message" and event["id"] in ids]
    assert [event["push_name"] for event in arrived] == ["Antre 0", "Antre 1", "Antre 2"] * 3


def test_a_second_shop_has_its_own_client(wa: WhatsAppServer, client: NeonizeProcess, tmp_path: Path) -> None:
    other = wa.add_account("6281230000002", "Toko Lain")
    siti = wa.add_customer("Siti", shop=other)
    with NeonizeProcess(wa, tmp_path) as second:
        second.link_by_qr(other)
        sent = siti.send_text("ke toko lain")
        by_id(second, sent)
        assert not any(event.get("id") == sent for event in client.events)
