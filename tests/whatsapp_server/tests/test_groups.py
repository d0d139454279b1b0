"""Groups against the real neonize: sender keys both ways, who is in, what changes, what can't be sent any more."""

from __future__ import annotations

import pytest

from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.actors.group import GroupChat
from tests.whatsapp_server.tests.neonize_process import NeonizeProcess
from tests.whatsapp_server.tests.test_customers import by_id, content, receipt
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.ratchet import DecryptionFailed, DuplicateMessage
from tests.whatsapp_server.wire.sender_keys import NoSenderKey, SenderKeys
from tests.whatsapp_server.world import WhatsAppServer

wire = pytest.mark.wire


def test_a_sender_key_reads_in_any_order_once_and_only_what_its_owner_signed() -> None:
    ani, budi = SenderKeys(), SenderKeys()
    early = ani.distribution("g")
    texts = [ani.encrypt("g", word.encode()) for word in ("satu", "dua", "tiga")]
    with pytest.raises(NoSenderKey):
        budi.decrypt("g", "ani", texts[0])
    budi.learn("g", "ani", early)
    assert [budi.decrypt("g", "ani", texts[number]) for number in (2, 0, 1)] == [b"tiga", b"satu", b"dua"]
    with pytest.raises(DuplicateMessage):
        budi.decrypt("g", "ani", texts[1])
    forged = texts[2][:-1] + bytes([texts[2][-1] ^ 1])
    with pytest.raises(DecryptionFailed):
        budi.decrypt("g", "ani", forged)
    ani.renew("g")
    ani.distribution("g")
    with pytest.raises(NoSenderKey):
        budi.decrypt("g", "ani", ani.encrypt("g", b"baru"))


@pytest.fixture(scope="module")
def siti(wa: WhatsAppServer) -> Customer:
    return wa.add_customer("Siti")


@pytest.fixture(scope="module")
def joko(wa: WhatsAppServer) -> Customer:
    return wa.add_customer("Joko")


@pytest.fixture(scope="module", params=["lid", "pn"])
def group(request: pytest.FixtureRequest, wa: WhatsAppServer, siti: Customer, joko: Customer) -> GroupChat:
    return wa.add_group("Arisan RT 05", siti, joko, by_lid=request.param == "lid")


@wire
def test_what_members_write_is_read_with_its_writer(
    wa: WhatsAppServer, client: NeonizeProcess, group: GroupChat, siti: Customer
) -> None:
    first = group.send_text(siti, "halo semua", wa.phone)
    event = client.wait_for("message", lambda event: event["id"] == first and event["text"])
    assert (event["text"], event["chat"]) == (f"halo semua {group.mention_of(wa.phone)}", str(group.jid))
    assert {event["sender"], event["sender_alt"]} == {str(siti.user.lid_jid), str(siti.user.phone_jid)}
    assert event["sender"] == str(group.name_of(siti))
    assert list(content(event).extendedTextMessage.contextInfo.mentionedJID) == [str(group.name_of(wa.phone))]
    second = group.send_text(siti, "yang kedua", quoted_id=first)
    assert content(by_id(client, second)).extendedTextMessage.contextInfo.participant == str(siti.user.lid_jid)
    siti.wait_for_receipt(second, "inactive")
    wa.wait_until(lambda: wa.waiting() == 0)


@wire
def test_what_the_shop_writes_is_read_on_every_device(
    wa: WhatsAppServer, client: NeonizeProcess, group: GroupChat, siti: Customer, joko: Customer
) -> None:
    sent = client.call("send_text", to=str(group.jid), text="besok libur")["id"]
    for member in (siti, joko):
        received = member.wait_for(message_id=sent)
        assert (received.chat, received.sender, received.device > 0) == (group.jid, group.name_of(wa.phone), True)
    assert wa.phone.wait_for(message_id=sent).from_me
    siti.mark_read(group.jid, [sent])
    event = receipt(client, sent, "READ")
    assert (event["chat"], event["sender"]) == (str(group.jid), str(group.name_of(siti)))
    receipt(client, sent, "SENDER")


@wire
def test_who_can_not_read_asks_for_it_again(
    wa: WhatsAppServer, client: NeonizeProcess, group: GroupChat, siti: Customer
) -> None:
    siti.group_chats.keys.forget_others()
    again = client.call("send_text", to=str(group.jid), text="sekali lagi")["id"]
    # the library gives its key with every message
    assert siti.wait_for(message_id=again).text == "sekali lagi"
    # what carries her key is read in any case: it has to be there before
    before = siti.post(group.jid, payload.text("sudah buka"))
    client.wait_for("message", lambda event: event["id"] == before and event["text"] == "sudah buka")
    siti.answers_retries = False
    damaged = siti.post(group.jid, payload.text("rusak di grup"), damaged=True)
    client.wait_for("undecryptable", lambda event: event["id"] == damaged)
    siti.answer_retries()
    assert by_id(client, damaged)["text"] == "rusak di grup"


@wire
def test_nothing_leaves_into_a_group_that_was_left(
    wa: WhatsAppServer, client: NeonizeProcess, group: GroupChat, siti: Customer
) -> None:
    group.remove(wa.phone)
    with pytest.raises(RuntimeError, match="403"):
        client.call("send_text", to=str(group.jid), text="masih ada?")
    left = wa.add_group("Tanpa toko", siti, with_shop=False)
    with pytest.raises(RuntimeError, match="failed to get group members"):
        client.call("send_text", to=str(left.jid), text="halo")
    group.add(wa.phone)
    sent = client.call("send_text", to=str(group.jid), text="kembali lagi")["id"]
    assert siti.wait_for(message_id=sent).text == "kembali lagi"
