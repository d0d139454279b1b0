"""Every kind of message, from a customer or from another device of ours, ends in the inbox as it should."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select

from daemon.domain.links import LinkState
from daemon.domain.messages import Author, Delivery, MessageKind
from daemon.domain.turns import HandledMark
from daemon.store import contacts, conversations, turns
from daemon.store.conversations import Box, Summary
from daemon.store.messages import Bubble
from daemon.store.tables import account, contact, contact_alias, conversation, message
from tests.shop import Shop, wait_until
from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.protos import e2e

pytestmark = pytest.mark.wire


def row(shop: Shop, name: str) -> Summary:
    """The customer's line in the list."""
    with shop.database.read() as conn:
        rows = conversations.listing(conn, shop.account_id, Box.ALL, 0, limit=1000)
    (found,) = [summary for summary in rows if summary.contact_name == name]
    return found


def last_mark(shop: Shop, name: str) -> HandledMark:
    """Who answered the customer last."""
    conversation_id = row(shop, name).id
    with shop.database.read() as conn:
        return wait_until(lambda: turns.last_closed(conn, conversation_id), what="a handled-mark")


def only(shop: Shop, name: str) -> Bubble:
    """The customer's one message."""
    (bubble,) = wait_until(lambda: shop.bubbles(name), what=f"a message of {name}")
    return bubble


def raw_of(shop: Shop, bubble: Bubble) -> bytes | None:
    """The bytes that are kept of a message."""
    with shop.database.read() as conn:
        return conn.execute(select(message.c.raw).where(message.c.id == bubble.id)).scalar_one()


def becomes(shop: Shop, bubble: Bubble, condition: Callable[[Bubble], object]) -> Bubble:
    """Wait until a message satisfies a condition; give it as it is then."""

    def look() -> Bubble | None:
        (now,) = [other for other in shop.bubbles() if other.id == bubble.id]
        return now if condition(now) else None

    return wait_until(look, what="the message's change")


@contextmanager
def nothing_appears(shop: Shop, customer: Customer) -> Iterator[None]:
    """Nothing that is done inside leaves a trace among the customers' messages."""

    def counted() -> tuple[int, ...]:
        kinds = select(func.count()).select_from(conversation).where(conversation.c.kind == "person")
        people = select(func.count()).select_from(contact).where(contact.c.kind == "person")
        with shop.database.read() as conn:
            return conn.execute(kinds).scalar_one(), conn.execute(people).scalar_one()

    customer.send_text("sebelum")
    shop.wait_for_text("sebelum")
    before = counted()
    yield
    # what a client is sent arrives in order: once this is there, all earlier things have been handled
    customer.send_text("sesudah")
    shop.wait_for_text("sesudah")
    assert shop.texts(customer.name) == ["sebelum", "sesudah"]
    assert counted() == before


@dataclass(frozen=True)
class Kind:
    """What a customer sends, and what the inbox shows of it."""

    send: Callable[[Customer], str]
    kind: MessageKind
    text: str | None = None
    media: dict[str, Any] | None = None


JPEG, WEBP, OGG, MP4, PDF = b"\xff\xd8\xff" + b"j" * 97, b"RIFF" * 10, b"OggS" * 20, b"ftyp" * 30, b"%PDF-1.7\n"


def ephemeral(text: str) -> Any:
    inner = e2e.FutureProofMessage(message=payload.text(text))
    return e2e.Message(ephemeralMessage=inner)


