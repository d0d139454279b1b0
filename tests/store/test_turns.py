"""A turn is closed once, by whoever comes first; the mark tells who that was."""

import pytest
from sqlalchemy.exc import IntegrityError

from daemon.domain.messages import Author
from daemon.domain.turns import Closer
from daemon.store import turns
from tests.support.books import Books, dump
from tests.support.builders import NOON, at, lid

PHONE = Closer(Author.PHONE, device=0)


def test_a_conversation_has_one_open_turn_at_most(books: Books) -> None:
    conversation_id, _ = books.waiting(lid("1"))
    with pytest.raises(IntegrityError):
        books.turn(conversation_id)


def test_the_first_closer_wins_and_the_mark_stays_his(books: Books) -> None:
    sari, budi = books.admin("Sari"), books.admin("Budi")
    conversation_id, turn_id = books.waiting(lid("1"))
    reply = books.message(conversation_id, "ada", from_me=True)
    with books.database.write() as conn:
        assert turns.mark(conn, turn_id) is None
        assert turns.close(conn, turn_id, Closer(Author.ADMIN, sari), reply, at(5))
        before = turns.mark(conn, turn_id)
        assert not turns.close(conn, turn_id, Closer(Author.ADMIN, budi), None, at(6))
        assert not turns.close(conn, turn_id, PHONE, None, at(7))
        assert turns.mark(conn, turn_id) == before
    assert before is not None
    assert (before.closer, before.name) == (Closer(Author.ADMIN, sari), "Sari")
    assert (before.closed_at, before.message_id, before.text) == (at(5), reply, "ada")


def test_a_closed_turn_makes_room_for_the_next(books: Books) -> None:
    conversation_id, first = books.waiting(lid("1"))
    with books.database.write() as conn:
        assert turns.current(conn, conversation_id) == first
        turns.close(conn, first, PHONE, None, NOON)
        assert turns.current(conn, conversation_id) is None
        second = turns.open_turn(conn, books.account_id, conversation_id, NOON)
        assert turns.current(conn, conversation_id) == second
        turns.close(conn, second, Closer(Author.COMPANION, device=7), None, NOON)
        mark = turns.last_closed(conn, conversation_id)
    assert mark is not None
    assert (mark.turn_id, mark.closer) == (second, Closer(Author.COMPANION, device=7))


def test_nothing_was_closed_yet(books: Books) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    with books.database.read() as conn:
        assert turns.last_closed(conn, conversation_id) is None
        assert turns.mark(conn, turn_id) is None
        assert turns.mark(conn, 99) is None


def test_closing_an_unknown_turn_is_nobodys_win(books: Books) -> None:
    with books.database.write() as conn:
        assert not turns.close(conn, 99, PHONE, None, NOON)


def test_a_turn_whose_reply_failed_opens_again_as_if_never_closed(books: Books) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    reply = books.message(conversation_id, from_me=True)
    before = dump(books.database)["turn"]
    with books.database.write() as conn:
        turns.close(conn, turn_id, PHONE, reply, NOON)
        assert turns.closed_by_message(conn, reply) == [turn_id]
        assert turns.reopen(conn, turn_id)
        assert turns.closed_by_message(conn, reply) == []
        assert turns.current(conn, conversation_id) == turn_id
    assert dump(books.database)["turn"] == before


def test_a_turn_is_not_opened_again_beside_a_newer_one(books: Books) -> None:
    conversation_id, first = books.waiting(lid("1"))
    other, _ = books.waiting(lid("2"))
    assert other
    with books.database.write() as conn:
        turns.close(conn, first, PHONE, None, NOON)
    books.turn(conversation_id)
    before = dump(books.database)
    with books.database.write() as conn:
        assert not turns.reopen(conn, first)
    assert dump(books.database) == before
