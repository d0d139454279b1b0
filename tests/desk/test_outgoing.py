"""The last look: what the bot has queued leaves only if nobody has overtaken it."""

from datetime import datetime, timedelta

import pytest

from daemon.desk import claims, outgoing, replies
from daemon.domain.desk import Actor
from daemon.domain.messages import Author, Delivery, OutboxState
from daemon.domain.turns import Closer
from daemon.store import messages, outbox, send_queue, turns
from tests.support.books import Books
from tests.support.builders import at, lid

BOT = Closer(Author.BOT)


class Desk:
    """A waiting customer and what the bot has queued for him."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.conversation, self.turn = books.waiting(lid("1"))
        self.message = 0

    def bot_acknowledges(self) -> None:
        with self.books.database.write() as conn:
            self.message = replies.acknowledge(
                conn, self.conversation, self.turn, "sebentar ya", "greeting", at(0)
            )

    def bot_answers(self) -> None:
        with self.books.database.write() as conn:
            self.message = replies.answer(
                conn, self.conversation, BOT, "jam 8", at(0), turn_id=self.turn, bot_key="rule:1"
            )

    def leaves(self, now: datetime) -> bool:
        with self.books.database.write() as conn:
            reply = send_queue.take_next(conn, self.books.account_id, now)
            assert reply is not None
            stopped = outgoing.stop(conn, self.books.account_id, reply, now)
        assert (self.books.bubble(self.message).delivery == Delivery.CANCELLED) == stopped
        return not stopped

    def is_open(self) -> bool:
        with self.books.database.read() as conn:
            return turns.current(conn, self.conversation) == self.turn

    def sari_types(self) -> None:
        sari = Actor(Author.ADMIN, self.books.admin("Sari"))
        with self.books.database.write() as conn:
            claims.take(conn, self.conversation, sari, "tab", at(1))


@pytest.fixture
def table(books: Books) -> Desk:
    return Desk(books)


def test_an_acknowledgement_leaves_and_the_customer_waits_on(table: Desk) -> None:
    table.bot_acknowledges()
    assert table.leaves(at(1))
    assert table.is_open()


@pytest.mark.parametrize("state", [OutboxState.SENDING, OutboxState.UNCERTAIN])
def test_an_acknowledgement_whose_receipt_is_faster_than_its_end_leaves_the_customer_waiting(
    table: Desk, state: OutboxState
) -> None:
    table.bot_acknowledges()
    assert table.leaves(at(1))
    with table.books.database.write() as conn:
        journey = outbox.by_message(conn, table.message)
        assert journey is not None
        outbox.record_wa_id(conn, journey.id, "3EB0WORD")
        if state == OutboxState.UNCERTAIN:
            outbox.settle(conn, journey.id, state, at(2))
        assert outgoing.has_left(conn, table.books.account_id, table.message, at(3))
    assert table.books.bubble(table.message).delivery == Delivery.SENT
    assert table.is_open()


def test_an_acknowledgement_stays_once_somebody_has_answered(table: Desk) -> None:
    table.bot_acknowledges()
    with table.books.database.write() as conn:
        turns.close(conn, table.turn, Closer(Author.PHONE, device=0), None, at(1))
    assert not table.leaves(at(2))


def test_the_bot_is_silent_while_somebody_types_and_its_turn_waits_again(table: Desk) -> None:
    table.bot_answers()
    assert not table.is_open()
    table.sari_types()
    assert not table.leaves(at(2))
    assert table.is_open()


def test_an_answer_of_the_bot_leaves(table: Desk) -> None:
    table.bot_answers()
    assert table.leaves(at(1))
    assert not table.is_open()


def test_the_bots_word_comes_at_once_or_not_at_all(table: Desk) -> None:
    table.bot_answers()
    assert not table.leaves(at(0) + outgoing.BOT_WAITS + timedelta(seconds=1))
    assert table.is_open()


def test_an_admins_reply_waits_as_long_as_it_must(table: Desk) -> None:
    closer = Closer(Author.ADMIN, table.books.admin("Budi"))
    with table.books.database.write() as conn:
        table.message = replies.answer(conn, table.conversation, closer, "ada", at(0), turn_id=table.turn)
    assert table.leaves(at(0) + timedelta(days=1))


def test_a_reply_that_does_not_leave_waits_longer_each_time_and_fails_in_the_end(books: Books) -> None:
    conversation, turn = books.waiting(lid("1"))
    sari = Closer(Author.ADMIN, books.admin("Sari"))
    with books.database.write() as conn:
        message_id = replies.answer(conn, conversation, sari, "ada kak", at(0))
    now, pauses = at(1), []
    while books.bubble(message_id).delivery == Delivery.QUEUED:
        with books.database.write() as conn:
            reply = send_queue.take_next(conn, books.account_id, now)
            assert reply is not None
            messages.set_delivery(conn, message_id, Delivery.SENDING)
            outgoing.try_later(conn, books.account_id, reply.id, now, "failed to get device list")
            due_at = send_queue.next_due(conn, books.account_id, now)
        pauses.append((due_at - now).total_seconds() if due_at else None)
        now = due_at or now
    assert pauses == [2, 4, 8, 16, 32, 60, 60, None]
    assert books.bubble(message_id).delivery == Delivery.FAILED
    with books.database.read() as conn:
        assert turns.current(conn, conversation) == turn


def test_what_a_person_sends_again_is_tried_at_once_and_as_often_as_any_other(books: Books) -> None:
    conversation, _ = books.waiting(lid("1"))
    sari = Closer(Author.ADMIN, books.admin("Sari"))
    with books.database.write() as conn:
        message_id = replies.answer(conn, conversation, sari, "ada kak", at(0))
        for second in (1, 10):
            reply = send_queue.take_next(conn, books.account_id, at(second))
            assert reply is not None
            outgoing.try_later(conn, books.account_id, reply.id, at(second))
        outbox.settle(conn, reply.id, OutboxState.UNCERTAIN, at(11))
        assert outgoing.decide(conn, conversation, message_id, outgoing.Decision.SEND_AGAIN, at(12))
        assert outbox.attempts(conn, reply.id) == 0
        assert send_queue.take_next(conn, books.account_id, at(12)) is not None
