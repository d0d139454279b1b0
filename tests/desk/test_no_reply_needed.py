"""A turn that needs no answer: marked by a person, and unmarked."""

import pytest

from daemon.desk import no_reply_needed, replies
from daemon.domain.desk import Action, Actor
from daemon.domain.messages import Author
from daemon.domain.turns import Closer
from daemon.store import audit, turns
from tests.support.books import Books, dump
from tests.support.builders import at, lid


@pytest.fixture
def sari(books: Books) -> Actor:
    return Actor(Author.ADMIN, books.admin("Sari"), "192.0.2.1")


def mark(books: Books, conversation_id: int, turn_id: int, who: Actor) -> bool:
    with books.database.write() as conn:
        return no_reply_needed.mark(conn, conversation_id, turn_id, who, at(60))


def unmark(books: Books, conversation_id: int, turn_id: int, who: Actor) -> bool:
    with books.database.write() as conn:
        return no_reply_needed.unmark(conn, conversation_id, turn_id, who, at(90))


def answer(books: Books, conversation_id: int, admin_id: int | None, turn_id: int | None = None) -> int:
    with books.database.write() as conn:
        return replies.answer(
            conn, conversation_id, Closer(Author.ADMIN, admin_id), "sama-sama", at(70), turn_id=turn_id
        )


def test_a_marked_turn_waits_no_longer_and_says_who_marked_it(books: Books, sari: Actor) -> None:
    conversation_id, turn_id = books.waiting(lid("1"), "ok, makasih")
    assert mark(books, conversation_id, turn_id, sari)
    assert books.summary(conversation_id).waiting_since is None
    with books.database.read() as conn:
        found = turns.mark(conn, turn_id)
        (line,) = audit.in_thread(conn, conversation_id, None, None)
    assert found is not None
    assert (found.name, found.message_id, found.closed_at) == ("Sari", None, at(60))
    assert (line.action, line.admin_name, line.address) == (Action.HANDLED, "Sari", "192.0.2.1")
    assert books.rows("outbox") == 0


def test_an_unmarked_turn_waits_again_since_the_beginning(books: Books, sari: Actor) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    before = books.summary(conversation_id).waiting_since
    mark(books, conversation_id, turn_id, sari)
    assert unmark(books, conversation_id, turn_id, sari)
    assert books.summary(conversation_id).waiting_since == before


def test_what_is_marked_already_is_not_marked_again(books: Books, sari: Actor) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    mark(books, conversation_id, turn_id, sari)
    before = dump(books.database)
    assert not mark(books, conversation_id, turn_id, sari)
    assert dump(books.database) == before


def test_a_turn_that_a_reply_closed_is_not_unmarked(books: Books, sari: Actor) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    answer(books, conversation_id, sari.admin_id, turn_id)
    before = dump(books.database)
    assert not unmark(books, conversation_id, turn_id, sari)
    assert dump(books.database) == before


def test_unmarking_loses_to_what_the_customer_wrote_since(books: Books, sari: Actor) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    mark(books, conversation_id, turn_id, sari)
    newer = books.turn(conversation_id, at(80))
    assert not unmark(books, conversation_id, turn_id, sari)
    with books.database.read() as conn:
        assert turns.current(conn, conversation_id) == newer


def test_a_resolved_conversation_stays_closed(books: Books, sari: Actor) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    mark(books, conversation_id, turn_id, sari)
    books.resolve(conversation_id)
    assert not unmark(books, conversation_id, turn_id, sari)


def test_another_conversations_turn_is_left_alone(books: Books, sari: Actor) -> None:
    one, _ = books.waiting(lid("1"))
    _, foreign = books.waiting(lid("2"))
    assert not mark(books, one, foreign, sari)
    assert not unmark(books, one, foreign, sari)


def test_whoever_writes_after_a_mark_without_reply_doubles_nothing(books: Books, sari: Actor) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    mark(books, conversation_id, turn_id, sari)
    budi = books.admin("Budi")
    answer(books, conversation_id, budi)
    assert books.thread(conversation_id)[-1] == "sama-sama"
