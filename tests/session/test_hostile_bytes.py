"""What a customer can send that no client sends: it is shown, or has a place, and stops nobody."""

import urllib.request

import pytest

from daemon.domain.message_kinds import MessageKind
from daemon.store.threads import Bubble
from tests.support.inbox import becomes, only, row
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.wire.protos import e2e

pytestmark = pytest.mark.wire

MARK = b"\x01\x02\x03"


def broken(message: e2e.Message) -> bytes:
    """The message with bytes that are no text where the mark was."""
    return bytes(message.SerializeToString().replace(MARK, b"\xff\xfe\xed"))


def test_bytes_that_are_no_text_are_shown_as_far_as_they_are(shop: Shop) -> None:
    customer = shop.wa.add_customer("Bita")
    customer.send_content(broken(e2e.Message(conversation=f"halo {MARK.decode()}")))
    assert only(shop, customer.name).text == "halo \ufffd\ufffd\ufffd"
    assert row(shop, customer.name).last_text == "halo \ufffd\ufffd\ufffd"
    assert urllib.request.urlopen(f"http://127.0.0.1:{shop.config.port}/healthz").status == 200


def test_a_file_with_bytes_for_its_kind_and_name_is_not_lost(shop: Shop) -> None:
    customer = shop.wa.add_customer("Berkas")
    file = e2e.DocumentMessage(mimetype=MARK.decode(), fileName=MARK.decode(), fileLength=2**64 - 1)
    customer.send_content(broken(e2e.Message(documentMessage=file)))
    bubble = only(shop, customer.name)
    assert bubble.kind == MessageKind.DOCUMENT
    assert (bubble.media or {})["name"] == "\ufffd\ufffd\ufffd"


@pytest.mark.parametrize("encryption", ["", "foo"])
def test_what_the_library_cannot_parse_or_decrypt_has_a_place_in_the_conversation(
    shop: Shop, encryption: str
) -> None:
    customer, other = shop.wa.add_customer(f"Aneh{encryption}"), shop.wa.add_customer(f"Ramai{encryption}")
    customer.send_content(b"\x0a\xff\xff\xff\xff\x0f rusak", encryption=encryption)
    customer.send_text("sesudah")

    def shown() -> list[Bubble]:
        # it is never silent
        other.send_text("ramai")
        return (found := shop.bubbles(customer.name))[1:] and found

    bubbles = wait_until(shown)
    assert {(b.kind, b.text) for b in bubbles} == {(MessageKind.TEXT, "sesudah"), (MessageKind.UNREADABLE, None)}
    # told of once
    customer.send_text("lagi")
    wait_until(lambda: "lagi" in shop.texts(customer.name))
    assert len(shop.bubbles(customer.name)) == 3


def test_a_customers_broadcast_list_arrives_in_the_chat_with_him(shop: Shop) -> None:
    customer = shop.wa.add_customer("Siaran")
    customer.send_text("halo")
    bubble = only(shop, customer.name)
    customer.send_by_broadcast_list("promo besar")
    wait_until(lambda: shop.texts(customer.name) == ["halo", "promo besar"], what="the broadcast")
    assert becomes(shop, bubble, lambda b: b.text == "halo").conversation_id == row(shop, customer.name).id


def test_an_edit_that_a_crash_caught_leaves_a_line(shop: Shop) -> None:
    customer = shop.wa.add_customer("Sunting")
    sent = customer.send_text("2 kotak")
    shop.wait_for_text("2 kotak")
    session = shop.pid("session")
    assert session is not None
    with shop.database.write():
        # nobody else can commit: the library acknowledges what our callback can't keep
        customer.edit(sent, "3 kotak")
        wait_until(lambda: shop.wa.waiting() == 0, what="the acknowledgement")
        shop.kill("session")
    shop.wait_for_successor("session", session)
    found = wait_until(lambda: shop.bubbles(customer.name)[1:], timeout=60.0)
    assert [b.kind for b in found] == [MessageKind.LOST_CHANGE]
