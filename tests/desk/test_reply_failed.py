"""A reply that never reached the customer answered nobody: he waits again, wherever he has got to meanwhile."""

import pytest

from daemon.desk import conversations, replies
from daemon.domain.desk import Actor, Status
from daemon.domain.messages import Author
from daemon.domain.turns import Closer
from daemon.store import turns
from tests.support.books import Books
from tests.support.builders import at, lid


class Desk:
    """A customer whose question Sari has answered, in vain."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.sari = books.admin("Sari")
        self.conversation, self.turn = books.waiting(lid("1"), "masih ada?")
        with books.database.write() as conn:
            closer = Closer(Author.ADMIN, self.sari)
            self.reply = replies.answer(conn, self.conversation, closer, "ada", at(10), turn_id=self.turn)

    def fails(self) -> int | None:
        with self.books.database.write() as conn:
            return conversations.reply_failed(conn, self.reply, at(60))

    def resolve(self) -> None:
        with self.books.database.write() as conn:
            conversations.resolve(conn, self.conversation, Actor(Author.ADMIN, self.sari), at(20))


@pytest.fixture
def table(books: Books) -> Desk:
    return Desk(books)


def test_the_turn_waits_again_since_its_beginning(table: Desk) -> None:
    assert table.fails() == table.turn
    assert table.books.summary(table.conversation).waiting_since == at(0)


def test_what_the_customer_wrote_meanwhile_and_before_is_one_turn(table: Desk) -> None:
    newer = table.books.turn(table.conversation, at(30))
    table.books.message(table.conversation, "halo?", turn_id=newer, sent_at=at(30))
    assert table.fails() == newer
    assert table.books.summary(table.conversation).waiting_since == at(0)
    assert table.books.rows("turn") == 1
    with table.books.database.read() as conn:
        assert turns.has_message_until(conn, newer, at(5))


def test_a_resolved_conversation_is_taken_up_again(table: Desk) -> None:
    table.resolve()
    assert table.fails() == table.turn
    about = table.books.summary(table.conversation)
    assert (about.status, about.assignee_name, about.waiting_since) == (Status.ASSIGNED, "Sari", at(0))


def test_a_customer_with_a_newer_conversation_waits_there(table: Desk) -> None:
    table.resolve()
    newer = table.books.conversation(lid("1"), at(30))
    assert table.fails() == table.turn
    assert table.books.summary(table.conversation).status == Status.RESOLVED
    about = table.books.summary(newer)
    assert (about.status, about.waiting_since) == (Status.UNASSIGNED, at(0))
    assert table.books.thread(newer) == ["masih ada?", "ada"]


def test_what_he_waits_for_there_and_here_is_one_turn(table: Desk) -> None:
    table.resolve()
    newer = table.books.conversation(lid("1"), at(30))
    turn = table.books.turn(newer, at(30))
    table.books.message(newer, "halo?", turn_id=turn, sent_at=at(30))
    assert table.fails() == turn
    assert table.books.summary(newer).waiting_since == at(0)
    assert table.books.rows("turn") == 1


def test_a_follow_up_that_fails_opens_nothing(table: Desk) -> None:
    with table.books.database.write() as conn:
        table.reply = replies.answer(conn, table.conversation, Closer(Author.ADMIN, table.sari), "lagi", at(30))
    assert table.fails() is None
    assert table.books.summary(table.conversation).waiting_since is None
