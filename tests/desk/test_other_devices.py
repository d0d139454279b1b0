"""The phone or another linked device answered first: nobody answers the customer a second time by accident."""

import pytest

from daemon.desk import other_devices, outgoing, replies
from daemon.desk.conversations import reply_failed
from daemon.desk.outgoing import Decision
from daemon.desk.replies import answer
from daemon.domain.messages import Author, Delivery, MessageRevoked, Origin, OutboxState
from daemon.domain.turns import Closer
from daemon.store import messages, outbox, send_queue, threads, turns
from tests.ingest.line import ingest
from tests.support.books import Books, dump
from tests.support.builders import BUDI, answered, arrives, at, lid

PHONE = Closer(Author.PHONE, device=0)


class Desk:
    """A waiting customer, and what happens to him."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.sari = Closer(Author.ADMIN, books.admin("Sari"))
        self.conversation, self.turn = books.waiting(lid("1"))

    def answer(self, closer: Closer, text: str = "ada kak") -> int:
        with self.books.database.write() as conn:
            return replies.answer(conn, self.conversation, closer, text, at(60))

    def phone_answers(self) -> int:
        message = self.books.message(self.conversation, "dari HP", from_me=True)
        with self.books.database.write() as conn:
            other_devices.answered(conn, self.books.account_id, self.conversation, message, PHONE, at(90))
        return message

    def decide(self, decision: Decision, message: int, conversation: int | None = None) -> bool:
        with self.books.database.write() as conn:
            return outgoing.decide(conn, conversation or self.conversation, message, decision, at(100))

    def state(self, message: int) -> OutboxState:
        return self.books.journey(message).state

    def mark(self) -> Author:
        return self.books.mark(self.turn).closer.author


@pytest.fixture
def table(books: Books) -> Desk:
    return Desk(books)


def test_the_phones_answer_closes_the_turn(table: Desk) -> None:
    table.phone_answers()
    assert table.mark() == Author.PHONE


def test_an_admins_queued_reply_is_held_and_the_mark_is_the_phones(table: Desk) -> None:
    reply = table.answer(table.sari)
    assert table.mark() == Author.ADMIN
    table.phone_answers()
    assert (table.state(reply), table.mark()) == (OutboxState.HELD, Author.PHONE)
    with table.books.database.write() as conn:
        assert send_queue.take_next(conn, table.books.account_id, at(95)) is None


def test_the_bots_queued_reply_is_cancelled(table: Desk) -> None:
    reply = table.answer(Closer(Author.BOT))
    table.phone_answers()
    assert (table.state(reply), table.mark()) == (OutboxState.CANCELLED, Author.PHONE)
    assert not table.decide(Decision.SEND_ANYWAY, reply)


def test_what_is_on_its_way_already_is_left_alone(table: Desk) -> None:
    reply = table.answer(table.sari)
    with table.books.database.write() as conn:
        send_queue.take_next(conn, table.books.account_id, at(80))
    table.phone_answers()
    assert (table.state(reply), table.mark()) == (OutboxState.SENDING, Author.ADMIN)


def test_a_held_reply_is_sent_when_the_admin_says_so_and_only_once(table: Desk) -> None:
    reply = table.answer(table.sari)
    table.phone_answers()
    assert table.decide(Decision.SEND_ANYWAY, reply)
    assert table.state(reply) == OutboxState.QUEUED
    assert not table.decide(Decision.SEND_ANYWAY, reply)
    assert not table.decide(Decision.DISCARD, reply)
    assert table.mark() == Author.PHONE


def test_a_discarded_reply_never_leaves(table: Desk) -> None:
    reply = table.answer(table.sari)
    table.phone_answers()
    assert table.decide(Decision.DISCARD, reply)
    assert table.state(reply) == OutboxState.DISCARDED
    assert not table.decide(Decision.SEND_ANYWAY, reply)
    with table.books.database.write() as conn:
        assert send_queue.take_next(conn, table.books.account_id, at(200)) is None


def test_another_conversations_reply_cannot_be_decided(table: Desk) -> None:
    other, _ = table.books.waiting(lid("2"))
    reply = table.answer(table.sari)
    table.phone_answers()
    before = dump(table.books.database)
    assert not table.decide(Decision.SEND_ANYWAY, reply, other)
    assert not table.decide(Decision.DISCARD, 999)
    assert dump(table.books.database) == before
    assert Delivery.HELD.value == table.state(reply).value


@pytest.mark.parametrize(
    ("decision", "end"), [(Decision.ARRIVED, OutboxState.SENT), (Decision.SEND_AGAIN, OutboxState.QUEUED)]
)
def test_an_uncertain_reply_is_settled_by_a_person_once(table: Desk, decision: Decision, end: OutboxState) -> None:
    reply = table.answer(table.sari)
    with table.books.database.write() as conn:
        journey = send_queue.take_next(conn, table.books.account_id, at(80))
        assert journey is not None
        outbox.settle(conn, journey.id, OutboxState.UNCERTAIN, at(81))
    assert not table.decide(Decision.SEND_ANYWAY, reply)
    assert table.decide(decision, reply)
    assert table.state(reply) == end
    assert not table.decide(Decision.ARRIVED, reply)
    assert not table.decide(Decision.SEND_AGAIN, reply)


def test_what_the_customer_wrote_after_the_phones_reply_waits_on(books: Books) -> None:
    conversation = books.conversation(lid("1"))
    turn = books.turn(conversation, at(10))
    books.message(conversation, "ada?", turn_id=turn, sent_at=at(10))
    books.message(conversation, "warna merah?", turn_id=turn, sent_at=at(30))
    # on the wire its reply came in last, by the clock it was in between
    reply = books.message(conversation, "ada", from_me=True, sent_at=at(20))
    with books.database.write() as conn:
        other_devices.answered(conn, books.account_id, conversation, reply, PHONE, at(40), at(20))
        mark, waiting = turns.mark(conn, turn), turns.current(conn, conversation)
    assert mark is not None
    assert (mark.closed_at, mark.message_id) == (at(20), reply)
    assert waiting not in (None, turn)
    assert books.summary(conversation).waiting_since == at(30)


def test_a_reply_from_before_the_question_answers_nothing(books: Books) -> None:
    conversation = books.conversation(lid("1"))
    turn = books.turn(conversation, at(10))
    books.message(conversation, "ada?", turn_id=turn, sent_at=at(10))
    reply = books.message(conversation, "promo hari ini", from_me=True, sent_at=at(5))
    with books.database.write() as conn:
        other_devices.answered(conn, books.account_id, conversation, reply, PHONE, at(40), at(5))
        assert turns.current(conn, conversation) == turn


def test_an_answer_that_is_deleted_leaves_the_turn_to_the_one_that_followed_it(table: Desk) -> None:
    first = table.phone_answers()
    second = table.phone_answers()
    with table.books.database.write() as conn:
        messages.revoke(conn, first, at(100))
        reply_failed(conn, first, at(100))
    assert table.books.mark(table.turn).message_id == second
    with table.books.database.write() as conn:
        messages.revoke(conn, second, at(110))
        reply_failed(conn, second, at(110))
    assert table.books.open_turn(table.conversation) == table.turn


def test_an_answer_that_is_deleted_opens_everything_that_it_had_closed(books: Books) -> None:
    sari = Closer(Author.ADMIN, books.admin("Sari"))
    ingest(books, arrives("A", "ada kue?", 0))
    books.write(lambda conn: answer(conn, 1, sari, "ada", at(5)))
    # while we were away: another question, then the phone's answer, which holds ours
    ingest(books, arrives("B", "kalau roti?", 10), answered("P", "dua-duanya ada", 20))
    assert books.open_turn(1) is None
    ingest(books, MessageRevoked("P", Origin(BUDI, True, 0, at(30))))
    waiting = books.open_turn(1)
    assert waiting is not None
    with books.database.read() as conn:
        thread = threads.of_conversation(conn, 1)
    said = [bubble.text for bubble in thread if bubble.turn_id == waiting and not bubble.from_me]
    assert said == ["ada kue?", "kalau roti?"]


def test_an_answer_from_before_the_last_words_takes_no_turn_over(table: Desk) -> None:
    early = table.phone_answers()
    with table.books.database.write() as conn:
        turns.reopen(conn, table.turn)
    table.books.message(table.conversation, "dan yang merah?", turn_id=table.turn, sent_at=at(95))
    late = table.books.message(table.conversation, "ada", from_me=True, sent_at=at(97))
    with table.books.database.write() as conn:
        turns.close(conn, table.turn, PHONE, late, at(97))
        messages.revoke(conn, late, at(100))
        reply_failed(conn, late, at(100))
    assert early
    assert table.books.open_turn(table.conversation) == table.turn
