"""Places, people and the like as cards; the way to somebody whose number is on one."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from daemon.domain.message_kinds import MessageKind
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Server, Visitor
from tests.webui.desk import desk_of

RINA, ANI = "6281311112222", "6281200000009"
TO_ANI = {"contacts": [{"name": "Ani", "numbers": [{"number": "0812-0000-0009"}, {"number": "kantor 12"}]}]}


def sends(shop: StaffedBooks, conversation_id: int, kind: MessageKind, text: str | None, **media: Any) -> int:
    return shop.customer_writes(conversation_id, text, kind=kind.value, media=media)


def test_a_place_leads_to_google_maps_and_to_no_other_host(sari: Visitor, shop: StaffedBooks) -> None:
    chat = shop.new_customer("Rina")
    sends(shop, chat, MessageKind.LOCATION, "Toko", lat=-6.2, lng=106.8, name="Toko", address="Jl. Melati 3")
    page = sari.get(f"/c/{chat}").text
    link = "https://www.google.com/maps/search/?api=1&amp;query=-6.200000%2C106.800000"
    assert f'<a class="card-button" href="{link}" target="_blank" rel="noopener noreferrer">' in page
    assert "Jl. Melati 3" in page
    assert page.count("https://") == page.count(link)


WRITTEN: list[tuple[MessageKind, str | None, dict[str, Any], list[str]]] = [
    (MessageKind.LOCATION, None, {"lat": 1.0, "lng": 2.0, "is_live": True}, ["Live location: Balas shows where"]),
    (MessageKind.LOCATION, "Monas", {}, ["Monas"]),
    # as an older version has kept them
    (MessageKind.CONTACT, "Bu Ani", {}, ["Bu Ani", "Open the phone to see the contact."]),
    (MessageKind.POLL, "Mau?\n• Ya", {}, ["• Ya", "Open the phone to see the poll."]),
    (MessageKind.POLL, "Mau?\n• Ya", {"question": "Mau?", "options": ["Ya"], "many": True}, ["Several answers"]),
    (
        MessageKind.CONTACT,
        "A",
        {"contacts": [{"name": "A"}], "left_out": 2},
        ["2 more contacts are on the phone."],
    ),
    (MessageKind.EVENT, "Arisan", {"canceled": True, "starts": 1795323605}, ["Arisan", "Canceled", " at "]),
    (
        MessageKind.PRODUCT,
        "ada?",
        {"title": "Nastar", "amount": 60000.0, "currency": "IDR"},
        ["IDR60,000<", "ada?"],
    ),
    (MessageKind.ORDER, None, {"items": 3, "status": "accepted"}, ["3 items", "Accepted"]),
    (MessageKind.PAYMENT, "tolong", {"what": "request", "amount": 1.5, "currency": "USD"}, ["$1.50", "tolong"]),
    (
        MessageKind.CHOICES,
        "Pilih",
        {"options": ["Kue"], "has_attachment": True},
        ["Pilih", "Kue", "With a picture"],
    ),
    (MessageKind.INVITE, "ikut", {"group": "Reseller"}, ["Reseller", "Open the phone to join the group."]),
    # what a hand has put there
    (MessageKind.CONTACT, "Budi", {"contacts": ["?", {"numbers": 5}, {"numbers": [{"wa": 9}]}]}, ["Budi"]),
    (MessageKind.EVENT, "Pesta", {"starts": 10**30, "ends": "?"}, ["Pesta"]),
    (MessageKind.ORDER, "Kue", {"amount": "x", "items": [1], "status": {}}, ["Kue"]),
]


def test_each_card_says_what_is_known_and_what_the_phone_is_needed_for(sari: Visitor, shop: StaffedBooks) -> None:
    for kind, text, media, words in WRITTEN:
        chat = shop.new_customer("Rina")
        sends(shop, chat, kind, text, **media)
        shop.customer_writes(chat, "masih di sini")
        page = sari.get(f"/c/{chat}").text
        for word in [*words, "masih di sini"]:
            assert word in page, (kind, media, word)


def test_a_number_on_a_card_leads_to_the_chat_with_it(sari: Visitor, shop: StaffedBooks) -> None:
    chat, ani = shop.new_customer("Rina", phone=RINA), shop.new_customer("Ani", "hai", phone=ANI)
    sends(shop, chat, MessageKind.CONTACT, "Ani", **TO_ANI)
    page = sari.get(f"/c/{chat}").text
    assert page.count("/write-to/") == 1
    assert f'href="/write-to/{ANI}"' in page
    assert sari.get(f"/write-to/{ANI}").location == f"/c/{ani}"
    shop.resolve(ani)
    assert sari.get(f"/write-to/{ANI}").location == f"/c/{ani}"
    for nobody in ("62999999999", "x", "6" * 40, "٦٢"):
        answer = sari.get(f"/write-to/{nobody}")
        assert answer.status_code == 404 or answer.location.startswith("/chats/new?")


def test_a_quotation_without_words_says_what_it_answers(sari: Visitor, shop: StaffedBooks) -> None:
    chat = shop.new_customer("Rina")
    sends(shop, chat, MessageKind.LOCATION, None, lat=1.0, lng=2.0)
    with shop.database.read() as conn:
        wa_id = conn.exec_driver_sql("SELECT wa_id FROM message").scalar_one()
    shop.customer_writes(chat, "di sini ya", quoted_wa_id=wa_id)
    page = sari.get(f"/c/{chat}").text
    assert '<blockquote class="quoted" dir="auto">' in page
    assert ">Location</a></blockquote>" in page


def test_calls_say_when_and_offer_nothing_that_only_messages_can(sari: Visitor, shop: StaffedBooks) -> None:
    chat = shop.new_customer("Rina")
    for kind, media in ((MessageKind.CALL, {}), (MessageKind.ANSWERED_CALL, {"video": True})):
        sends(shop, chat, kind, None, **media)
    page = sari.get(f"/c/{chat}").text
    for words in ("Missed call ", "Video call answered on the phone "):
        assert re.search(rf"<span>{words}\d\d:\d\d</span>", page)
    assert page.count('data-can=""') == 2
    assert "Call answered on the phone" in sari.get("/").text
    refused = sari.post(f"/c/{chat}/messages/1/react", {"emoji": "👍"})
    assert refused.status_code == 422


def test_a_stranger_is_led_to_no_chat(stranger: Visitor, shop: StaffedBooks) -> None:
    shop.new_customer("Ani", "hai", phone=ANI)
    assert "/login" in stranger.get(f"/write-to/{ANI}").location


@pytest.mark.browser
def test_a_number_is_copied_and_written_to_by_keyboard(
    chromium: Browser, server: Server, shop: StaffedBooks
) -> None:
    chat, ani = shop.new_customer("Rina", "halo"), shop.new_customer("Ani", "hai", phone=ANI)
    with desk_of(chromium, server, "sari", reloads=True, viewport={"width": 360, "height": 740}) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto(f"{server.url}/c/{chat}")
        # it comes while the thread is open
        sends(shop, chat, MessageKind.CONTACT, "Ani", **TO_ANI)
        copy = page.get_by_role("button", name="Copy the number +62 812-0000-0009")
        copy.focus()
        page.keyboard.press("Enter")
        expect(page.locator(".card-button", has_text="Copied")).to_be_focused()
        assert page.evaluate("navigator.clipboard.readText()") == "+62 812-0000-0009"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        # quoting it shows whose card it is
        assert page.evaluate("document.querySelector('[data-kind=contact] [data-text]').dataset.raw") == "Ani"
        page.get_by_role("link", name="Write to Ani, +62 812-0000-0009").press("Enter")
        expect(page.locator(f'#pane[data-conversation="{ani}"]')).to_be_visible()
