"""Messages are written once and then only marked; late and repeated marks change nothing."""

from itertools import permutations, product

import pytest
from sqlalchemy.exc import OperationalError

from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import DELIVERY_ORDER, Delivery
from daemon.store import messages, threads
from tests.support.books import Books, dump
from tests.support.builders import at, lid


@pytest.fixture
def chat(books: Books) -> int:
    return books.conversation(lid("1"))


def test_the_same_message_is_kept_once(books: Books, chat: int) -> None:
    books.message(chat, "halo", wa_id="A")
    before = dump(books.database)
    with books.database.write() as conn:
        contact_id = books.summary(chat).contact_id
        again = {
            "account_id": books.account_id,
            "conversation_id": chat,
            "contact_id": contact_id,
            "wa_id": "A",
            "from_me": False,
            "author": "customer",
            "kind": "text",
            "text": "lain",
            "sent_at": at(1),
            "arrived_at": at(1),
        }
        assert messages.add(conn, again) is None
    assert dump(books.database) == before


def test_the_same_id_is_another_message_in_the_other_direction_or_chat(books: Books, chat: int) -> None:
    books.message(chat, wa_id="A")
    books.message(chat, wa_id="A", from_me=True)
    books.message(books.conversation(lid("2")), wa_id="A")
    assert books.rows("message") == 3


def test_replies_without_an_id_yet_never_conflict(books: Books, chat: int) -> None:
    books.message(chat, "a", wa_id=None, from_me=True)
    books.message(chat, "b", wa_id=None, from_me=True)
    assert books.rows("message") == 2


def test_a_message_is_found_by_chat_direction_and_id(books: Books, chat: int) -> None:
    theirs, ours = books.message(chat, wa_id="A"), books.message(chat, wa_id="A", from_me=True)
    contact_id = books.summary(chat).contact_id
    with books.database.read() as conn:
        assert messages.find(conn, contact_id, False, "A") == messages.MessagePlace(theirs, chat, contact_id)
        assert messages.find(conn, contact_id, True, "A") == messages.MessagePlace(ours, chat, contact_id)
        assert messages.find(conn, contact_id + 1, True, "A") is None
        assert messages.find_own(conn, books.account_id, ("A", "B")) == [
            messages.MessagePlace(ours, chat, contact_id)
        ]
        assert messages.newest_id(conn, chat) == ours
        assert messages.newest_id(conn, 99) == 0


@pytest.mark.parametrize(("now", "then"), list(product(Delivery, Delivery)))
def test_ticks_only_ever_climb(books: Books, chat: int, now: Delivery, then: Delivery) -> None:
    sent = books.message(chat, from_me=True, delivery=now.value)
    climbs = DELIVERY_ORDER[then] > DELIVERY_ORDER[now]
    with books.database.write() as conn:
        assert messages.raise_delivery(conn, sent, then) is climbs
    assert books.bubble(sent).delivery == (then if climbs else now)


def test_every_step_of_the_ladder_has_its_place() -> None:
    assert set(DELIVERY_ORDER) == set(Delivery)
    order = [
        Delivery.QUEUED,
        Delivery.SENDING,
        Delivery.UNCERTAIN,
        Delivery.SENT,
        Delivery.DELIVERED,
        Delivery.READ,
    ]
    assert sorted(order, key=DELIVERY_ORDER.__getitem__) == order
    # a receipt settles both of them
    assert DELIVERY_ORDER[Delivery.FAILED] < DELIVERY_ORDER[Delivery.SENT]


def test_a_message_without_a_tick_gets_its_first(books: Books, chat: int) -> None:
    sent = books.message(chat, from_me=True, delivery=None)
    with books.database.write() as conn:
        assert messages.raise_delivery(conn, sent, Delivery.QUEUED)


@pytest.mark.parametrize("order", list(permutations([("satu", 1), ("dua", 2), ("tiga", 3)])))
def test_the_newest_edit_stays_in_whatever_order_edits_come(
    books: Books, chat: int, order: tuple[tuple[str, int], ...]
) -> None:
    message_id = books.message(chat, "nol")
    with books.database.write() as conn:
        for text, second in order:
            messages.edit(conn, message_id, text, at(second))
            assert not messages.edit(conn, message_id, text, at(second))
    bubble = books.bubble(message_id)
    assert (bubble.text, bubble.edited) == ("tiga", True)


def test_a_deleted_message_keeps_its_text_and_takes_no_edit(books: Books, chat: int) -> None:
    message_id = books.message(chat, "salah kirim")
    with books.database.write() as conn:
        assert messages.revoke(conn, message_id, at(5))
        assert not messages.revoke(conn, message_id, at(6))
        assert not messages.edit(conn, message_id, "lain", at(9))
    bubble = books.bubble(message_id)
    assert (bubble.text, bubble.revoked, bubble.edited) == ("salah kirim", True, False)


