"""What WhatsApp Business on the phone sends by itself closes nothing; what its owner types does."""

import pytest
from sqlalchemy import update

from daemon.desk import business_auto_replies, other_devices, settings
from daemon.domain.desk import THE_DESK
from daemon.domain.links import LinkState
from daemon.domain.messages import Author
from daemon.domain.turns import Closer
from daemon.store import turns
from daemon.store.tables.core import link as link_table
from daemon.store.tables.core import message
from tests.support.books import Books
from tests.support.builders import at, lid

GREETING = "Halo! Terima kasih sudah menghubungi kami."


def phone_writes(books: Books, conversation_id: int, text: str, seconds: float) -> bool:
    """The phone's message as ingest treats it; whether it was taken for automatic."""
    sent_at = at(seconds)
    with books.database.read() as conn:
        turn_id = turns.current(conn, conversation_id)
    message_id = books.message(conversation_id, text, from_me=True, sent_at=sent_at, device=0, turn_id=turn_id)
    with books.database.write() as conn:
        if business_auto_replies.recognise(conn, books.account_id, conversation_id, message_id, sent_at, sent_at):
            return True
        closer = Closer(Author.PHONE, device=0)
        other_devices.answered(conn, books.account_id, conversation_id, message_id, closer, sent_at, sent_at)
    return False


def customer(books: Books, user: int, seconds: float) -> int:
    """A customer writes; returns the conversation."""
    conversation_id = books.conversation(lid(str(user)), at(seconds))
    books.message(conversation_id, "halo", turn_id=books.turn(conversation_id, at(seconds)), sent_at=at(seconds))
    return conversation_id


@pytest.fixture(autouse=True)
def link(books: Books) -> None:
    set_link(books, LinkState.ONLINE)


def set_link(books: Books, state: LinkState) -> None:
    with books.database.write() as conn:
        conn.execute(update(link_table).values(state=state.value))


def waits(books: Books, conversation_id: int) -> bool:
    with books.database.read() as conn:
        return turns.current(conn, conversation_id) is not None


def enter(books: Books, *texts: str) -> None:
    with books.database.write() as conn:
        settings.save(conn, books.account_id, {"automatic_texts": texts}, THE_DESK, at(0))


def test_a_text_that_the_owner_entered_closes_nothing(books: Books) -> None:
    enter(books, "  HALO!  Terima kasih sudah\nmenghubungi kami. ")
    conversation_id = customer(books, 1, 100)
    assert phone_writes(books, conversation_id, GREETING, 101)
    assert waits(books, conversation_id)
    assert books.bubble(2).is_automatic


def test_the_same_words_out_of_the_blue_are_a_persons(books: Books) -> None:
    enter(books, GREETING)
    conversation_id = customer(books, 1, 100)
    assert not phone_writes(books, conversation_id, GREETING, 160)
    assert not waits(books, conversation_id)


def test_how_soon_it_came_is_asked_of_its_own_customers_words_alone(books: Books) -> None:
    enter(books, GREETING)
    answered = customer(books, 1, 100)
    # a colleague has answered: no turn is open there, and somebody else writes
    assert not phone_writes(books, answered, "siap", 130)
    customer(books, 2, 200)
    assert not phone_writes(books, answered, GREETING, 202)


def test_the_same_text_at_once_in_three_chats_is_automatic_and_the_first_two_wait_again(books: Books) -> None:
    first, second, third = (customer(books, n, 100 * n) for n in (1, 2, 3))
    assert not phone_writes(books, first, GREETING, 102)
    assert not phone_writes(books, second, GREETING, 201)
    assert not waits(books, first)
    assert phone_writes(books, third, GREETING, 305)
    assert [waits(books, c) for c in (first, second, third)] == [True, True, True]
    with books.database.read() as conn:
        flags = conn.execute(message.select().where(message.c.text == GREETING)).all()
    assert [row.is_automatic for row in flags] == [True, True, True]


def test_the_same_text_typed_in_three_chats_stays_an_answer(books: Books) -> None:
    chats = [customer(books, n, 100 * n) for n in (1, 2, 3)]
    for n, chat in enumerate(chats, start=1):
        assert not phone_writes(books, chat, "ready kak", 100 * n + 20)
    assert [waits(books, c) for c in chats] == [False, False, False]


def test_after_an_outage_only_known_texts_are_automatic(books: Books) -> None:
    set_link(books, LinkState.CATCHING_UP)
    chats = [customer(books, n, 100 * n) for n in range(1, 5)]
    for n, chat in enumerate(chats, start=1):
        assert not phone_writes(books, chat, "sudah kami kirim", 100 * n + 2)
    assert not any(waits(books, chat) for chat in chats)
    set_link(books, LinkState.ONLINE)
    for n in (5, 6, 7):
        known = phone_writes(books, customer(books, n, 100 * n), GREETING, 100 * n + 2)
    assert known
    set_link(books, LinkState.CATCHING_UP)
    last = customer(books, 8, 800)
    assert phone_writes(books, last, GREETING, 802)
    assert waits(books, last)


def test_an_answer_to_the_last_of_many_words_is_a_persons(books: Books) -> None:
    chats = [customer(books, n, 100 * n) for n in (1, 2, 3)]
    for n, chat in enumerate(chats, start=1):
        with books.database.read() as conn:
            turn_id = turns.current(conn, chat)
        books.message(chat, "kak?", turn_id=turn_id, sent_at=at(100 * n + 30))
        assert not phone_writes(books, chat, "ya kak, masih ada", 100 * n + 32)


def test_three_quick_answers_to_one_customer_are_no_machine(books: Books) -> None:
    chat = customer(books, 1, 100)
    for n in range(3):
        seconds = 100 + 10 * n
        if n:
            books.message(chat, "lagi?", turn_id=books.turn(chat, at(seconds)), sent_at=at(seconds))
        assert not phone_writes(books, chat, "ya", seconds + 2)


def test_what_was_answered_or_resolved_since_stays_closed(books: Books) -> None:
    first, second, third = (customer(books, n, 100 * n) for n in (1, 2, 3))
    phone_writes(books, first, GREETING, 102)
    books.resolve(first)
    phone_writes(books, second, GREETING, 202)
    phone_writes(books, second, "ada yang bisa dibantu?", 230)
    books.message(second, "mau pesan", turn_id=books.turn(second, at(240)), sent_at=at(240))
    assert phone_writes(books, third, GREETING, 302)
    assert not waits(books, first)
    with books.database.read() as conn:
        assert turns.current(conn, second) != 2


@pytest.mark.parametrize("text", [None, ""])
def test_a_picture_without_words_is_a_persons(books: Books, text: str | None) -> None:
    enter(books, GREETING)
    conversation_id = customer(books, 1, 100)
    message_id = books.message(conversation_id, text, from_me=True, sent_at=at(101))
    with books.database.write() as conn:
        assert not business_auto_replies.recognise(
            conn, books.account_id, conversation_id, message_id, at(101), at(101)
        )
