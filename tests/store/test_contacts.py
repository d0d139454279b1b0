"""Customers are one contact under all their addresses; two contacts that turn out to be one become one."""

import pytest
from sqlalchemy import select

from daemon.domain.desk import THE_DESK, Action, Box, Priority, Status
from daemon.domain.ids import Address, ChatKind, Party
from daemon.domain.messages import Author
from daemon.domain.turns import Closer
from daemon.store import (
    audit,
    claims,
    contact_details,
    contact_merge,
    contacts,
    conversation_list,
    conversations,
    erasing,
    messages,
    tags,
    turns,
)
from daemon.store.tables.core import contact, message, turn
from tests.support.books import Books
from tests.support.builders import NOON, at, both, group_chat, lid, phone


def merged_into(books: Books, contact_id: int) -> int | None:
    with books.database.read() as conn:
        return conn.execute(select(contact.c.merged_into).where(contact.c.id == contact_id)).scalar_one()


def address_of(books: Books, contact_id: int) -> Address:
    with books.database.read() as conn:
        return contacts.address_of(conn, contact_id)


def test_a_new_party_becomes_a_contact_once(books: Books) -> None:
    assert books.contact(lid("1")) == books.contact(lid("1"))
    assert books.rows("contact") == books.rows("contact_alias") == 1


def test_two_accounts_keep_their_contacts_apart(books: Books) -> None:
    first = books.contact(lid("1"))
    with books.database.write() as conn:
        conn.exec_driver_sql("INSERT INTO account (id, name, created_at) VALUES (2, 'second', 0)")
        assert contacts.resolve(conn, 2, lid("1"), NOON) != first


def test_a_lid_and_a_number_that_came_together_find_the_same_contact(books: Books) -> None:
    contact_id = books.contact(both("1", "62811"))
    assert books.contact(lid("1")) == books.contact(phone("62811")) == contact_id
    assert books.rows("contact") == 1


@pytest.mark.parametrize("first", [lid("1"), phone("62811")])
def test_the_other_address_is_learnt_later(books: Books, first: Party) -> None:
    contact_id = books.contact(first)
    assert books.contact(both("1", "62811")) == contact_id
    assert books.contact(lid("1")) == books.contact(phone("62811")) == contact_id
    assert address_of(books, contact_id) == Address("1", "lid")


def number_of(books: Books, contact_id: int) -> str | None:
    with books.database.read() as conn:
        found: str | None = conn.exec_driver_sql(
            "SELECT phone FROM contact WHERE id = ?", (contact_id,)
        ).scalar_one()
    return found


def test_a_number_that_moved_to_another_lid_is_another_persons(books: Books) -> None:
    before = books.contact(both("1", "62811"))
    after = books.contact(both("2", "62811"))
    assert after != before
    assert after == books.contact(phone("62811")) == books.contact(lid("2"))
    assert before == books.contact(lid("1"))
    assert (number_of(books, before), number_of(books, after)) == (None, "62811")
    assert (address_of(books, before), address_of(books, after)) == (Address("1", "lid"), Address("2", "lid"))


def test_a_number_that_moved_to_somebody_known_merges_nobody(books: Books) -> None:
    before, after = books.contact(both("1", "62811")), books.contact(lid("2"))
    assert books.contact(Party(Address("62811", "s.whatsapp.net"), Address("2", "lid"))) == after
    assert books.contact(phone("62811")) == after
    assert books.contact(lid("1")) == before


def test_history_moves_no_number(books: Books) -> None:
    owner = books.contact(both("2", "62811"))
    with books.database.write() as conn:
        old = contacts.resolve(conn, books.account_id, both("1", "62811"), NOON, is_old=True)
    assert old != owner
    assert books.contact(phone("62811")) == owner
    assert number_of(books, owner) == "62811"


def test_a_customer_known_by_number_gets_his_first_lid_and_stays_one(books: Books) -> None:
    known = books.contact(phone("62811"))
    assert books.contact(both("1", "62811")) == known == books.contact(lid("1"))


def test_a_group_is_reached_under_its_only_address(books: Books) -> None:
    group = group_chat()
    assert address_of(books, books.contact(group)) == Address("120363", "g.us")


