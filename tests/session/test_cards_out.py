"""Places, contacts and polls that the shop sends, on the wire: what the customer's phone makes of each field."""

import io
import secrets
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from daemon.desk import file_storage
from daemon.domain import outgoing_cards
from daemon.domain.links import LinkState
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Delivery
from tests.support.inbox import becomes, only, row
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.actors.values import Received
from tests.whatsapp_server.wire.node import Node

pytestmark = pytest.mark.wire

PLACE = outgoing_cards.place(-6.175392, 106.827153, "Toko Kita", "Jl. Merdeka 1, Jakarta")
PERSON = outgoing_cards.contact("Budi; Gudang, Selatan", "6281234567890")


def poll(many: bool) -> outgoing_cards.OutgoingCard:
    return outgoing_cards.poll("Antar kapan?", ["Senin", "Selasa"], many=many)


@pytest.fixture
def asking(shop: Shop) -> Customer:
    customer = shop.wa.add_customer(f"Ibu {secrets.token_hex(3)}")
    customer.send_text("di mana tokonya?")
    only(shop, customer.name)
    return customer


def got(customer: Customer, part: str, count: int = 1) -> list[Received]:
    """What came with this part in it."""
    return wait_until(
        lambda: (
            found
            if len(found := [r for r in list(customer.received) if r.message.HasField(part)]) == count
            else None
        ),
        40,
        part,
    )


def stanza(shop: Shop, wa_id: str) -> Node:
    """How a message left."""
    (found,) = [node for node in shop.wa.stanzas("message") if node.get("id") == wa_id]
    return found


def test_places_contacts_and_polls_come_as_the_apps_send_them(shop: Shop, asking: Customer) -> None:
    question = shop.bubbles(asking.name)[0].id
    sent = {
        shop.answer(asking.name, "", card=PLACE): MessageKind.LOCATION,
        shop.answer(asking.name, "", card=PERSON, quoted=question): MessageKind.CONTACT,
        shop.answer(asking.name, "", card=poll(many=False)): MessageKind.POLL,
        shop.answer(asking.name, "", card=poll(many=True)): MessageKind.POLL,
    }
    place = got(asking, "locationMessage")[0].message.locationMessage
    assert (place.degreesLatitude, place.degreesLongitude) == (-6.175392, 106.827153)
    assert (place.name, place.address) == ("Toko Kita", "Jl. Merdeka 1, Jakarta")

    person = got(asking, "contactMessage")[0].message.contactMessage
    assert person.displayName == "Budi; Gudang, Selatan"
    assert person.vcard.split("\n") == [
        "BEGIN:VCARD",
        "VERSION:3.0",
        r"N:;Budi\; Gudang\, Selatan;;;",
        r"FN:Budi\; Gudang\, Selatan",
        "TEL;type=CELL;waid=6281234567890:+62 812-3456-7890",
        "END:VCARD",
    ]
    assert person.contextInfo.quotedMessage.conversation == "di mana tokonya?"

    polls = got(asking, "pollCreationMessage", 2)
    found = [one.message.pollCreationMessage for one in polls]
    assert [one.selectableOptionsCount for one in found] == [1, 0]
    assert [one.name for one in found] == ["Antar kapan?"] * 2
    assert [[option.optionName for option in one.options] for one in found] == [["Senin", "Selasa"]] * 2
    keys = [one.message.messageContextInfo.messageSecret for one in polls]
    assert [len(key) for key in keys] == [32, 32]
    assert keys[0] != keys[1]
    # without this the phones take it for something else
    for one in polls:
        node = stanza(shop, one.id)
        meta = node.child("meta")
        assert (node.get("type"), meta and meta.get("polltype")) == ("poll", "creation")

    for message_id, kind in sent.items():
        shown = becomes(shop, shop.bubble(message_id), lambda b: b.delivery in (Delivery.SENT, Delivery.DELIVERED))
        assert shown.kind == kind
    assert row(shop, asking.name).waiting_since is None


def test_a_poll_that_could_not_be_read_is_sent_again_with_the_same_key(shop: Shop, asking: Customer) -> None:
    shop.answer(asking.name, "", card=poll(many=False))
    (first,) = got(asking, "pollCreationMessage")
    asking.ask_resend(first.id)
    first, again = got(asking, "pollCreationMessage", 2)
    assert again.attempt > first.attempt
    assert (again.id, key_of(again)) == (first.id, key_of(first))


def key_of(one: Received) -> Any:
    return one.message.messageContextInfo.messageSecret


def test_a_place_that_was_not_acknowledged_waits_for_a_person_and_leaves_once_more_only_then(
    own_shop: Shop,
) -> None:
    shop, customer = own_shop, own_shop.wa.add_customer("Ibu Peta")
    customer.send_text("di mana?")
    only(shop, customer.name)
    shop.wa.faults.hold_acks()
    message_id = shop.answer(customer.name, "", card=PLACE)
    got(customer, "locationMessage")
    session = shop.pid("session")
    assert session is not None
    shop.kill("session")
    shop.wa.faults.release_acks()
    shop.wait_for_successor("session", session)
    shop.wait_for(LinkState.ONLINE)
    becomes(shop, shop.bubble(message_id), lambda b: b.delivery not in (Delivery.QUEUED, Delivery.SENDING))
    shop.answer(customer.name, "sudah ketemu?")
    customer.wait_for_text("sudah ketemu?", 20)
    assert len(got(customer, "locationMessage")) == 1


def picture() -> bytes:
    """A drawing that one can see through."""
    drawn, out = Image.new("RGBA", (300, 100), (0, 0, 0, 0)), io.BytesIO()
    drawn.paste((255, 0, 0, 255), (100, 0, 200, 100))
    drawn.save(out, "PNG")
    return out.getvalue()


def moving() -> bytes:
    frames, out = [Image.new("RGB", (64, 64), color) for color in ("red", "blue", "green")], io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=200, loop=0)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "mime", "moves"), [(picture(), "image/png", False), (moving(), "image/gif", True)]
)
def test_a_sticker_is_a_square_of_512_points_that_is_seen_through(
    shop: Shop, asking: Customer, content: bytes, mime: str, moves: bool
) -> None:
    kept = file_storage.keep(shop.folder, shop.account_id, io.BytesIO(content), "a.png", mime)
    message_id = shop.answer(asking.name, "", replace(kept, is_sticker=True))
    (one,) = got(asking, "stickerMessage")
    about = one.message.stickerMessage
    assert (about.mimetype, about.width, about.height, about.isAnimated) == ("image/webp", 512, 512, moves)
    webp = asking.file_of(one)
    assert about.fileLength == len(webp) <= (500_000 if moves else 100_000)
    with Image.open(io.BytesIO(webp)) as sticker:
        assert (sticker.format, sticker.size, bool(sticker.is_animated)) == ("WEBP", (512, 512), moves)  # type: ignore[attr-defined]
        if not moves:
            seen = sticker.convert("RGBA")
            assert (seen.getpixel((5, 256))[3], seen.getpixel((256, 256))[3]) == (0, 255)  # type: ignore[index]
    node = stanza(shop, one.id)
    assert (node.get("type"), [enc.get("mediatype") for enc in all_of(node, "enc")][:1]) == ("media", ["sticker"])
    assert shop.bubble(message_id).kind == MessageKind.STICKER


def all_of(node: Node, tag: str) -> list[Node]:
    """The parts of that tag, wherever they stand."""
    below = [found for child in node.children() for found in all_of(child, tag)]
    return ([node] if node.tag == tag else []) + below