@pytest.mark.parametrize("order", list(permutations([("👍", 1), ("", 2), ("❤️", 3)])))
def test_the_newest_reaction_stays_in_whatever_order_they_come(
    books: Books, chat: int, order: tuple[tuple[str, int], ...]
) -> None:
    message_id = books.message(chat)
    with books.database.write() as conn:
        for emoji, second in order:
            messages.react(conn, message_id, False, emoji, at(second))
    assert books.bubble(message_id).reactions == ("❤️",)


@pytest.mark.parametrize("order", list(permutations([("👍", 1), ("❤️", 2), ("", 3)])))
def test_a_reaction_taken_back_stays_away(books: Books, chat: int, order: tuple[tuple[str, int], ...]) -> None:
    message_id = books.message(chat)
    with books.database.write() as conn:
        for emoji, second in order:
            messages.react(conn, message_id, False, emoji, at(second))
        for emoji, second in order:
            assert not messages.react(conn, message_id, False, emoji, at(second))
    assert books.bubble(message_id).reactions == ()


def test_taking_back_what_was_never_there_shows_nothing(books: Books, chat: int) -> None:
    message_id = books.message(chat)
    with books.database.write() as conn:
        messages.react(conn, message_id, False, "", at(1))
    assert books.bubble(message_id).reactions == ()


def test_the_same_reaction_given_again_survives_a_late_removal(books: Books, chat: int) -> None:
    message_id = books.message(chat)
    with books.database.write() as conn:
        for emoji, second in (("👍", 1), ("👍", 3), ("", 2)):
            messages.react(conn, message_id, False, emoji, at(second))
    assert books.bubble(message_id).reactions == ("👍",)


def test_shop_and_customer_react_apart(books: Books, chat: int) -> None:
    message_id = books.message(chat)
    with books.database.write() as conn:
        assert messages.react(conn, message_id, False, "👍", at(1))
        assert messages.react(conn, message_id, True, "🙏", at(1))
    assert sorted(books.bubble(message_id).reactions) == ["👍", "🙏"]
    with books.database.write() as conn:
        messages.react(conn, message_id, False, "", at(2))
    assert books.bubble(message_id).reactions == ("🙏",)


def test_a_thread_is_ordered_by_whatsapps_time_and_ties_by_arrival(books: Books, chat: int) -> None:
    for text, second in (("c", 3), ("a", 1), ("b1", 2), ("b2", 2), ("b3", 2)):
        books.message(chat, text, sent_at=at(second))
    assert books.thread(chat) == ["a", "b1", "b2", "b3", "c"]


def test_a_long_thread_is_read_from_its_end_page_by_page_without_a_gap(books: Books, chat: int) -> None:
    expected = [str(n) for n in range(10)]
    for text in expected:
        books.message(chat, text, sent_at=at(int(text) // 4))
    found: list[str | None] = []
    before = None
    with books.database.read() as conn:
        while page := threads.of_conversation(conn, chat, limit=3, before=before):
            assert len(page) <= 3
            found = [bubble.text for bubble in page] + found
            before = (page[0].sent_at, page[0].id)
    assert found == expected


def test_a_reply_shows_what_it_answers(books: Books, chat: int) -> None:
    books.message(chat, "ada nastar?", wa_id="Q")
    other = books.conversation(lid("2"))
    books.message(other, "orang lain", wa_id="Q")
    bubble = books.bubble(books.message(chat, "ada", from_me=True, quoted_wa_id="Q"))
    assert (bubble.quoted_text, bubble.quoted_from_me) == ("ada nastar?", False)
    assert len(books.thread(chat)) == 2


def test_an_unreadable_message_is_filled_once(books: Books, chat: int) -> None:
    message_id = books.message(chat, None, kind="unreadable")
    with books.database.write() as conn:
        assert messages.fill_placeholder(conn, message_id, {"kind": "text", "text": "akhirnya"})
        assert not messages.fill_placeholder(conn, message_id, {"kind": "text", "text": "lain"})
    assert (books.bubble(message_id).kind, books.bubble(message_id).text) == (MessageKind.TEXT, "akhirnya")


def test_no_bubble_of_no_message(books: Books) -> None:
    with books.database.read() as conn:
        assert threads.bubble(conn, 99) is None


def test_a_full_disk_is_the_error_that_ingest_waits_for(books: Books) -> None:
    conversation_id = books.conversation(lid("1"))
    with books.database.write() as conn:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(OperationalError) as error:
        books.message(conversation_id, "rahasia" * 20_000)
    assert "rahasia" not in str(error.value)
