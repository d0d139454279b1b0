"""Replies on their way out: in order, each taken once, settled once, uncertain ones left alone."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import OutboxState, Quoted
from daemon.store import messages, outbox, send_queue
from tests.support.books import Books
from tests.support.builders import NOON, lid

ENDED = (OutboxState.SENT, OutboxState.FAILED)


def take(books: Books, seconds: float = 0) -> send_queue.Outgoing | None:
    with books.database.write() as conn:
        return send_queue.take_next(conn, books.account_id, NOON + timedelta(seconds=seconds))


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
    text = MessageKind.TEXT
    where = outbox_id, message_id, chat, contact_id
    expected = send_queue.Outgoing(*where, text, "siap kak", {}, quoted, None, None, NOON)
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
        assert send_queue.take_next(conn, 99, NOON) is None
        assert not send_queue.has_queued(conn, 99, NOON)
        assert send_queue.has_queued(conn, books.account_id, NOON)


def postponed(books: Books, chat: int, text: str, seconds: float) -> int:
    """A reply that was taken out, has not left, and is due again after some seconds."""
    outbox_id, _ = books.queued(chat, text)
    with books.database.write() as conn:
        outbox.postpone(conn, outbox_id, NOON + timedelta(seconds=seconds))
    return outbox_id


def test_a_reply_that_is_not_due_holds_up_its_own_customer_and_nobody_else(books: Books, chat: int) -> None:
    postponed(books, chat, "first", 30)
    books.queued(chat, "second")
    books.queued(books.conversation(lid("2")), "somebody else's")
    taken = [take(books), take(books), take(books, 29), take(books, 30), take(books, 30)]
    assert [reply.text if reply else None for reply in taken] == [
        "somebody else's",
        None,
        None,
        "first",
        "second",
    ]


def test_what_is_not_due_wakes_nobody_before_its_time(books: Books, chat: int) -> None:
    postponed(books, chat, "first", 30)
    books.queued(chat, "second")
    with books.database.read() as conn:
        assert not send_queue.has_queued(conn, books.account_id, NOON)
        due_at = send_queue.next_due(conn, books.account_id, NOON)
        assert due_at == NOON + timedelta(seconds=30)
        assert send_queue.has_queued(conn, books.account_id, due_at)
        assert send_queue.next_due(conn, books.account_id, due_at) is None


def test_a_clock_that_was_set_back_holds_up_no_reply(books: Books, chat: int) -> None:
    postponed(books, chat, "first", 3600)
    reply = take(books)
    assert reply is not None
    assert reply.text == "first"


def test_each_time_that_a_reply_is_taken_out_counts_unless_it_was_the_links_fault(books: Books, chat: int) -> None:
    outbox_id, _ = books.queued(chat)
    for expected in (1, 2):
        assert take(books) is not None
        assert settle(books, outbox_id, OutboxState.QUEUED)
        with books.database.write() as conn:
            assert outbox.attempts(conn, outbox_id) == expected
    with books.database.write() as conn:
        outbox.forget_attempt(conn, outbox_id)
        assert outbox.attempts(conn, outbox_id) == 1


def test_what_is_next_is_found_among_the_waiting_ones_alone(books: Books) -> None:
    statement = send_queue._next.compile(books.database.engine, compile_kwargs={"literal_binds": False})
    values = tuple(0 for _ in statement.positiontup or ())
    with books.database.read() as conn:
        plan = [row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert not [line for line in plan if line.startswith("SCAN")], plan
    assert sum("ix_outbox_waiting" in line for line in plan) == 2, plan


def test_only_a_queued_reply_is_taken(books: Books, chat: int) -> None:
    for to in OutboxState:
        if to != OutboxState.QUEUED:
            outbox_id, _ = books.queued(chat)
            assert settle(books, outbox_id, to)
    assert take(books) is None
    with books.database.read() as conn:
        assert not send_queue.has_queued(conn, books.account_id, NOON)


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
