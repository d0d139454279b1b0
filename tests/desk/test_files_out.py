"""Files on their way out, in the books: what holds what back, and what a person can still decide."""

import pytest

from daemon.desk import outgoing
from daemon.desk.outgoing import Decision
from daemon.desk.replies import answer
from daemon.domain.attachments import OutgoingFile, UploadedFile
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author, Delivery, OutboxState
from daemon.domain.turns import Closer
from daemon.store import messages, outbox, outgoing_files, send_queue
from tests.support.books import Books
from tests.support.builders import at, day, lid

PHOTO = OutgoingFile("1/out-" + "0" * 64 + ".jpg", "image/jpeg", 1000, "kue.jpg")
THERE = UploadedFile("/v/x", "https://x", b"k" * 32, b"s" * 32, b"e" * 32, 1000)


class Counter:
    """Sari answers a waiting customer with a picture."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.chat, self.turn = books.waiting(lid("1"))
        self.sari = Closer(Author.ADMIN, books.admin("Sari"))
        self.reply = self.answers("ini", PHOTO)
        self.outbox_id = books.journey(self.reply).id

    def answers(self, text: str, *files: OutgoingFile) -> int:
        found: int = self.books.write(lambda conn: answer(conn, self.chat, self.sari, text, at(60), files=files))
        return found

    def next_reply(self, seconds: float = 61) -> int | None:
        with self.books.database.write() as conn:
            taken = send_queue.take_next(conn, self.books.account_id, at(seconds))
        return taken.message_id if taken else None

    def due(self, seconds: float) -> int | None:
        with self.books.database.read() as conn:
            return outgoing_files.next_due(conn, self.books.account_id, at(seconds))

    def brought(self) -> None:
        self.books.write(lambda conn: outgoing_files.done(conn, self.reply, THERE, at(70)))


@pytest.fixture
def counter(books: Books) -> Counter:
    return Counter(books)


def test_a_file_holds_back_its_own_message_and_nobodys_words(counter: Counter) -> None:
    assert counter.next_reply() is None
    words = counter.answers("sebentar ya")
    assert counter.next_reply() == words
    assert counter.due(62) == counter.reply
    counter.brought()
    assert counter.due(75) is None
    assert counter.next_reply(75) == counter.reply
    with counter.books.database.read() as conn:
        assert outgoing_files.uploaded_of(conn, counter.reply) == (THERE, b"")


def test_a_picture_closes_the_turn_like_words(counter: Counter) -> None:
    assert counter.books.mark(counter.turn).message_id == counter.reply
    shown = counter.books.bubble(counter.reply)
    assert (shown.kind, shown.text, shown.delivery) == (MessageKind.IMAGE, "ini", Delivery.QUEUED)


def test_what_is_held_is_not_brought_before_it_is_to_leave(counter: Counter) -> None:
    books = counter.books
    books.write(lambda conn: outbox.settle(conn, counter.outbox_id, OutboxState.HELD, at(65)))
    books.write(lambda conn: messages.set_delivery(conn, counter.reply, Delivery.HELD))
    assert counter.due(70) is None
    assert books.write(
        lambda conn: outgoing.decide(conn, counter.chat, counter.reply, Decision.SEND_ANYWAY, at(80))
    )
    assert counter.due(80) == counter.reply


def test_a_file_that_could_not_be_sent_is_tried_again_and_answers_after_all(counter: Counter) -> None:
    books = counter.books
    books.write(lambda conn: outgoing_files.attempts.later(conn, counter.reply, at(9999)))
    books.write(lambda conn: outgoing.fail(conn, books.account_id, counter.outbox_id, at(70), "no host"))
    assert books.open_turn(counter.chat) == counter.turn
    again = lambda conn: outgoing.decide(conn, counter.chat, counter.reply, Decision.TRY_AGAIN, at(80))  # noqa: E731
    assert books.write(again)
    assert books.open_turn(counter.chat) is None
    assert counter.due(80) == counter.reply
    assert not books.write(again)


@pytest.mark.parametrize(("days", "is_brought_anew"), [(1, False), (8, True)])
def test_what_the_hosts_may_have_forgotten_is_brought_anew(
    counter: Counter, days: int, is_brought_anew: bool
) -> None:
    books = counter.books
    counter.brought()
    books.write(lambda conn: outbox.settle(conn, counter.outbox_id, OutboxState.HELD, at(75)))
    books.write(lambda conn: outgoing.decide(conn, counter.chat, counter.reply, Decision.SEND_ANYWAY, day(days)))
    assert (counter.due(days * 86400 + 1) == counter.reply) == is_brought_anew
