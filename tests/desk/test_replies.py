"""The one door for replies: it closes the turn with the reply it queues, or changes nothing."""

from typing import Any

import pytest

from daemon.desk import replies
from daemon.desk.replies import LONGEST_REPLY
from daemon.domain.desk import Status
from daemon.domain.messages import Author, Delivery, OutboxState
from daemon.domain.turns import AlreadyAnswered, Closer, NotAnswerable
from daemon.store import outbox, turns
from daemon.store.events import EventKind, read_since
from tests.support.books import Books, dump
from tests.support.builders import NOON, at, lid


@pytest.fixture
def sari(books: Books) -> Closer:
    return Closer(Author.ADMIN, books.admin("Sari"))


def answer(books: Books, conversation_id: int, closer: Closer, text: str = "ada kak", **more: Any) -> int:
    with books.database.write() as conn:
        return replies.answer(conn, conversation_id, closer, text, at(60), **more)


def refused(books: Books, reason: str, *arguments: Any, **more: Any) -> None:
    """The door says why, and no table has changed."""
    before = dump(books.database)
    with pytest.raises(NotAnswerable) as error:
        answer(books, *arguments, **more)
    assert error.value.reason == reason
    assert dump(books.database) == before


def test_an_answer_closes_the_turn_queues_the_reply_and_takes_the_conversation(books: Books, sari: Closer) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    message_id = answer(books, conversation_id, sari, turn_id=turn_id, request_key="K")
    with books.database.read() as conn:
        mark, journey = turns.mark(conn, turn_id), outbox.by_message(conn, message_id)
        (event,) = read_since(conn, 0)
    assert mark is not None
    assert (mark.closer, mark.message_id, mark.text, mark.name) == (sari, message_id, "ada kak", "Sari")
    assert journey is not None
    assert journey.state == OutboxState.QUEUED
    assert (event.kind, event.conversation_id, event.message_id) == (
        EventKind.MESSAGE_NEW,
        conversation_id,
        message_id,
    )
    summary = books.summary(conversation_id)
    assert (summary.status, summary.assignee_id, summary.waiting_since) == (Status.ASSIGNED, sari.admin_id, None)
    assert (summary.last_text, summary.last_delivery) == ("ada kak", Delivery.QUEUED)
    assert summary.unread == 0
    assert books.bubble(message_id).author == Author.ADMIN


def test_whatever_fails_afterwards_takes_all_of_it_back(books: Books, sari: Closer) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    before = dump(books.database)
    with pytest.raises(ZeroDivisionError), books.database.write() as conn:
        assert replies.answer(conn, conversation_id, sari, "ada", at(60), turn_id=turn_id) / 0
    assert dump(books.database) == before


def test_the_second_answer_is_told_who_was_first(books: Books, sari: Closer) -> None:
    budi = Closer(Author.ADMIN, books.admin("Budi"))
    conversation_id, turn_id = books.waiting(lid("1"))
    first = answer(books, conversation_id, sari, "masih ada", turn_id=turn_id)
    before = dump(books.database)
    with pytest.raises(AlreadyAnswered) as error:
        answer(books, conversation_id, budi, "habis", turn_id=turn_id)
    mark = error.value.mark
    assert (mark.closer, mark.name, mark.message_id, mark.text) == (sari, "Sari", first, "masih ada")
    assert mark.closed_at == at(60)
    assert dump(books.database) == before


def test_an_answer_to_a_turn_that_the_phone_closed_is_told_so(books: Books, sari: Closer) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    phone = Closer(Author.PHONE, device=0)
    with books.database.write() as conn:
        turns.close(conn, turn_id, phone, None, NOON)
    books.turn(conversation_id)
    with pytest.raises(AlreadyAnswered) as error:
        answer(books, conversation_id, sari, turn_id=turn_id)
    assert error.value.mark.closer == phone


def test_a_request_that_comes_again_queues_nothing(books: Books, sari: Closer) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    first = answer(books, conversation_id, sari, turn_id=turn_id, request_key="K")
    before = dump(books.database)
    assert answer(books, conversation_id, sari, turn_id=turn_id, request_key="K") == first
    assert answer(books, conversation_id, sari, request_key="K") == first
    assert dump(books.database) == before


def test_a_deliberate_follow_up_needs_no_open_turn(books: Books, sari: Closer) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    answer(books, conversation_id, sari, "ada", turn_id=turn_id)
    answer(books, conversation_id, sari, "mau berapa?")
    assert books.thread(conversation_id)[1:] == ["ada", "mau berapa?"]
    with books.database.read() as conn:
        mark = turns.mark(conn, turn_id)
    assert mark is not None
    assert mark.text == "ada"


def test_the_bot_answers_without_taking_the_conversation(books: Books) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    answer(books, conversation_id, Closer(Author.BOT), turn_id=turn_id)
    assert books.summary(conversation_id).status == Status.UNASSIGNED


def test_a_colleagues_conversation_stays_his(books: Books, sari: Closer) -> None:
    budi = Closer(Author.ADMIN, books.admin("Budi"))
    conversation_id, turn_id = books.waiting(lid("1"))
    answer(books, conversation_id, budi, turn_id=turn_id)
    answer(books, conversation_id, sari, "tambahan", follow_up=True)
    assert books.summary(conversation_id).assignee_id == budi.admin_id


@pytest.mark.parametrize("text", ["", " \n\t ", "\x00\x01\x1f\x7f", "\r\n"])
def test_an_empty_reply_is_refused(books: Books, sari: Closer, text: str) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    refused(books, "empty", conversation_id, sari, text, turn_id=turn_id)


def test_a_reply_that_whatsapp_would_refuse_is_refused_here(books: Books, sari: Closer) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    refused(books, "too_long", conversation_id, sari, "a" * 70_000, turn_id=turn_id)
    refused(books, "too_long", conversation_id, sari, "a" * (LONGEST_REPLY + 1), turn_id=turn_id)
    answer(books, conversation_id, sari, "a" * LONGEST_REPLY, turn_id=turn_id)


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("satu\r\ndua\rtiga\n", "satu\ndua\ntiga"),
        ("a\x00b\x1bc\x7fd", "abcd"),
        ("kolom\tdua", "kolom\tdua"),
        ("  ada  ", "ada"),
        ("👩‍👩‍👧 شكرا @62812", "👩‍👩‍👧 شكرا @62812"),
    ],
)
def test_a_reply_is_sent_as_typed_without_control_characters(
    books: Books, sari: Closer, typed: str, sent: str
) -> None:
    conversation_id, _ = books.waiting(lid("1"))
    assert books.bubble(answer(books, conversation_id, sari, typed)).text == sent


def test_an_unknown_or_resolved_conversation_takes_no_reply(books: Books, sari: Closer) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    refused(books, "unknown_conversation", 999, sari)
    books.resolve(conversation_id)
    refused(books, "unknown_conversation", conversation_id, sari)
    refused(books, "unknown_conversation", conversation_id, sari, turn_id=turn_id)


def test_a_turn_that_is_not_the_conversations_own_is_refused(books: Books, sari: Closer) -> None:
    conversation_id, _ = books.waiting(lid("1"))
    other, open_turn = books.waiting(lid("2"))
    refused(books, "unknown_conversation", conversation_id, sari, turn_id=open_turn)
    refused(books, "unknown_conversation", conversation_id, sari, turn_id=999)
    answer(books, other, sari, "rahasia", turn_id=open_turn)
    # even closed it tells nothing about the other customer
    refused(books, "unknown_conversation", conversation_id, sari, turn_id=open_turn)
