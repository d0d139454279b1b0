"""What the shop knows about a customer: note, fields, earlier conversations; kept when contacts are merged."""

import pytest

from daemon.desk import contacts as desk_contacts
from daemon.desk import conversations
from daemon.domain.desk import Action, Actor, FieldError
from daemon.domain.ids import Address
from daemon.domain.messages import Author
from daemon.store import audit
from daemon.store import contacts as store_contacts
from tests.support.books import Books, dump
from tests.support.builders import NOON, at, both, lid, phone


@pytest.fixture
def sari(books: Books) -> Actor:
    return Actor(Author.ADMIN, books.admin("Sari"))


def details(books: Books, conversation_id: int) -> desk_contacts.Details:
    with books.database.read() as conn:
        return desk_contacts.details(conn, books.summary(conversation_id).contact_id)


def put(books: Books, conversation_id: int, name: str, value: str, who: Actor) -> bool:
    with books.database.write() as conn:
        return desk_contacts.set_field(
            conn, desk_contacts.of_conversation(conn, conversation_id), name, value, who, NOON
        )


def note(books: Books, conversation_id: int, text: str, who: Actor) -> bool:
    with books.database.write() as conn:
        return desk_contacts.save_note(conn, desk_contacts.of_conversation(conn, conversation_id), text, who, NOON)


def test_everything_known_is_told(books: Books, sari: Actor) -> None:
    conversation_id = books.conversation(both("1", "62811"))
    with books.database.write() as conn:
        store_contacts.set_name(conn, books.summary(conversation_id).contact_id, "Budi")
    assert note(books, conversation_id, "langganan\r\nsejak 2019 ", sari)
    assert put(books, conversation_id, "Ukuran", "XL", sari)
    assert put(books, conversation_id, "alamat", "Jl. Melati 5", sari)
    found = details(books, conversation_id)
    assert (found.name, found.phone, found.note) == ("Budi", "62811", "langganan\nsejak 2019")
    assert found.addresses == [Address("62811", "s.whatsapp.net"), Address("1", "lid")]
    assert found.fields == [("alamat", "Jl. Melati 5"), ("Ukuran", "XL")]


def test_a_customer_who_is_not_there_has_no_details(books: Books) -> None:
    with pytest.raises(LookupError), books.database.read() as conn:
        desk_contacts.details(conn, 999)


def test_what_is_known_already_changes_nothing(books: Books, sari: Actor) -> None:
    conversation_id = books.conversation(lid("1"))
    note(books, conversation_id, "ramah", sari)
    put(books, conversation_id, "Ukuran", "XL", sari)
    before = dump(books.database)
    assert not note(books, conversation_id, " ramah ", sari)
    assert not put(books, conversation_id, "ukuran", "XL", sari)
    assert not put(books, conversation_id, "warna", "", sari)
    assert not put(books, 999, "warna", "merah", sari)
    assert not note(books, 999, "x", sari)
    assert dump(books.database) == before


def test_a_field_is_the_same_in_upper_and_lower_case_and_goes_when_emptied(books: Books, sari: Actor) -> None:
    conversation_id = books.conversation(lid("1"))
    put(books, conversation_id, "Ukuran", "XL", sari)
    assert put(books, conversation_id, " UKURAN ", "L", sari)
    assert details(books, conversation_id).fields == [("Ukuran", "L")]
    assert put(books, conversation_id, "ukuran", " ", sari)
    assert details(books, conversation_id).fields == []


def test_the_log_says_which_field_but_not_what_it_says(books: Books, sari: Actor) -> None:
    conversation_id = books.conversation(lid("1"))
    note(books, conversation_id, "rahasia", sari)
    put(books, conversation_id, "Ukuran", "rahasia", sari)
    with books.database.read() as conn:
        entries = audit.search(conn, books.account_id)
    assert [(e.action, e.detail) for e in entries] == [
        (Action.CONTACT_CHANGED, {"field": "Ukuran"}),
        (Action.CONTACT_CHANGED, {"field": "note"}),
    ]


@pytest.mark.parametrize(
    ("name", "value", "field", "reason"),
    [
        ("", "x", "name", "empty"),
        ("\x00", "x", "name", "empty"),
        ("a" * 41, "x", "name", "too_long"),
        ("a", "x" * 501, "value", "too_long"),
    ],
)
def test_bad_input_is_refused_by_field(
    books: Books, sari: Actor, name: str, value: str, field: str, reason: str
) -> None:
    conversation_id = books.conversation(lid("1"))
    before = dump(books.database)
    with pytest.raises(FieldError) as error:
        put(books, conversation_id, name, value, sari)
    assert (error.value.field, error.value.reason) == (field, reason)
    assert dump(books.database) == before


def test_a_note_and_the_number_of_fields_have_an_end(books: Books, sari: Actor) -> None:
    conversation_id = books.conversation(lid("1"))
    with pytest.raises(FieldError):
        note(books, conversation_id, "a" * 5001, sari)
    for count in range(30):
        put(books, conversation_id, f"f{count}", "x", sari)
    with pytest.raises(FieldError) as error:
        put(books, conversation_id, "satu lagi", "x", sari)
    assert error.value.reason == "too_many"
    assert put(books, conversation_id, "F7", "y", sari)


def test_earlier_conversations_come_with_who_resolved_them(books: Books, sari: Actor) -> None:
    ended = []
    for second in (10, 20):
        conversation_id, _ = books.waiting(lid("1"))
        with books.database.write() as conn:
            conversations.resolve(conn, conversation_id, sari, at(second))
        ended.append(conversation_id)
    now = books.conversation(lid("1"))
    found = details(books, now).earlier
    assert [(e.conversation_id, e.resolved_at, e.resolved_by_name) for e in found] == [
        (ended[1], at(20), "Sari"),
        (ended[0], at(10), "Sari"),
    ]


class TestMerging:
    """What is known under both addresses comes together; what the survivor knows stands."""

    def test_notes_are_joined_and_the_survivors_fields_win(self, books: Books, sari: Actor) -> None:
        one, two = books.conversation(lid("1")), books.conversation(phone("62811"))
        note(books, one, "ramah", sari)
        note(books, two, "suka menawar", sari)
        put(books, one, "Ukuran", "XL", sari)
        put(books, two, "Ukuran", "M", sari)
        put(books, two, "Warna", "merah", sari)
        books.contact(both("1", "62811"))
        found = details(books, one)
        assert found.note == "ramah\n\nsuka menawar"
        assert found.fields == [("Ukuran", "XL"), ("Warna", "merah")]

    @pytest.mark.parametrize("which", [0, 1])
    def test_a_note_of_one_side_is_the_note_of_both(self, books: Books, sari: Actor, which: int) -> None:
        conversation_ids = books.conversation(lid("1")), books.conversation(phone("62811"))
        note(books, conversation_ids[which], "ramah", sari)
        books.contact(both("1", "62811"))
        assert details(books, conversation_ids[0]).note == "ramah"

    def test_an_emptied_conversation_is_not_among_the_earlier_ones(self, books: Books) -> None:
        books.waiting(lid("1"))
        books.waiting(phone("62811"))
        survivor = books.contact(both("1", "62811"))
        with books.database.read() as conn:
            assert desk_contacts.details(conn, survivor).earlier == []
