"""At most one unresolved conversation a contact; lists, counts and what is unread."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from daemon.desk import replies
from daemon.domain.desk import Box, Status
from daemon.domain.ids import Party
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author, Delivery
from daemon.domain.turns import Closer
from daemon.store import conversation_list, conversations, messages
from daemon.store.conversations import Current
from tests.support.books import Books
from tests.support.builders import NOON, at, group_chat, lid


def listed(books: Books, box: Box = Box.ALL, admin_id: int = 0, **more: object) -> list[int]:
    with books.database.read() as conn:
        return [row.id for row in conversation_list.listing(conn, books.account_id, box, admin_id, **more)]  # type: ignore[arg-type]


def current(books: Books, party: Party) -> Current | None:
    contact_id = books.contact(party)
    with books.database.read() as conn:
        return conversations.current(conn, contact_id)


def assign(books: Books, conversation_id: int, admin_id: int) -> bool:
    with books.database.write() as conn:
        return conversations.assign(conn, conversation_id, admin_id, NOON)


def test_a_second_unresolved_conversation_is_refused_by_the_database(books: Books) -> None:
    books.conversation(lid("1"))
    with pytest.raises(IntegrityError):
        books.conversation(lid("1"))
    books.conversation(lid("2"))


def test_a_new_conversation_knows_the_one_before(books: Books) -> None:
    first = books.conversation(lid("1"))
    books.resolve(first)
    assert current(books, lid("1")) is None
    second = books.conversation(lid("1"))
    with books.database.read() as conn:
        rows = conn.exec_driver_sql("SELECT id, previous_id FROM conversation ORDER BY id").all()
    assert rows == [(first, None), (second, first)]
    assert current(books, lid("1")) == Current(second, None)


def test_the_current_conversation_comes_with_its_open_turn(books: Books) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    assert current(books, lid("1")) == Current(conversation_id, turn_id)


def test_unread_are_the_customers_messages_since_the_last_look(books: Books) -> None:
    one = books.conversation(lid("1"))
    books.message(one, "dari riwayat", is_history=True)
    first = books.message(one, "satu")
    books.message(one, "dari kita", from_me=True)
    last = books.message(one, "dua")
    assert books.summary(one).unread == 2
    with books.database.write() as conn:
        assert conversations.see(conn, one, first)
        assert not conversations.see(conn, one, first)
    assert books.summary(one).unread == 1
    with books.database.write() as conn:
        assert conversations.see(conn, one, last)
        # a look that is reported late takes nothing back
        assert not conversations.see(conn, one, first)
    assert books.summary(one).unread == 0


def test_the_list_shows_the_newest_message_first(books: Books) -> None:
    old, new, between = (books.conversation(lid(user)) for user in "123")
    books.message(old, sent_at=at(1))
    books.message(new, sent_at=at(9))
    books.message(between, sent_at=at(5))
    assert listed(books) == [new, between, old]
    assert listed(books, before=at(9)) == [between, old]
    assert listed(books, limit=1) == [new]


def test_messages_of_the_same_second_keep_the_newer_conversation_first(books: Books) -> None:
    first, second = books.conversation(lid("1")), books.conversation(lid("2"))
    assert listed(books) == [second, first]


def test_a_late_message_takes_its_place_and_neither_leads_nor_moves_its_conversation(books: Books) -> None:
    one = books.conversation(lid("1"), at(100))
    books.message(one, "pertama", sent_at=at(5))
    # the conversation began when we heard of it, but it is as old as what was said
    assert (books.summary(one).last_text, books.summary(one).last_at) == ("pertama", at(5))
    books.message(one, "baru", sent_at=at(9))
    books.message(one, "terlambat", sent_at=at(3))
    books.message(one, "dari riwayat", sent_at=at(4), is_history=True)
    assert (books.summary(one).last_text, books.summary(one).last_at) == ("baru", at(9))
    assert books.thread(one) == ["terlambat", "dari riwayat", "pertama", "baru"]
    books.message(one, "sedetik", sent_at=at(9))
    assert books.summary(one).last_text == "sedetik"


def test_a_reply_stands_behind_what_it_answers_until_whatsapp_tells_its_time(books: Books) -> None:
    one = books.conversation(lid("1"))
    books.message(one, "jam toko lambat", sent_at=at(60))
    with books.database.write() as conn:
        sent = replies.answer(conn, one, Closer(Author.BOT), "siap", at(0), follow_up=True)
    assert books.thread(one) == ["jam toko lambat", "siap"]
    books.message(one, "makasih", sent_at=at(62))
    with books.database.write() as conn:
        messages.set_sent_at(conn, sent, at(63))
        conversations.lead(conn, one)
    assert books.thread(one) == ["jam toko lambat", "makasih", "siap"]
    assert (books.summary(one).last_text, books.summary(one).last_at) == ("siap", at(63))


def test_each_box_lists_and_counts_what_belongs_there(books: Books) -> None:
    sari, budi = books.admin("Sari"), books.admin("Budi")
    free, hers, his, done = (books.conversation(lid(user)) for user in "1234")
    assert assign(books, hers, sari)
    assert assign(books, his, budi)
    books.resolve(done)
    # a group that is off rests
    books.resolve(books.conversation(group_chat()))
    assert (listed(books), listed(books, Box.UNASSIGNED)) == ([his, hers, free], [free])
    assert (listed(books, Box.MINE, sari), listed(books, Box.MINE, budi)) == ([hers], [his])
    with books.database.read() as conn:
        assert conversation_list.counts(conn, books.account_id, sari) == {
            Box.ALL: 3,
            Box.MINE: 1,
            Box.UNASSIGNED: 1,
        }
        assert conversation_list.counts(conn, 99, sari) == {Box.ALL: 0, Box.MINE: 0, Box.UNASSIGNED: 0}
        assert conversation_list.counts_by_admin(conn, books.account_id) == {None: 1, sari: 1, budi: 1}


def test_a_conversation_is_taken_once(books: Books) -> None:
    sari, budi = books.admin("Sari"), books.admin("Budi")
    one = books.conversation(lid("1"))
    assert assign(books, one, sari)
    assert not assign(books, one, budi)
    summary = books.summary(one)
    assert (summary.status, summary.assignee_id, summary.assignee_name) == (Status.ASSIGNED, sari, "Sari")


def test_a_resolved_conversation_is_nobodys_to_take(books: Books) -> None:
    one = books.conversation(lid("1"))
    books.resolve(one)
    assert not assign(books, one, books.admin("Sari"))
    assert books.summary(one).status == Status.RESOLVED


def test_a_row_of_the_list_tells_its_last_message(books: Books) -> None:
    one, _ = books.waiting(lid("1"))
    assert books.summary(one).waiting_since == NOON
    sent = books.message(one, "siap", from_me=True, delivery="read")
    summary = books.summary(one)
    assert (summary.last_text, summary.last_kind, summary.last_from_me) == ("siap", MessageKind.TEXT, True)
    assert (summary.last_delivery, summary.last_revoked) == (Delivery.READ, False)
    with books.database.write() as conn:
        messages.revoke(conn, sent, NOON)
    assert books.summary(one).last_revoked


def test_an_empty_conversation_and_no_conversation_can_be_looked_at(books: Books) -> None:
    summary = books.summary(books.conversation(lid("1")))
    assert (summary.last_text, summary.last_kind, summary.unread, summary.waiting_since) == (None, None, 0, None)
    with books.database.read() as conn:
        assert conversation_list.summary(conn, 999) is None


def test_typing_is_news_once_until_it_fades(books: Books) -> None:
    one = books.conversation(lid("1"))
    fades = conversations.TYPING_LASTS
    with books.database.write() as conn:
        assert not conversations.set_typing(conn, one, False, NOON)
        assert conversations.set_typing(conn, one, True, NOON)
        assert not conversations.set_typing(conn, one, True, NOON + fades)
        assert conversations.set_typing(conn, one, True, NOON + fades + timedelta(seconds=1))
        assert conversations.set_typing(conn, one, False, NOON)
        assert not conversations.set_typing(conn, one, False, NOON)


def test_the_counts_of_the_lists_are_the_lengths_of_the_lists(books: Books) -> None:
    sari = books.admin("Sari")
    for i in range(7):
        conversation_id, _ = books.waiting(lid(str(i)))
        assert i >= 4 or assign(books, conversation_id, sari)
    with books.database.read() as conn:
        counted = conversation_list.counts(conn, books.account_id, sari)
    assert counted == {box: len(listed(books, box, sari)) for box in (Box.MINE, Box.UNASSIGNED, Box.ALL)}
    assert counted == {Box.MINE: 4, Box.UNASSIGNED: 3, Box.ALL: 7}
