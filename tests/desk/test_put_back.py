"""The phone answers while ours is under way, in the next conversation, or something older: never two answers."""

import pytest

from daemon.desk import conversations, other_devices, replies
from daemon.domain.desk import Actor
from daemon.domain.messages import Author, Delivery, OutboxState
from daemon.domain.turns import Closer
from daemon.store import messages, outbox, send_queue, turns
from tests.support.books import Books
from tests.support.builders import at, lid

PHONE = Closer(Author.PHONE, device=0)


class Desk:
    """A customer whose question Sari has answered; her reply is in the outbox."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.sari = Closer(Author.ADMIN, books.admin("Sari"))
        self.conversation, self.turn = books.waiting(lid("1"))
        self.message = self.answers(self.sari)

    def answers(self, closer: Closer) -> int:
        with self.books.database.write() as conn:
            return replies.answer(conn, self.conversation, closer, "ada kak", at(60), follow_up=True)

    def leaves(self) -> int:
        with self.books.database.write() as conn:
            reply = send_queue.take_next(conn, self.books.account_id, at(80))
            assert reply is not None
            messages.set_delivery(conn, reply.message_id, Delivery.SENDING)
        return reply.id

    def phone_answers(self, sent: float, conversation: int | None = None) -> int:
        here = conversation or self.conversation
        message = self.books.message(here, "dari HP", from_me=True, sent_at=at(sent), arrived_at=at(90))
        with self.books.database.write() as conn:
            other_devices.answered(conn, self.books.account_id, here, message, PHONE, at(90), at(sent))
        return message

    def put_back(self, outbox_id: int) -> None:
        with self.books.database.write() as conn:
            other_devices.put_back(conn, self.books.account_id, outbox_id, at(100), "not connected")

    def state(self, message: int | None = None) -> OutboxState:
        found = self.books.journey(message or self.message)
        assert self.books.bubble(message or self.message).delivery == Delivery(found.state.value)
        return found.state

    def mark(self) -> Author:
        return self.books.mark(self.turn).closer.author


@pytest.fixture
def table(books: Books) -> Desk:
    return Desk(books)


def test_a_reply_that_did_not_leave_waits_again(table: Desk) -> None:
    table.put_back(table.leaves())
    assert (table.state(), table.mark()) == (OutboxState.QUEUED, Author.ADMIN)


def test_a_reply_that_the_phone_overtook_while_it_was_under_way_is_held(table: Desk) -> None:
    outbox_id = table.leaves()
    table.phone_answers(85)
    assert (table.state(), table.mark()) == (OutboxState.SENDING, Author.ADMIN)
    table.put_back(outbox_id)
    assert (table.state(), table.mark()) == (OutboxState.HELD, Author.PHONE)


def test_the_bots_reply_is_cancelled_then(table: Desk) -> None:
    first = table.leaves()
    with table.books.database.write() as conn:
        outbox.settle(conn, first, OutboxState.SENT, at(70))
    message = table.answers(Closer(Author.BOT))
    outbox_id = table.leaves()
    table.phone_answers(85)
    table.put_back(outbox_id)
    assert table.state(message) == OutboxState.CANCELLED


def test_what_the_phone_had_answered_before_holds_nothing_back(table: Desk) -> None:
    table.books.message(table.conversation, "tadi", from_me=True, sent_at=at(50), arrived_at=at(50))
    table.put_back(table.leaves())
    assert table.state() == OutboxState.QUEUED


def test_a_reply_that_a_receipt_has_settled_stays_settled(table: Desk) -> None:
    outbox_id = table.leaves()
    with table.books.database.write() as conn:
        outbox.settle(conn, outbox_id, OutboxState.SENT, at(85))
    before = table.books.bubble(table.message)
    table.put_back(outbox_id)
    assert table.books.bubble(table.message) == before


def test_the_phones_answer_to_an_earlier_question_stops_nothing(books: Books) -> None:
    conversation = books.conversation(lid("1"))
    turn = books.turn(conversation, at(50))
    books.message(conversation, "dan ini?", turn_id=turn, sent_at=at(50))
    closer = Closer(Author.ADMIN, books.admin("Sari"))
    with books.database.write() as conn:
        ours = replies.answer(conn, conversation, closer, "ada kak", at(60))
    theirs = books.message(conversation, "dari HP", from_me=True, sent_at=at(40))
    with books.database.write() as conn:
        other_devices.answered(conn, books.account_id, conversation, theirs, PHONE, at(90), at(40))
        journey, mark = outbox.by_message(conn, ours), turns.mark(conn, turn)
    assert journey is not None
    assert mark is not None
    assert (journey.state, mark.closer) == (OutboxState.QUEUED, closer)


def test_what_the_customer_wrote_after_the_phones_answer_waits(table: Desk) -> None:
    table.books.message(table.conversation, "dan satu lagi?", turn_id=table.turn, sent_at=at(40))
    table.phone_answers(30)
    assert (table.state(), table.mark()) == (OutboxState.HELD, Author.PHONE)
    assert table.books.summary(table.conversation).waiting_since == at(40)


def test_it_joins_what_waits_already(table: Desk) -> None:
    table.books.message(table.conversation, "dan satu lagi?", turn_id=table.turn, sent_at=at(40))
    open_turn = table.books.turn(table.conversation, at(70))
    table.books.message(table.conversation, "halo?", turn_id=open_turn, sent_at=at(70))
    table.phone_answers(30)
    assert table.books.summary(table.conversation).waiting_since == at(40)
    assert table.books.rows("turn") == 2


def test_a_reply_of_a_resolved_conversation_is_held_by_an_answer_in_the_next_one(table: Desk) -> None:
    with table.books.database.write() as conn:
        conversations.resolve(conn, table.conversation, Actor(Author.ADMIN, table.sari.admin_id), at(70))
    newer = table.books.conversation(lid("1"), at(75))
    table.phone_answers(85, newer)
    assert (table.state(), table.mark()) == (OutboxState.HELD, Author.PHONE)
