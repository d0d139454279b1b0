"""Internal notes stay inside, change nothing for the customer, and call colleagues by name."""

import pytest

from daemon.desk import notes
from daemon.domain.desk import Actor
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author
from daemon.domain.turns import NotAnswerable
from daemon.store import threads
from daemon.store.events import EventKind, read_since
from daemon.store.mentions import Mention
from tests.support.books import Books, dump
from tests.support.builders import at, both, lid, phone


@pytest.fixture
def sari(books: Books) -> Actor:
    return Actor(Author.ADMIN, books.admin("Sari"))


def add(books: Books, conversation_id: int, text: str, who: Actor) -> int:
    with books.database.write() as conn:
        return notes.add(conn, conversation_id, text, who, at(60))


def unseen(books: Books, admin_id: int) -> list[Mention]:
    with books.database.read() as conn:
        return notes.unseen_mentions(conn, admin_id)


def test_a_note_stands_in_the_thread_and_changes_nothing_else(books: Books, sari: Actor) -> None:
    conversation_id, _ = books.waiting(lid("1"), "ada kak?")
    before = books.summary(conversation_id)
    message_id = add(books, conversation_id, " pelanggan lama\r\nkasih diskon ", sari)
    bubble = books.bubble(message_id)
    assert (bubble.kind, bubble.text, bubble.author) == (MessageKind.NOTE, "pelanggan lama\nkasih diskon", "admin")
    assert (bubble.from_me, bubble.delivery, bubble.admin_name) == (True, None, "Sari")
    assert books.thread(conversation_id) == ["ada kak?", "pelanggan lama\nkasih diskon"]
    assert books.summary(conversation_id) == before
    assert (books.rows("outbox"), before.unread) == (0, 1)
    with books.database.read() as conn:
        (event,) = read_since(conn, 0)
    assert (event.kind, event.message_id) == (EventKind.MESSAGE_NEW, message_id)


@pytest.mark.parametrize(("text", "reason"), [(" \x00", "empty"), ("a" * 70_000, "too_long")])
def test_an_unusable_note_is_refused_as_a_reply_is(books: Books, sari: Actor, text: str, reason: str) -> None:
    conversation_id, _ = books.waiting(lid("1"))
    before = dump(books.database)
    with pytest.raises(NotAnswerable) as error:
        add(books, conversation_id, text, sari)
    assert error.value.reason == reason
    assert dump(books.database) == before


def test_there_is_no_note_without_an_open_conversation(books: Books, sari: Actor) -> None:
    conversation_id, _ = books.waiting(lid("1"))
    books.resolve(conversation_id)
    for wrong in (conversation_id, 999):
        with pytest.raises(NotAnswerable):
            add(books, wrong, "halo", sari)


def test_a_colleague_who_is_called_sees_it_once(books: Books, sari: Actor) -> None:
    budi = books.admin("Budi")
    conversation_id, _ = books.waiting(lid("1"))
    message_id = add(books, conversation_id, "@budi, tolong cek. @Budi?", sari)
    assert unseen(books, budi) == [Mention(conversation_id, message_id, "Sari", "@budi, tolong cek. @Budi?")]
    with books.database.write() as conn:
        assert not notes.see(conn, 999, budi, at(70))
        assert notes.see(conn, conversation_id, budi, at(70))
        assert not notes.see(conn, conversation_id, budi, at(80))
    assert unseen(books, budi) == []


def test_nobody_calls_himself_or_somebody_who_has_left(books: Books, sari: Actor) -> None:
    gone = books.admin("Gone")
    with books.database.write() as conn:
        conn.exec_driver_sql("UPDATE admin SET disabled_at = 1 WHERE id = ?", (gone,))
    assert sari.admin_id is not None
    conversation_id, _ = books.waiting(lid("1"))
    add(books, conversation_id, "@sari @gone @siapa", sari)
    assert (unseen(books, sari.admin_id), unseen(books, gone), books.rows("mention")) == ([], [], 0)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@budi", {1}),
        ("(@budi) dan @SARI.", {1, 2}),
        ("@budi.s dan @budi.", {1, 3}),
        ("kirim ke budi@contoh.id", set()),
        ("a@budi @@budi @", set()),
        ("@budiman", set()),
    ],
)
def test_names_are_found_as_people_write_them(text: str, found: set[int]) -> None:
    assert notes.mentioned(text, {"budi": 1, "sari": 2, "budi.s": 3}) == found


def test_a_note_does_not_lead_a_merged_conversation(books: Books, sari: Actor) -> None:
    one, two = books.conversation(lid("1")), books.conversation(phone("62811"))
    books.message(one, "dari pelanggan", sent_at=at(1))
    books.message(two, "juga", sent_at=at(2))
    budi = books.admin("Budi")
    noted = add(books, two, "@budi catatan", sari)
    books.contact(both("1", "62811"))
    assert books.thread(one) == ["dari pelanggan", "juga", "@budi catatan"]
    assert books.summary(one).last_text == "juga"
    assert [mention.message_id for mention in unseen(books, budi)] == [noted]
    with books.database.read() as conn:
        bubble = threads.bubble(conn, noted)
    assert bubble is not None
    assert bubble.conversation_id == one