def test_a_customer_known_by_number_only_is_reached_there(books: Books) -> None:
    assert address_of(books, books.contact(phone("62811"))) == Address("62811", "s.whatsapp.net")


def test_a_contact_without_an_address_is_an_error(books: Books) -> None:
    contact_id = books.contact(group_chat())
    with books.database.write() as conn:
        conn.exec_driver_sql("DELETE FROM contact_alias")
        with pytest.raises(LookupError):
            contacts.address_of(conn, contact_id)


def test_a_name_is_news_once(books: Books) -> None:
    contact_id = books.contact(lid("1"))
    with books.database.write() as conn:
        assert contacts.set_name(conn, contact_id, "Budi")
        assert not contacts.set_name(conn, contact_id, "Budi")
        assert contacts.set_name(conn, contact_id, "Budi S")
        assert contacts.set_name(conn, contact_id, "B" * 500)


def test_two_contacts_are_split_until_they_are_merged(books: Books) -> None:
    books.contact(lid("1"))

    def is_split() -> bool:
        with books.database.read() as conn:
            return contacts.is_split(conn, books.account_id, both("1", "62811"))

    assert not is_split()
    books.contact(phone("62811"))
    assert is_split()
    books.contact(both("1", "62811"))
    assert not is_split()


class TestMerging:
    """A customer wrote under his LID and under his number before a message showed that both are his."""

    def test_all_messages_come_together_under_the_older_contact(self, books: Books) -> None:
        first, second = books.contact(lid("1")), books.contact(phone("62811"))
        one, _ = books.waiting(lid("1"), "satu")
        two, _ = books.waiting(phone("62811"), "dua")
        survivor = books.contact(both("1", "62811"))
        assert (survivor, merged_into(books, second), merged_into(books, first)) == (first, first, None)
        assert books.contact(lid("1")) == books.contact(phone("62811")) == first
        assert books.thread(one) == ["satu", "dua"]
        assert books.summary(two).status == Status.RESOLVED
        with books.database.read() as conn:
            assert set(conn.execute(select(message.c.contact_id)).scalars()) == {first}

    def test_two_open_turns_become_one_that_waits_since_the_first(self, books: Books) -> None:
        one, two = books.conversation(lid("1")), books.conversation(phone("62811"))
        later, earlier = books.turn(one, at(50)), books.turn(two, at(10))
        books.message(one, "satu", turn_id=later, sent_at=at(50))
        books.message(two, "dua", turn_id=earlier, sent_at=at(10))
        books.contact(both("1", "62811"))
        assert books.rows("turn") == 1
        assert books.summary(one).waiting_since == at(10)
        with books.database.read() as conn:
            assert set(conn.execute(select(message.c.turn_id)).scalars()) == {later}

    def test_an_open_turn_of_either_side_stays_open(self, books: Books) -> None:
        one = books.conversation(lid("1"))
        _, open_turn = books.waiting(phone("62811"), "dua")
        books.contact(both("1", "62811"))
        with books.database.read() as conn:
            assert turns.current(conn, one) == open_turn

    def test_the_newest_message_of_both_leads_the_list(self, books: Books) -> None:
        one, two = books.conversation(lid("1")), books.conversation(phone("62811"))
        books.message(one, "lama", sent_at=at(1))
        books.message(two, "baru", sent_at=at(2))
        books.contact(both("1", "62811"))
        assert (books.summary(one).last_text, books.summary(one).last_at) == ("baru", at(2))

    def test_what_was_unread_on_either_side_stays_unread(self, books: Books) -> None:
        one, two = books.conversation(lid("1")), books.conversation(phone("62811"))
        books.message(two, "belum dibaca")
        seen = books.message(one, "sudah dibaca")
        with books.database.write() as conn:
            conversations.see(conn, one, seen)
        books.contact(both("1", "62811"))
        assert books.summary(one).unread >= 1

    def test_closed_turns_and_resolved_conversations_keep_their_history(self, books: Books) -> None:
        old, turn_id = books.waiting(phone("62811"), "dulu")
        answer = books.message(old, "jawaban", from_me=True)
        with books.database.write() as conn:
            turns.close(conn, turn_id, Closer(Author.PHONE, device=0), answer, at(9))
        books.resolve(old)
        survivor = books.contact(lid("1"))
        merged = books.contact(both("1", "62811"))
        assert merged == min(survivor, merged)
        assert books.thread(old) == ["dulu", "jawaban"]
        assert books.summary(old).contact_id == merged
        with books.database.read() as conn:
            mark = turns.last_closed(conn, old)
        assert mark is not None
        assert (mark.text, mark.closer) == ("jawaban", Closer(Author.PHONE, device=0))

    def test_a_reply_that_still_waits_to_leave_loses_no_message(self, books: Books) -> None:
        one, two = books.conversation(lid("1")), books.conversation(phone("62811"))
        books.queued(one, "masih antre")
        books.message(two, "dari ponsel", from_me=True, wa_id="PHONE1")
        survivor = books.contact(both("1", "62811"))
        with books.database.read() as conn:
            assert messages.find(conn, survivor, True, "PHONE1") is not None

    def test_the_same_message_seen_under_both_addresses_is_shown_once(self, books: Books) -> None:
        one, two = books.conversation(lid("1")), books.conversation(phone("62811"))
        books.message(one, "halo", wa_id="SAME")
        books.message(two, "halo", wa_id="SAME")
        books.contact(both("1", "62811"))
        assert books.thread(one) == ["halo"]

    @pytest.mark.parametrize("kinds", [("text", "unreadable"), ("unreadable", "text")])
    def test_of_two_sightings_the_readable_one_stays(self, books: Books, kinds: tuple[str, str]) -> None:
        one, two = books.conversation(lid("1")), books.conversation(phone("62811"))
        for conversation_id, kind in zip((one, two), kinds, strict=True):
            books.message(conversation_id, "halo" if kind == "text" else None, wa_id="SAME", kind=kind)
        books.contact(both("1", "62811"))
        assert books.thread(one) == ["halo"]
        assert books.summary(one).last_text == "halo"

    def test_a_message_that_was_answered_under_one_address_does_not_wait_under_the_other(
        self, books: Books
    ) -> None:
        one, two = books.conversation(lid("1")), books.conversation(phone("62811"))
        answered, open_turn = books.turn(one), books.turn(two)
        books.message(one, wa_id="SAME", turn_id=answered)
        books.message(two, wa_id="SAME", turn_id=open_turn)
        with books.database.write() as conn:
            turns.close(conn, answered, Closer(Author.PHONE, device=0), None, at(9))
        books.contact(both("1", "62811"))
        assert books.summary(one).waiting_since is None

    def test_the_name_is_kept(self, books: Books) -> None:
        books.contact(lid("1"))
        with books.database.write() as conn:
            contacts.set_name(conn, contacts.resolve(conn, 1, phone("62811"), NOON), "Budi")
        books.contact(both("1", "62811"))
        conversation_id = books.conversation(lid("1"))
        assert books.summary(conversation_id).contact_name == "Budi"

    @pytest.mark.parametrize("forgotten", [0, 1])
    def test_one_who_was_forgotten_and_one_who_was_not_are_not_forgotten(
        self, books: Books, forgotten: int
    ) -> None:
        pair = books.contact(lid("1")), books.contact(phone("62811"))
        with books.database.write() as conn:
            contacts.set_name(conn, pair[1 - forgotten], "Budi")
            erasing.erase_person(conn, books.account_id, [pair[forgotten]], at(5))
            survivor = contact_merge.merge(conn, books.account_id, survivor=pair[0], gone=pair[1], now=at(9))
            card = contact_details.card(conn, survivor)
        assert card is not None
        assert (card.name, card.is_forgotten) == ("Budi", False)

    def test_two_who_were_forgotten_stay_forgotten(self, books: Books) -> None:
        pair = books.contact(lid("1")), books.contact(phone("62811"))
        with books.database.write() as conn:
            erasing.erase_person(conn, books.account_id, pair, at(5))
            survivor = contact_merge.merge(conn, books.account_id, survivor=pair[0], gone=pair[1], now=at(9))
            card = contact_details.card(conn, survivor)
        assert card is not None
        assert card.is_forgotten

    def test_a_merge_leaves_every_other_contact_alone(self, books: Books) -> None:
        other, _ = books.waiting(lid("9"), "orang lain")
        books.waiting(lid("1"))
        books.waiting(phone("62811"))
        books.contact(both("1", "62811"))
        assert books.thread(other) == ["orang lain"]
        assert books.summary(other).waiting_since == NOON
        with books.database.read() as conn:
            assert len(conn.execute(select(turn.c.id)).all()) == 2

    def test_replies_to_a_merged_contact_go_to_the_survivor(self, books: Books) -> None:
        two, _ = books.waiting(phone("62811"))
        books.contact(lid("1"))
        books.contact(both("1", "62811"))
        assert address_of(books, books.summary(two).contact_id) == Address("1", "lid")
        assert books.summary(two).status == Status.UNASSIGNED


