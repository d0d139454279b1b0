"""What cards say of places, people, polls, dates and goods; whatever their bytes and numbers are."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import MessageReceived, Origin
from daemon.domain.text_cleaning import readable
from daemon.whatsapp import vcard
from daemon.whatsapp.translate import translate_content
from tests.support.builders import NOON, both
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.protos import e2e

FROM_CUSTOMER = Origin(both("551", "62811"), False, 0, NOON)


def content(message: Any) -> MessageReceived:
    found = translate_content(message, "3EB0A", FROM_CUSTOMER)
    assert isinstance(found, MessageReceived)
    return found


def contacts(*cards: tuple[str, str]) -> Any:
    people = [e2e.ContactMessage(displayName=name, vcard=card) for name, card in cards]
    return e2e.Message(contactsArrayMessage=e2e.ContactsArrayMessage(displayName="2 kontak", contacts=people))


def interactive(**more: Any) -> Any:
    body = e2e.InteractiveMessage.Body(text="Mau yang mana?")
    return e2e.Message(interactiveMessage=e2e.InteractiveMessage(body=body, **more))


def flow(*parameters: str) -> Any:
    made = e2e.InteractiveMessage.NativeFlowMessage()
    for one in parameters:
        made.buttons.add(name="quick_reply", buttonParamsJSON=one)
    return made


PHONE = {"number": "+62812", "wa": "62812"}
KINDS = [
    (
        payload.location(-6.2, 106.8, name="Toko", address="Jl. Melati 3"),
        MessageKind.LOCATION,
        "Toko",
        {"lat": -6.2, "lng": 106.8, "name": "Toko", "address": "Jl. Melati 3"},
    ),
    (
        e2e.Message(liveLocationMessage=e2e.LiveLocationMessage(degreesLatitude=1, caption="jalan")),
        MessageKind.LOCATION,
        "jalan",
        {"lat": 1.0, "lng": 0.0, "is_live": True},
    ),
    (payload.location(math.nan, 106.8, name="Entah"), MessageKind.LOCATION, "Entah", {"name": "Entah"}),
    (payload.location(91, 0), MessageKind.LOCATION, None, {}),
    (
        payload.contact("Rina", "62812"),
        MessageKind.CONTACT,
        "Rina",
        {"contacts": [{"name": "Rina", "numbers": [{"number": "+62812", "wa": "62812"}]}]},
    ),
    (
        contacts(("Rina", "TEL;waid=62812345:0812 345"), ("Budi", "")),
        MessageKind.CONTACT,
        "Rina, Budi",
        {"contacts": [{"name": "Rina", "numbers": [{"number": "0812 345", "wa": "62812345"}]}, {"name": "Budi"}]},
    ),
    (
        payload.poll("Mau?", ["Ya", "Tidak"]),
        MessageKind.POLL,
        "Mau?\n• Ya\n• Tidak",
        {"question": "Mau?", "options": ["Ya", "Tidak"]},
    ),
    (
        e2e.Message(
            eventMessage=e2e.EventMessage(
                name="Arisan",
                description="Bawa kue",
                startTime=1795323605,
                location=e2e.LocationMessage(name="Rumah Bu Ani", degreesLatitude=-6.2, degreesLongitude=106.8),
                joinLink="javascript:alert(1)",
                isCanceled=True,
            )
        ),
        MessageKind.EVENT,
        "Arisan",
        {
            "name": "Arisan",
            "description": "Bawa kue",
            "starts": 1795323605,
            "place": "Rumah Bu Ani",
            "canceled": True,
            "is_call": True,
            "lat": -6.2,
            "lng": 106.8,
        },
    ),
    (
        e2e.Message(
            productMessage=e2e.ProductMessage(
                product=e2e.ProductMessage.ProductSnapshot(
                    title="Nastar", priceAmount1000=75_000_000, salePriceAmount1000=60_000_000, currencyCode="idr"
                ),
                body="ini masih ada?",
            )
        ),
        MessageKind.PRODUCT,
        "ini masih ada?",
        {"title": "Nastar", "amount": 60_000.0, "before": 75_000.0, "currency": "IDR"},
    ),
    (
        e2e.Message(
            orderMessage=e2e.OrderMessage(
                orderTitle="Toko Kita", itemCount=3, totalAmount1000=-5, totalCurrencyCode="IDR", status=2
            )
        ),
        MessageKind.ORDER,
        "Toko Kita",
        {"title": "Toko Kita", "items": 3, "status": "accepted", "amount": 0.0, "currency": "IDR"},
    ),
    (
        e2e.Message(
            requestPaymentMessage=e2e.RequestPaymentMessage(
                amount1000=10_000, currencyCodeIso4217="IDR", noteMessage=e2e.Message(conversation="tolong")
            )
        ),
        MessageKind.PAYMENT,
        "tolong",
        {"what": "request", "amount": 10.0, "currency": "IDR"},
    ),
    (
        e2e.Message(
            listMessage=e2e.ListMessage(
                title="Menu",
                description="Silakan pilih",
                sections=[
                    e2e.ListMessage.Section(
                        rows=[e2e.ListMessage.Row(title="Nastar", description="75 ribu"), e2e.ListMessage.Row()]
                    )
                ],
            )
        ),
        MessageKind.CHOICES,
        "Silakan pilih",
        {"title": "Menu", "options": ["Nastar – 75 ribu"]},
    ),
    (
        interactive(nativeFlowMessage=flow('{"display_text": "Kue"}', "[[[", '{"display_text": 3}', "9" * 9000)),
        MessageKind.CHOICES,
        "Mau yang mana?",
        {"options": ["Kue"]},
    ),
    (
        e2e.Message(groupInviteMessage=e2e.GroupInviteMessage(groupName="Reseller", caption="ikut ya")),
        MessageKind.INVITE,
        "ikut ya",
        {"group": "Reseller"},
    ),
]


@pytest.mark.parametrize(("message", "kind", "text", "media"), KINDS)
def test_a_card_says_what_can_be_read(message: Any, kind: MessageKind, text: str | None, media: Any) -> None:
    found = content(message)
    assert (found.kind, found.text, found.media) == (kind, text, media)
    # a later version may read more of it
    assert found.raw == message.SerializeToString()


CARDS = [
    ("BEGIN:VCARD\r\nFN:Bu Ani\r\nTEL:+62 812\r\n -345\r\nEND:VCARD", "Bu Ani", [{"number": "+62 812-345"}]),
    ("N:Lestari;Ani;;;\nitem1.TEL;type=CELL;waid=62812345:+62812345", "Ani Lestari", None),
    ("FN:Ani\\, Bu\nTEL:tel:0812\nTEL:tel:0812\nTEL:", "Ani, Bu", [{"number": "0812"}]),
    ("FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Andr=C3=A9", "André", []),
    ("TEL;waid=628123:bukan nomor", "", [{"number": "bukan nomor", "wa": "628123"}]),
    ("TEL;waid=<script>:" + "9" * 500, "", [{"number": "9" * 40}]),
    ("\x00\x01\u202egnp.exe:" * 9, "", []),
    ("", "", []),
]


@pytest.mark.parametrize(("text", "name", "numbers"), CARDS)
def test_a_vcard_gives_its_name_and_its_numbers(
    text: str, name: str, numbers: list[dict[str, str]] | None
) -> None:
    found = vcard.parse(text)
    assert found.name == name
    assert list(found.numbers) == ([{"number": "+62812345", "wa": "62812345"}] if numbers is None else numbers)


def test_a_vcard_of_megabytes_is_read_to_its_beginning() -> None:
    huge = "FN:Ani\n" + "TEL:1\n" * 400_000 + "PHOTO;BASE64:" + "A" * 1_000_000
    assert vcard.parse(huge).numbers == ({"number": "1"},)
    assert vcard.parse("TEL:1\n" + "".join(f"TEL:{n}\n" for n in range(2, 99))).numbers[9:] == ({"number": "10"},)


@given(st.one_of(st.text(), st.binary(), st.from_regex(rb"(FN|N|TEL)(;[a-z]+=[^\n]*)?:[^\n]*\n", fullmatch=True)))
def test_whatever_a_vcard_holds_can_be_kept_and_shown(text: str | bytes) -> None:
    found = vcard.parse(text)
    for value in (found.name, *(word for number in found.numbers for word in number.values())):
        assert readable(value) == value
        assert "\n" not in value


def test_a_card_of_thousands_of_parts_stays_small() -> None:
    options = [e2e.PollCreationMessage.Option(optionName="a" * 1000)] * 5000
    poll = content(e2e.Message(pollCreationMessageV3=e2e.PollCreationMessage(name="q" * 9000, options=options)))
    people = content(contacts(*[("n" * 1000, "TEL:1\n" * 9)] * 400))
    assert (len(poll.media["options"]), len(people.media["contacts"]), people.media["left_out"]) == (100, 50, 350)
    assert len(json.dumps(poll.media)) + len(json.dumps(people.media)) < 100_000
