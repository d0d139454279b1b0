"""Every kind of message that a customer can send ends in the inbox as it should."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select

from daemon.domain.links import LinkState
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author
from daemon.store.tables.core import contact, conversation, message, turn
from daemon.store.threads import Bubble
from tests.support.inbox import becomes, last_mark, only, row
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.protos import e2e

pytestmark = pytest.mark.wire


def raw_of(shop: Shop, bubble: Bubble) -> bytes | None:
    """The bytes that are kept of a message."""
    with shop.database.read() as conn:
        return conn.execute(select(message.c.raw).where(message.c.id == bubble.id)).scalar_one()


@contextmanager
def nothing_appears(shop: Shop, customer: Customer) -> Iterator[None]:
    """Nothing that is done inside leaves a trace among the customers' messages."""

    def counted() -> tuple[int, ...]:
        # a group's messages are kept apart; nothing waits in them
        kinds = select(func.count()).select_from(conversation).where(conversation.c.kind == "person")
        people = select(func.count()).select_from(contact).where(contact.c.kind == "person")
        with shop.database.read() as conn:
            turns = conn.execute(select(func.count()).select_from(turn)).scalar_one()
            return conn.execute(kinds).scalar_one(), conn.execute(people).scalar_one(), turns

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
# what is known of a file once it is here
LATER = ("file", "odd")


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
        {"lat": -6.2, "lng": 106.8, "name": "Monas"},
    ),
    "contact card": Kind(
        lambda c: c.send_raw(payload.contact("Bu Ani", "6281200000009")),
        MessageKind.CONTACT,
        "Bu Ani",
        {"contacts": [{"name": "Bu Ani", "numbers": [{"number": "+6281200000009", "wa": "6281200000009"}]}]},
    ),
    "poll": Kind(
        lambda c: c.send_raw(payload.poll("Rasa apa?", ["Nanas", "Keju"])),
        MessageKind.POLL,
        "Rasa apa?\n• Nanas\n• Keju",
        {"question": "Rasa apa?", "options": ["Nanas", "Keju"]},
    ),
    "order": Kind(
        lambda c: c.send_raw(e2e.Message(orderMessage=e2e.OrderMessage(orderTitle="Kue", itemCount=2))),
        MessageKind.ORDER,
        "Kue",
        {"title": "Kue", "items": 2},
    ),
    "event": Kind(
        lambda c: c.send_raw(e2e.Message(eventMessage=e2e.EventMessage(name="Arisan", startTime=1795323605))),
        MessageKind.EVENT,
        "Arisan",
        {"name": "Arisan", "starts": 1795323605},
    ),
    "view once": Kind(
        lambda c: c.send_raw(
            e2e.Message(viewOnceMessageV2=e2e.FutureProofMessage(message=payload.text("sekali saja")))
        ),
        MessageKind.TEXT,
        "sekali saja",
        {"view_once": True},
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_of_message_is_shown_and_opens_a_turn(shop: Shop, name: str) -> None:
    kind = KINDS[name]
    customer = shop.wa.add_customer(f"Pengirim {name}")
    kind.send(customer)
    bubble = only(shop, customer.name)
    media = {key: value for key, value in (bubble.media or {}).items() if key not in LATER}
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


def test_an_edit_that_is_encrypted_with_its_messages_secret_is_an_edit(shop: Shop) -> None:
    customer = shop.wa.add_customer("Ubah Rahasia")
    sent = customer.send_text("2 loyang")
    bubble = only(shop, customer.name)
    customer.edit_secretly(sent, "3 loyang")
    assert becomes(shop, bubble, lambda b: b.edited).text == "3 loyang"
    assert shop.bubble(bubble.id).earlier_texts == ("2 loyang",)
    # what can't be opened is said, and opens no turn
    shop.answer(customer.name, "siap")
    wait_until(lambda: row(shop, customer.name).waiting_since is None, what="the answer")
    customer.edit_secretly(sent, "4 loyang", b"x" * 32)
    wait_until(lambda: len(shop.bubbles(customer.name)) == 3, what="the line")
    assert MessageKind.LOST_CHANGE in [one.kind for one in shop.bubbles(customer.name)]
    assert (shop.bubble(bubble.id).text, row(shop, customer.name).waiting_since) == ("3 loyang", None)


def test_what_only_the_phone_is_given_is_a_placeholder_until_the_phone_shares_it(shop: Shop) -> None:
    customer = shop.wa.add_customer("Sekali Lihat")
    shop.wa.phone.go_offline()
    try:
        customer.send_unavailable(kind="view_once")
        bubble = only(shop, customer.name)
        assert (bubble.kind, bubble.text) == (MessageKind.VIEW_ONCE, None)
        customer.send_unavailable(payload.text("lain"), kind="unknown")
        wait_until(lambda: len(shop.bubbles(customer.name)) == 2, what="both")
        assert shop.bubbles(customer.name)[-1].kind == MessageKind.UNREADABLE
        assert row(shop, customer.name).unread == 2
    finally:
        shop.wa.phone.go_online()
    assert becomes(shop, bubble, lambda b: b.kind == MessageKind.TEXT).text == "sekali lihat"
    assert (row(shop, customer.name).unread, len(shop.bubbles(customer.name))) == (2, 2)


def test_an_unreadable_message_fills_in_when_the_resend_comes(shop: Shop) -> None:
    customer = shop.wa.add_customer("Rusak")
    shop.wa.send_undecryptable(customer, "rusak tapi sembuh", answer=False)
    bubble = only(shop, customer.name)
    assert (bubble.kind, bubble.text) == (MessageKind.UNREADABLE, None)
    customer.answer_retries()
    assert becomes(shop, bubble, lambda b: b.kind == MessageKind.TEXT).text == "rusak tapi sembuh"
    line = row(shop, customer.name)
    assert (line.unread, len(shop.bubbles(customer.name))) == (1, 1)


def test_resends_after_a_restart_fill_in_a_strangers_question_and_the_phones_answer(shop: Shop) -> None:
    customer, phone = shop.wa.add_customer("Rusak Semua"), shop.wa.phone
    shop.wa.send_undecryptable(customer, "masih ada?", answer=False)
    question = only(shop, customer.name)
    assert row(shop, customer.name).waiting_since is not None
    phone.answers_retries = False
    phone.post(phone.chat_with(customer), payload.text("masih"), damaged=True)
    # somebody has answered, whatever it was
    mark = last_mark(shop, customer.name)
    assert (mark.closer.author, mark.text) == (Author.PHONE, None)
    session = shop.pid("session")
    assert session is not None
    shop.kill("session")
    shop.wait_for_successor("session", session)
    shop.wait_for(LinkState.ONLINE)
    customer.answer_retries()
    phone.answer_retries()
    becomes(shop, question, lambda b: b.text == "masih ada?")
    wait_until(lambda: shop.texts(customer.name) == ["masih ada?", "masih"], what="both texts")
    assert last_mark(shop, customer.name).closer.author == Author.PHONE
    assert row(shop, customer.name).waiting_since is None


def test_an_unreadable_message_stays_a_placeholder_when_no_resend_comes(shop: Shop) -> None:
    customer = shop.wa.add_customer("Rusak Terus")
    shop.wa.send_undecryptable(customer, "tak terbaca", answer=False)
    only(shop, customer.name)
    customer.send_text("masih di sini")
    shop.wait_for_text("masih di sini")
    assert [b.kind for b in shop.bubbles(customer.name)] == [MessageKind.UNREADABLE, MessageKind.TEXT]


def test_groups_stories_channels_and_notes_to_oneself_are_no_conversations(shop: Shop) -> None:
    customer = shop.wa.add_customer("Di Luar")
    with nothing_appears(shop, customer):
        customer.send_in_group("di grup")
        customer.post_status("di status")
        shop.wa.post_newsletter("di saluran")
        shop.wa.phone.send_to_self("catatan sendiri")
    with shop.database.read() as conn:
        texts = conn.execute(select(message.c.text)).scalars().all()
    assert not {"di status", "di saluran", "catatan sendiri"} & set(texts)


def test_of_a_group_that_is_off_nothing_is_kept_but_that_it_exists(shop: Shop) -> None:
    customer = shop.wa.add_customer("Anggota")
    with nothing_appears(shop, customer):
        customer.send_in_group("di grup saja")
    with shop.database.read() as conn:
        kept = conn.execute(select(message.c.id).where(message.c.text == "di grup saja")).all()
        known = conn.execute(select(contact.c.name).where(contact.c.kind == "group")).all()
        assert (kept, [tuple(one) for one in known]) == ([], [(None,)])


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
