"""Replies on their way out: in order, each taken once, settled once, uncertain ones left alone."""

from datetime import datetime

import pytest
from sqlalchemy.exc import IntegrityError

from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import OutboxState, Quoted
from daemon.store import messages, outbox
from tests.support.books import Books
from tests.support.builders import NOON, lid

ENDED = (OutboxState.SENT, OutboxState.FAILED)


def take(books: Books) -> outbox.Outgoing | None:
    with books.database.write() as conn:
        return outbox.take_next(conn, books.account_id, NOON)


def settle(books: Books, outbox_id: int, state: OutboxState, error: str | None = None) -> bool:
    with books.database.write() as conn:
        return outbox.settle(conn, outbox_id, state, NOON, error)


def quote(books: Books, message_id: int, wa_id: str) -> None:
    with books.database.write() as conn:
        conn.exec_driver_sql("UPDATE message SET quoted_wa_id = ? WHERE id = ?", (wa_id, message_id))


@pytest.fixture
def chat(books: Books) -> int:
    return books.conversation(lid("1"))


def test_replies_are_taken_in_the_order_they_were_queued_each_once(books: Books, chat: int) -> None:
    for text in "abc":
        books.queued(chat, text)
    taken = [take(books) for _ in range(4)]
    assert [reply.text if reply else None for reply in taken] == ["a", "b", "c", None]


def test_a_taken_reply_carries_what_its_sender_needs(books: Books, chat: int) -> None:
    books.message(chat, "yang ini?", wa_id="Q", kind="image", media={"mime": "image/jpeg"})
    outbox_id, message_id = books.queued(chat, "siap kak")
    quote(books, message_id, "Q")
    quoted = Quoted("Q", False, None, MessageKind.IMAGE, "yang ini?", {"mime": "image/jpeg"})
    contact_id = books.summary(chat).contact_id
    expected = outbox.Outgoing(outbox_id, message_id, chat, contact_id, "siap kak", quoted, None, None, NOON)
    assert take(books) == expected
    assert books.journey(message_id).state == OutboxState.SENDING


@pytest.mark.parametrize("revoked_at", [None, NOON])
def test_what_was_deleted_for_everyone_is_not_quoted_and_the_reply_leaves(
    books: Books, chat: int, revoked_at: datetime | None
) -> None:
    books.message(chat, "salah kirim", wa_id="Q", revoked_at=revoked_at)
    _, message_id = books.queued(chat, "siap kak")
    quote(books, message_id, "Q")
    reply = take(books)
    assert reply is not None
    assert (reply.text, reply.quoted is None) == ("siap kak", revoked_at is not None)


def test_another_accounts_replies_are_not_taken(books: Books, chat: int) -> None:
    books.queued(chat)
    with books.database.write() as conn:
        assert outbox.take_next(conn, 99, NOON) is None
        assert not outbox.has_queued(conn, 99)
        assert outbox.has_queued(conn, books.account_id)


def test_only_a_queued_reply_is_taken(books: Books, chat: int) -> None:
    for to in OutboxState:
        if to != OutboxState.QUEUED:
            outbox_id, _ = books.queued(chat)
            assert settle(books, outbox_id, to)
    assert take(books) is None
    with books.database.read() as conn:
        assert not outbox.has_queued(conn, books.account_id)


@pytest.mark.parametrize("first", ENDED)
@pytest.mark.parametrize("then", list(OutboxState))
def test_an_ended_journey_stays_ended(books: Books, chat: int, first: OutboxState, then: OutboxState) -> None:
    outbox_id, message_id = books.queued(chat)
    assert settle(books, outbox_id, first)
    assert not settle(books, outbox_id, then)
    assert books.journey(message_id).state == first


@pytest.mark.parametrize("then", ENDED)
def test_an_uncertain_reply_can_still_be_settled(books: Books, chat: int, then: OutboxState) -> None:
    outbox_id, message_id = books.queued(chat)
    take(books)
    assert settle(books, outbox_id, OutboxState.UNCERTAIN)
    assert settle(books, outbox_id, then)
    assert books.journey(message_id).state == then


def test_the_id_is_on_the_row_and_on_the_message(books: Books, chat: int) -> None:
    outbox_id, message_id = books.queued(chat)
    _, other = books.queued(chat)
    with books.database.write() as conn:
        outbox.record_wa_id(conn, outbox_id, "3EB0A")
        assert outbox.by_message(conn, message_id) == outbox.Journey(
            outbox_id, message_id, chat, OutboxState.QUEUED, "3EB0A"
        )
        assert [place.id for place in messages.find_own(conn, books.account_id, ("3EB0A",))] == [message_id]
        journey = outbox.by_message(conn, other)
    assert journey is not None
    assert journey.wa_id is None


def test_only_replies_left_in_the_middle_are_under_way(books: Books, chat: int) -> None:
    books.queued(chat)
    take(books)
    outbox_id, _ = books.queued(chat)
    settle(books, outbox_id, OutboxState.UNCERTAIN)
    with books.database.read() as conn:
        assert [journey.id for journey in outbox.under_way(conn, books.account_id)] == [1]
        assert outbox.under_way(conn, 99) == []


def test_a_reply_sent_back_to_the_queue_is_taken_again(books: Books, chat: int) -> None:
    outbox_id, _ = books.queued(chat, "lagi")
    take(books)
    assert settle(books, outbox_id, OutboxState.QUEUED, "not connected")
    again = take(books)
    assert again is not None
    assert again.text == "lagi"


def test_a_long_error_is_kept_short(books: Books, chat: int) -> None:
    outbox_id, _ = books.queued(chat)
    assert settle(books, outbox_id, OutboxState.FAILED, "x" * 1000)
    with books.database.read() as conn:
        assert conn.exec_driver_sql("SELECT length(error) FROM outbox").scalar() == 200


def test_one_request_is_one_reply_and_a_message_has_one_row(books: Books, chat: int) -> None:
    _, message_id = books.queued(chat, key="K")
    with books.database.read() as conn:
        assert outbox.message_of_request(conn, "K") == message_id
        assert outbox.message_of_request(conn, "L") is None
    with pytest.raises(IntegrityError):
        books.queued(chat, key="K")
    with pytest.raises(IntegrityError), books.database.write() as conn:
        outbox.queue(conn, books.account_id, message_id, "M", NOON)


def test_a_message_that_we_did_not_send_has_no_journey(books: Books, chat: int) -> None:
    message_id = books.message(chat)
    with books.database.read() as conn:
        assert outbox.by_message(conn, message_id) is None