KINDS = {
    "text": Kind(lambda c: c.send_text("Halo kak 👋\nada?"), MessageKind.TEXT, "Halo kak 👋\nada?"),
    "disappearing text": Kind(lambda c: c.send_raw(ephemeral("hilang")), MessageKind.TEXT, "hilang"),
    "image": Kind(
        lambda c: c.send_image(JPEG, "yang ini"),
        MessageKind.IMAGE,
        "yang ini",
        {"mime": "image/jpeg", "size": len(JPEG)},
    ),
    "image without words": Kind(
        lambda c: c.send_image(JPEG), MessageKind.IMAGE, None, {"mime": "image/jpeg", "size": len(JPEG)}
    ),
    "video": Kind(
        lambda c: c.send_video(MP4, "lihat", 7),
        MessageKind.VIDEO,
        "lihat",
        {"mime": "video/mp4", "size": len(MP4), "seconds": 7},
    ),
    "voice": Kind(
        lambda c: c.send_voice(OGG, 12),
        MessageKind.VOICE,
        None,
        {"mime": "audio/ogg; codecs=opus", "size": len(OGG), "seconds": 12},
    ),
    "document": Kind(
        lambda c: c.send_document(PDF, "faktur.pdf"),
        MessageKind.DOCUMENT,
        None,
        {"mime": "application/pdf", "size": len(PDF), "name": "faktur.pdf"},
    ),
    "document with caption": Kind(
        lambda c: c.send_document(PDF, "faktur.pdf", caption="lunas"),
        MessageKind.DOCUMENT,
        "lunas",
        {"mime": "application/pdf", "size": len(PDF), "name": "faktur.pdf"},
    ),
    "sticker": Kind(
        lambda c: c.send_sticker(WEBP), MessageKind.STICKER, None, {"mime": "image/webp", "size": len(WEBP)}
    ),
    "location": Kind(
        lambda c: c.send_location(-6.2, 106.8, "Monas"),
        MessageKind.LOCATION,
        "Monas",
        {"lat": -6.2, "lng": 106.8},
    ),
    "contact card": Kind(
        lambda c: c.send_raw(payload.contact("Bu Ani", "6281200000009")), MessageKind.CONTACT, "Bu Ani"
    ),
    "poll": Kind(
        lambda c: c.send_raw(payload.poll("Rasa apa?", ["Nanas", "Keju"])),
        MessageKind.POLL,
        "Rasa apa?\n• Nanas\n• Keju",
    ),
    "order": Kind(
        lambda c: c.send_raw(e2e.Message(orderMessage=e2e.OrderMessage(orderID="77"))), MessageKind.UNKNOWN
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_of_message_is_shown_and_opens_a_turn(shop: Shop, name: str) -> None:
    kind = KINDS[name]
    customer = shop.wa.add_customer(f"Pengirim {name}")
    kind.send(customer)
    bubble = only(shop, customer.name)
    # the fetcher adds the file when it has it
    media = {key: value for key, value in (bubble.media or {}).items() if key != "file"}
    assert (bubble.kind, bubble.text, media or None) == (kind.kind, kind.text, kind.media)
    assert (bubble.author, bubble.from_me, bubble.device) == (Author.CUSTOMER, False, 0)
    line = row(shop, customer.name)
    assert (line.unread, line.last_kind, line.contact_phone) == (1, kind.kind, customer.phone_number)
    assert line.waiting_since is not None
    assert (raw_of(shop, bubble) is None) == (kind.kind == MessageKind.TEXT)


def test_a_kind_of_the_future_is_shown_as_unknown_and_kept_raw(shop: Shop) -> None:
    customer = shop.wa.add_customer("Masa Depan")
    field = bytes([0xBA, 0xF1, 0x04, 3]) + b"abc"  # field 9999, length-delimited
    customer.send_raw(e2e.Message.FromString(field))
    bubble = only(shop, customer.name)
    assert (bubble.kind, bubble.text) == (MessageKind.UNKNOWN, None)
    assert field in (raw_of(shop, bubble) or b"")


def test_a_reply_shows_what_it_quotes(shop: Shop) -> None:
    customer = shop.wa.add_customer("Kutip")
    customer.send_text("ada bolu?")
    shop.wait_for_text("ada bolu?")
    answer = shop.wa.phone.send_text(customer, "rasa apa?")
    customer.wait_for_text("rasa apa?")
    customer.reply("pandan", answer)
    bubble = shop.wait_for_text("pandan")
    assert (bubble.quoted_text, bubble.quoted_from_me) == ("rasa apa?", True)


def test_a_reaction_comes_changes_and_goes_without_opening_a_turn(shop: Shop) -> None:
    customer = shop.wa.add_customer("Reaksi")
    customer.send_text("pesan 2 ya")
    bubble = only(shop, customer.name)
    shop.wa.phone.send_text(customer, "siap kak")
    ours = shop.wait_for_text("siap kak")
    for emoji in ("👍", "❤️", ""):
        customer.react(customer.wait_for_text("siap kak").id, emoji)
        becomes(shop, ours, lambda b, emoji=emoji: b.reactions == ((emoji,) if emoji else ()))
    shop.wa.phone.react(customer, shop.wa.phone.wait_for_text("pesan 2 ya").id, "🙏")
    becomes(shop, bubble, lambda b: b.reactions == ("🙏",))
    assert row(shop, customer.name).waiting_since is None


def test_an_edit_replaces_the_text_and_a_deletion_keeps_it_for_the_shop(shop: Shop) -> None:
    customer = shop.wa.add_customer("Ubah")
    sent = customer.send_text("2 kotak")
    bubble = only(shop, customer.name)
    customer.edit(sent, "3 kotak")
    assert becomes(shop, bubble, lambda b: b.edited).text == "3 kotak"
    customer.revoke(sent)
    assert becomes(shop, bubble, lambda b: b.revoked).text == "3 kotak"
    assert len(shop.bubbles(customer.name)) == 1


def test_an_own_edit_and_deletion_on_the_phone_are_followed(shop: Shop) -> None:
    customer, phone = shop.wa.add_customer("Ubah Sendiri"), shop.wa.phone
    customer.send_text("jam berapa?")
    shop.wait_for_text("jam berapa?")
    sent = phone.send_text(customer, "jam 8")
    bubble = shop.wait_for_text("jam 8")
    phone.edit(customer, sent, "jam 9")
    assert becomes(shop, bubble, lambda b: b.edited).text == "jam 9"
    phone.revoke(customer, sent)
    becomes(shop, bubble, lambda b: b.revoked)


def test_what_only_the_phone_is_given_is_a_placeholder_until_the_phone_shares_it(shop: Shop) -> None:
    customer = shop.wa.add_customer("Sekali Lihat")
    shop.wa.phone.go_offline()
    try:
        customer.send_unavailable(kind="view_once")
        bubble = only(shop, customer.name)
        assert (bubble.kind, bubble.text) == (MessageKind.UNREADABLE, None)
        assert row(shop, customer.name).unread == 1
    finally:
        shop.wa.phone.go_online()
    assert becomes(shop, bubble, lambda b: b.kind == MessageKind.TEXT).text == "sekali lihat"
    assert (row(shop, customer.name).unread, len(shop.bubbles(customer.name))) == (1, 1)


def test_an_unreadable_message_fills_in_when_the_resend_comes(shop: Shop) -> None:
    customer = shop.wa.add_customer("Rusak")
    shop.wa.send_undecryptable(customer, "rusak tapi sembuh", answer=False)
    bubble = only(shop, customer.name)
    assert (bubble.kind, bubble.text) == (MessageKind.UNREADABLE, None)
    customer.answer_retries()
    assert becomes(shop, bubble, lambda b: b.kind == MessageKind.TEXT).text == "rusak tapi sembuh"
    line = row(shop, customer.name)
    assert (line.unread, len(shop.bubbles(customer.name))) == (1, 1)


def test_an_unreadable_message_stays_a_placeholder_when_no_resend_comes(shop: Shop) -> None:
    customer = shop.wa.add_customer("Rusak Terus")
    shop.wa.send_undecryptable(customer, "tak terbaca", answer=False)
    only(shop, customer.name)
    customer.send_text("masih di sini")
    shop.wait_for_text("masih di sini")
    assert [b.kind for b in shop.bubbles(customer.name)] == [MessageKind.UNREADABLE, MessageKind.TEXT]


def test_groups_stories_channels_calls_and_notes_to_oneself_are_no_conversations(shop: Shop) -> None:
    customer = shop.wa.add_customer("Di Luar")
    with nothing_appears(shop, customer):
        customer.send_in_group("di grup")
        customer.post_status("di status")
        shop.wa.post_newsletter("di saluran")
        customer.call()
        shop.wa.phone.send_to_self("catatan sendiri")
    with shop.database.read() as conn:
        texts = conn.execute(select(message.c.text)).scalars().all()
    assert not {"di status", "di saluran", "catatan sendiri"} & set(texts)


def test_a_group_is_kept_apart_and_opens_no_turn(shop: Shop) -> None:
    customer = shop.wa.add_customer("Anggota")
    customer.send_in_group("di grup saja")

    def kept() -> Any:
        with shop.database.read() as conn:
            return conn.execute(
                select(conversation.c.kind, message.c.participant, message.c.turn_id)
                .join(conversation, conversation.c.id == message.c.conversation_id)
                .where(message.c.text == "di grup saja")
            ).first()

    assert tuple(wait_until(kept)) == ("group", f"{customer.lid}@lid", None)
    assert "di grup saja" not in shop.texts()


def test_typing_is_seen_and_its_end_too(shop: Shop) -> None:
    customer = shop.wa.add_customer("Mengetik")
    customer.send_text("sebentar")
    shop.wait_for_text("sebentar")
    conversation_id = row(shop, customer.name).id

    def typing_at() -> Any:
        with shop.database.read() as conn:
            return conn.execute(
                select(conversation.c.typing_at).where(conversation.c.id == conversation_id)
            ).scalar()

    customer.typing()
    wait_until(typing_at, what="typing")
    customer.typing(False)
    wait_until(lambda: typing_at() is None, what="the end of typing")


def test_a_reply_from_the_phone_closes_the_turn(shop: Shop) -> None:
    customer = shop.wa.add_customer("Dijawab HP")
    customer.send_text("masih ada?")
    shop.wait_for_text("masih ada?")
    shop.wa.phone.send_text(customer, "masih kak")
    bubble = shop.wait_for_text("masih kak")
    assert (bubble.from_me, bubble.author, bubble.device) == (True, Author.PHONE, 0)
    becomes(shop, bubble, lambda b: b.delivery == Delivery.DELIVERED)
    mark = last_mark(shop, customer.name)
    assert (mark.closer.author, mark.message_id) == (Author.PHONE, bubble.id)
    assert row(shop, customer.name).waiting_since is None


def test_a_reply_from_another_linked_device_names_its_number(shop: Shop) -> None:
    web = shop.wa.add_companion("Chrome")
    customer = shop.wa.add_customer("Dijawab Web")
    customer.send_text("buka?")
    shop.wait_for_text("buka?")
    web.send_image(customer, JPEG, "jadwal kami")
    bubble = shop.wait_for_text("jadwal kami")
    assert (bubble.kind, bubble.author, bubble.device) == (MessageKind.IMAGE, Author.COMPANION, web.number)
    mark = last_mark(shop, customer.name)
    assert (mark.closer.author, mark.closer.device) == (Author.COMPANION, web.number)


def test_the_blue_ticks_of_a_reply_from_the_phone_are_seen(shop: Shop) -> None:
    customer = shop.wa.add_customer("Centang")
    customer.send_text("ok?")
    shop.wait_for_text("ok?")
    shop.wa.phone.send_text(customer, "ok kak")
    bubble = shop.wait_for_text("ok kak")
    customer.read(customer.wait_for_text("ok kak").id)
    becomes(shop, bubble, lambda b: b.delivery == Delivery.READ)


@pytest.mark.parametrize("quietly", [False, True], ids=["read", "read-self"])
def test_reading_on_the_phone_marks_messages_as_seen_but_not_answered(shop: Shop, quietly: bool) -> None:
    customer, phone = shop.wa.add_customer(f"Dibaca {quietly}"), shop.wa.phone
    for text in (f"satu {quietly}", f"dua {quietly}", f"tiga {quietly}"):
        customer.send_text(text)
        shop.wait_for_text(text)
    ids = [phone.wait_for_text(f"{word} {quietly}").id for word in ("satu", "dua")]
    assert row(shop, customer.name).unread == 3
    phone.read(customer, ids, quietly=quietly)
    wait_until(lambda: row(shop, customer.name).unread == 1, what="seen")
    assert row(shop, customer.name).waiting_since is not None


def test_a_customer_addressed_by_number_and_by_lid_is_one_contact(shop: Shop) -> None:
    customer = shop.wa.add_customer("Dua Alamat")
    texts = []
    for addressing in ("pn", "lid", "pn"):
        customer.addressing = addressing
        texts.append(f"lewat {addressing} {len(texts)}")
        customer.send_text(texts[-1])
        shop.wait_for_text(texts[-1])
    assert shop.texts(customer.name) == texts
    with shop.database.read() as conn:
        found = conn.execute(
            select(contact.c.id, contact.c.lid, contact.c.phone).where(contact.c.name == customer.name)
        ).one()
        aliases = conn.execute(
            select(contact_alias.c.user).where(contact_alias.c.contact_id == found.id)
        ).scalars()
        assert {customer.lid, customer.phone_number} == set(aliases)
        assert contacts.address_of(conn, found.id).user == customer.lid
    assert (found.lid, found.phone) == (customer.lid, customer.phone_number)


def test_the_phone_writing_first_by_number_is_the_same_contact_as_the_answer_by_lid(shop: Shop) -> None:
    customer, phone = shop.wa.add_customer("Disapa Dulu"), shop.wa.phone
    phone.addressing = "pn"
    try:
        phone.send_text(customer, "halo dari toko")
        customer.wait_for_text("halo dari toko")
    finally:
        phone.addressing = "lid"
    customer.send_text("halo juga toko")
    shop.wait_for_text("halo juga toko")
    assert shop.texts(customer.name) == ["halo dari toko", "halo juga toko"]


def test_a_new_name_is_shown(shop: Shop) -> None:
    customer = shop.wa.add_customer("Nama Lama")
    customer.send_text("pakai nama lama")
    shop.wait_for_text("pakai nama lama")
    customer.rename("Nama Baru")
    customer.send_text("pakai nama baru")
    wait_until(lambda: shop.texts("Nama Baru") == ["pakai nama lama", "pakai nama baru"])


def test_the_shop_knows_its_own_number(shop: Shop) -> None:
    with shop.database.read() as conn:
        own = conn.execute(select(account.c.phone, account.c.lid, account.c.device)).one()
    phone = shop.wa.phone
    assert (own.phone, own.lid) == (phone.phone_number, phone.lid)
    assert own.device in phone.linked_numbers()
    assert shop.link().state == LinkState.ONLINE
