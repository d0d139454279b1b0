"""Two customers made one by hand: one conversation, nothing that waits is lost, replies go where he wrote last."""

import pytest

from daemon.desk import contact_merging
from daemon.desk.contact_merging import MergeRefused
from daemon.domain.desk import Action, Actor, Status
from daemon.domain.ids import Address
from daemon.domain.messages import Author
from daemon.ingest.commit import Ingest
from daemon.store import audit, contacts, outbox, send_queue, turns
from daemon.store.sql import changed
from tests.support.books import Books
from tests.support.builders import arrives, at, both, group_chat, lid, phone


@pytest.fixture
def sari(books: Books) -> Actor:
    return Actor(Author.ADMIN, books.admin("Sari"))


def merge(books: Books, kept: int, gone: int, who: Actor) -> None:
    with books.database.write() as conn:
        contact_merging.merge(conn, books.account_id, kept, gone, who, at(500))


def test_two_with_open_turns_and_a_queued_reply_are_one_and_nothing_is_lost(books: Books, sari: Actor) -> None:
    # one is known by number only: it is the same WhatsApp account, as far as anybody can know
    first, first_turn = books.waiting(lid("551"), "satu")
    second, _ = books.waiting(phone("62811"), "dua")
    queued, _ = books.queued(second, "sudah kami kirim")
    books.message(second, "tiga", turn_id=None)
    kept, gone = books.contact(lid("551")), books.contact(phone("62811"))
    merge(books, kept, gone, sari)
    about = books.summary(first)
    assert (about.contact_id, about.contact_phone) == (kept, "62811")
    assert about.waiting_since is not None
    assert books.summary(second).status == Status.RESOLVED
    with books.database.write() as conn:
        assert turns.current(conn, first) == first_turn
        taken = send_queue.take_next(conn, books.account_id, at(600))
        assert taken is not None
        assert (taken.id, taken.conversation_id, taken.contact_id) == (queued, first, kept)
        assert contacts.address_of(conn, kept) == Address("551", "lid")
        (line,) = audit.search(conn, books.account_id, actions=[Action.CONTACT_MERGED])
        assert line.detail == {"kept": kept, "gone": gone}
        assert conn.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    assert set(books.thread(first)) == {"satu", "dua", "tiga", "sudah kami kirim"}


def test_replies_go_to_whichever_account_wrote_last(books: Books, sari: Actor) -> None:
    ingest = Ingest(books.database, books.account_id)
    one, two = both("551", "62811"), both("552", "62812")
    ingest.commit(arrives("A1", "dari yang pertama", 1, party=one), at(1))
    ingest.commit(arrives("B1", "dari yang kedua", 2, party=two), at(2))
    kept, gone = books.contact(one), books.contact(two)
    merge(books, kept, gone, sari)

    def to() -> Address:
        with books.database.read() as conn:
            return contacts.address_of(conn, kept)

    assert to() == Address("552", "lid")
    for n, (party, user) in enumerate([(one, "551"), (one, "551"), (two, "552"), (one, "551"), (two, "552")]):
        ingest.commit(arrives(f"C{n}", "lagi", 10 + n, party=party), at(10 + n))
        assert to() == Address(user, "lid"), n
    # still one customer with one conversation
    assert books.contact(one) == books.contact(two) == kept
    assert len(books.thread(books.summary(1).id)) == 7
    ingest._conn.close()


def test_what_cannot_be_merged_says_why_and_changes_nothing(books: Books, sari: Actor) -> None:
    one, _ = books.waiting(lid("551"), "satu")
    two, _ = books.waiting(lid("552"), "dua")
    row, _ = books.queued(two, "untuk yang kedua")
    group = books.summary(books.conversation(group_chat())).contact_id
    kept, gone = books.summary(one).contact_id, books.summary(two).contact_id
    for other, reason in ((kept, "same"), (999, "unknown"), (group, "unknown"), (gone, "leaving")):
        with pytest.raises(MergeRefused) as error:
            merge(books, kept, other, sari)
        assert error.value.reason == reason
    assert books.summary(two).contact_id == gone
    # once it has left, they can be
    with books.database.write() as conn:
        assert changed(conn, outbox.outbox.update().where(outbox.outbox.c.id == row).values(state="sent"))
    merge(books, kept, gone, sari)
    assert books.summary(one).contact_id == kept
    with pytest.raises(MergeRefused):
        merge(books, kept, gone, sari)