def test_kinds_of_chats_are_kept_with_the_contact(books: Books) -> None:
    group = books.conversation(group_chat())
    books.message(group)
    with books.database.read() as conn:
        rows = conversation_list.listing(conn, books.account_id, Box.ALL, 0)
        kind = conn.execute(select(contact.c.kind)).scalar_one()
    assert (rows, kind) == ([], ChatKind.GROUP.value)


class TestMergingTheDesk:
    """What the desk has put on two conversations stays with the one that is kept."""

    @pytest.fixture
    def pair(self, books: Books) -> tuple[int, int]:
        return books.conversation(lid("1")), books.conversation(phone("62811"))

    def test_tags_of_both_and_the_higher_urgency(self, books: Books, pair: tuple[int, int]) -> None:
        keep, drop = pair
        with books.database.write() as conn:
            for name, conversation_ids in (("grosir", pair), ("retur", (drop,))):
                made = tags.create(conn, books.account_id, name)
                for conversation_id in conversation_ids:
                    tags.put(conn, conversation_id, made.id)
            conversations.set_priority(conn, keep, Priority.LOW)
            conversations.set_priority(conn, drop, Priority.HIGH)
        books.contact(both("1", "62811"))
        about = books.summary(keep)
        assert ([tag.name for tag in about.tags], about.priority) == (["grosir", "retur"], Priority.HIGH)
        assert books.summary(drop).tags == ()

    @pytest.mark.parametrize("hers", [0, 1])
    def test_whoever_had_one_has_the_kept_one(self, books: Books, pair: tuple[int, int], hers: int) -> None:
        sari = books.admin("Sari")
        with books.database.write() as conn:
            conversations.assign(conn, pair[hers], sari, at(5))
        books.contact(both("1", "62811"))
        about = books.summary(pair[0])
        assert (about.status, about.assignee_id) == (Status.ASSIGNED, sari)
        assert about.assigned_at == at(5)

    def test_what_was_done_and_who_was_answering(self, books: Books, pair: tuple[int, int]) -> None:
        keep, drop = pair
        sari = books.admin("Sari")
        with books.database.write() as conn:
            audit.record(conn, books.account_id, Action.ALARM, THE_DESK, NOON, drop)
            claims.put(conn, books.account_id, keep, sari, "a", NOON)
            claims.put(conn, books.account_id, drop, sari, "b", NOON)
        books.contact(both("1", "62811"))
        with books.database.read() as conn:
            assert [line.action for line in audit.in_thread(conn, keep, None, None)] == [Action.ALARM]
            assert [claim.conversation_id for claim in claims.held(conn, books.account_id, NOON)] == [keep]
            assert conn.exec_driver_sql("PRAGMA foreign_key_check").all() == []

    def test_the_next_conversation_follows_the_kept_one(self, books: Books, pair: tuple[int, int]) -> None:
        keep, _ = pair
        survivor = books.contact(both("1", "62811"))
        with books.database.write() as conn:
            conversations.resolve(conn, keep, None, at(100))
            new = conversations.start(conn, books.account_id, survivor, ChatKind.PERSON, at(200))
        assert books.summary(new).previous_id == keep
