"""Conversations end and begin again, are urgent or not, and are tagged; nobody is forgotten on the way."""

import pytest
from sqlalchemy import event

from daemon.desk import claims as desk_claims
from daemon.desk import conversations, replies
from daemon.desk.tags import LONGEST_TAG, MOST_TAGS
from daemon.domain.desk import Action, Actor, Box, FieldError, Priority, Status
from daemon.domain.messages import Author
from daemon.domain.turns import Closer, NotAnswerable
from daemon.store import audit, conversation_list, tags, turns
from daemon.store import claims as store_claims
from daemon.store.events import EventKind, read_since
from tests.support.books import Books, dump
from tests.support.builders import NOON, at, lid


@pytest.fixture
def sari(books: Books) -> Actor:
    return Actor(Author.ADMIN, books.admin("Sari"), "192.0.2.1")


def resolve(books: Books, conversation_id: int, who: Actor, seconds: float = 60) -> bool:
    with books.database.write() as conn:
        return conversations.resolve(conn, conversation_id, who, at(seconds))


def reopen(books: Books, conversation_id: int, who: Actor, seconds: float = 90) -> bool:
    with books.database.write() as conn:
        return conversations.reopen(conn, conversation_id, who, at(seconds))


def tag(books: Books, conversation_id: int, name: str, who: Actor) -> bool:
    with books.database.write() as conn:
        return conversations.tag(conn, conversation_id, name, who, NOON)


def lines(books: Books, conversation_id: int) -> list[tuple[Action, str | None, dict[str, object]]]:
    with books.database.read() as conn:
        return [(e.action, e.admin_name, e.detail) for e in audit.in_thread(conn, conversation_id, None, None)]


def test_resolving_says_who_and_when(books: Books, sari: Actor) -> None:
    conversation_id = books.conversation(lid("1"))
    assert resolve(books, conversation_id, sari)
    about = books.summary(conversation_id)
    assert (about.status, about.resolved_at, about.resolved_by_name) == (Status.RESOLVED, at(60), "Sari")
    assert lines(books, conversation_id) == [(Action.RESOLVED, "Sari", {})]
    with books.database.read() as conn:
        kinds = [event.kind for event in read_since(conn, 0)]
    assert kinds == [EventKind.ACTIVITY, EventKind.CONVERSATION_CHANGED]


def test_an_open_turn_is_marked_as_handled_without_a_reply(books: Books, sari: Actor) -> None:
    conversation_id, turn_id = books.waiting(lid("1"), "ok makasih")
    assert resolve(books, conversation_id, sari)
    about = books.summary(conversation_id)
    assert (about.waiting_since, about.unread) == (None, 0)
    with books.database.read() as conn:
        mark = turns.mark(conn, turn_id)
    assert mark is not None
    assert (mark.name, mark.message_id, mark.closed_at) == ("Sari", None, at(60))
    assert lines(books, conversation_id) == [(Action.RESOLVED, "Sari", {"turn": turn_id})]


def test_what_has_ended_does_not_end_again(books: Books, sari: Actor) -> None:
    conversation_id, _ = books.waiting(lid("1"))
    assert resolve(books, conversation_id, sari)
    before = dump(books.database)
    assert not resolve(books, conversation_id, sari, 70)
    assert not resolve(books, 999, sari)
    assert dump(books.database) == before


def test_nobody_is_answering_a_resolved_conversation(books: Books, sari: Actor) -> None:
    conversation_id, _ = books.waiting(lid("1"))
    with books.database.write() as conn:
        assert desk_claims.take(conn, conversation_id, sari, "tab", at(50))
    resolve(books, conversation_id, sari)
    with books.database.read() as conn:
        assert store_claims.holder(conn, conversation_id, at(60)) is None


def test_a_reply_that_is_on_its_way_still_leaves(books: Books, sari: Actor) -> None:
    conversation_id, _ = books.waiting(lid("1"))
    _, message_id = books.queued(conversation_id)
    resolve(books, conversation_id, sari)
    bubble = books.bubble(message_id)
    assert bubble.delivery == "queued"


def test_reopening_wakes_the_turn_that_only_resolving_had_closed(books: Books, sari: Actor) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    since = books.summary(conversation_id).waiting_since
    resolve(books, conversation_id, sari)
    assert reopen(books, conversation_id, sari)
    about = books.summary(conversation_id)
    assert (about.status, about.waiting_since, about.resolved_at) == (Status.UNASSIGNED, since, None)
    with books.database.read() as conn:
        assert turns.current(conn, conversation_id) == turn_id
    assert [action for action, _, _ in lines(books, conversation_id)] == [Action.RESOLVED, Action.REOPENED]


def test_reopening_leaves_an_answered_turn_answered(books: Books, sari: Actor) -> None:
    conversation_id, turn_id = books.waiting(lid("1"))
    with books.database.write() as conn:
        replies.answer(conn, conversation_id, Closer(Author.ADMIN, sari.admin_id), "siap", at(30), turn_id=turn_id)
    resolve(books, conversation_id, sari)
    assert reopen(books, conversation_id, sari)
    about = books.summary(conversation_id)
    assert (about.waiting_since, about.status, about.assignee_id) == (None, Status.ASSIGNED, sari.admin_id)
    # as of now, or it would look as if he had been silent all the time
    assert about.assigned_at == at(90)


def test_a_conversation_is_not_reopened_beside_a_newer_one(books: Books, sari: Actor) -> None:
    old, _ = books.waiting(lid("1"))
    resolve(books, old, sari)
    books.waiting(lid("1"))
    before = dump(books.database)
    assert not reopen(books, old, sari)
    assert not reopen(books, 999, sari)
    assert dump(books.database) == before


def test_a_conversation_that_goes_on_is_not_reopened(books: Books, sari: Actor) -> None:
    conversation_id, _ = books.waiting(lid("1"))
    before = dump(books.database)
    assert not reopen(books, conversation_id, sari)
    assert dump(books.database) == before


def test_the_next_conversation_is_linked_to_the_one_that_ended_last(books: Books, sari: Actor) -> None:
    first = books.conversation(lid("1"))
    resolve(books, first, sari, 10)
    second = books.conversation(lid("1"))
    resolve(books, second, sari, 20)
    reopen(books, first, sari)
    resolve(books, first, sari, 100)
    third = books.conversation(lid("1"))
    assert (books.summary(second).previous_id, books.summary(third).previous_id) == (first, first)


def test_a_resolved_conversation_takes_no_reply(books: Books, sari: Actor) -> None:
    conversation_id, _ = books.waiting(lid("1"))
    resolve(books, conversation_id, sari)
    with pytest.raises(NotAnswerable), books.database.write() as conn:
        replies.answer(conn, conversation_id, Closer(Author.ADMIN, sari.admin_id), "ada", at(70))


def test_urgency_changes_once_and_is_written_down(books: Books, sari: Actor) -> None:
    conversation_id = books.conversation(lid("1"))
    assert books.summary(conversation_id).priority == Priority.NORMAL
    with books.database.write() as conn:
        assert conversations.set_priority(conn, conversation_id, Priority.URGENT, sari, NOON)
        assert not conversations.set_priority(conn, conversation_id, Priority.URGENT, sari, NOON)
        assert not conversations.set_priority(conn, 999, Priority.URGENT, sari, NOON)
    assert books.summary(conversation_id).priority == Priority.URGENT
    assert lines(books, conversation_id) == [
        (Action.PRIORITY_CHANGED, "Sari", {"before": "normal", "after": "urgent"})
    ]
    resolve(books, conversation_id, sari)
    with books.database.write() as conn:
        assert not conversations.set_priority(conn, conversation_id, Priority.LOW, sari, NOON)


def test_a_tag_is_made_on_first_use_and_the_same_in_upper_and_lower_case(books: Books, sari: Actor) -> None:
    one, two = books.conversation(lid("1")), books.conversation(lid("2"))
    assert tag(books, one, "  Grosir ", sari)
    assert tag(books, two, "grosir", sari)
    assert not tag(books, two, "GROSIR", sari)
    assert not tag(books, 999, "Grosir", sari)
    assert tag(books, two, "Antar   besok", sari)
    assert [t.name for t in books.summary(one).tags] == ["Grosir"]
    assert [t.name for t in books.summary(two).tags] == ["Antar besok", "Grosir"]
    with books.database.read() as conn:
        assert [t.name for t in tags.every(conn, books.account_id)] == ["Antar besok", "Grosir"]


def test_a_tag_goes_with_its_last_conversation(books: Books, sari: Actor) -> None:
    one, two = books.conversation(lid("1")), books.conversation(lid("2"))
    tag(books, one, "retur", sari)
    tag(books, two, "retur", sari)
    (found,) = books.summary(one).tags
    with books.database.write() as conn:
        assert conversations.untag(conn, one, found.id, sari, NOON)
        assert not conversations.untag(conn, one, found.id, sari, NOON)
        assert tags.every(conn, books.account_id) == [found]
        assert conversations.untag(conn, two, found.id, sari, NOON)
        assert tags.every(conn, books.account_id) == []
        assert not conversations.untag(conn, 999, found.id, sari, NOON)


@pytest.mark.parametrize(("name", "reason"), [("", "empty"), (" \x00 ", "empty"), ("a" * 41, "too_long")])
def test_an_unusable_tag_is_refused(books: Books, sari: Actor, name: str, reason: str) -> None:
    conversation_id = books.conversation(lid("1"))
    before = dump(books.database)
    with pytest.raises(FieldError) as error:
        tag(books, conversation_id, name, sari)
    assert (error.value.field, error.value.reason) == ("tag", reason)
    assert dump(books.database) == before
    assert tag(books, conversation_id, "a" * LONGEST_TAG, sari)


def test_tags_do_not_grow_without_end(books: Books, sari: Actor) -> None:
    conversation_id = books.conversation(lid("1"))
    with books.database.write() as conn:
        for count in range(MOST_TAGS):
            tags.create(conn, books.account_id, f"t{count}")
    with pytest.raises(FieldError) as error:
        tag(books, conversation_id, "satu lagi", sari)
    assert error.value.reason == "too_many"
    assert tag(books, conversation_id, "T7", sari)


def test_lists_are_filtered_by_tag_and_urgency(books: Books, sari: Actor) -> None:
    one, two = books.conversation(lid("1")), books.conversation(lid("2"))
    tag(books, one, "grosir", sari)
    (found,) = books.summary(one).tags
    with books.database.write() as conn:
        conversations.set_priority(conn, two, Priority.HIGH, sari, NOON)

        def listed(**wanted: object) -> list[int]:
            rows = conversation_list.listing(conn, books.account_id, Box.ALL, 0, **wanted)  # type: ignore[arg-type]
            return [row.id for row in rows]

        assert listed(tag_id=found.id) == [one]
        assert listed(priority=Priority.HIGH) == [two]
        assert listed(tag_id=found.id, priority=Priority.HIGH) == []
        assert listed(tag_id=999) == []


def test_the_resolved_box_shows_what_ended_last_first(books: Books, sari: Actor) -> None:
    one, two, three = (books.conversation(lid(user)) for user in "123")
    resolve(books, two, sari, 10)
    resolve(books, one, sari, 20)
    with books.database.read() as conn:

        def listed(**wanted: object) -> list[int]:
            rows = conversation_list.listing(conn, books.account_id, Box.RESOLVED, 0, **wanted)  # type: ignore[arg-type]
            return [row.id for row in rows]

        assert listed() == [one, two]
        assert listed(before=at(20)) == [two]
        assert listed(limit=1) == [one]
        assert [row.id for row in conversation_list.listing(conn, books.account_id, Box.ALL, 0)] == [three]


def test_a_page_of_the_list_takes_five_queries_however_long_it_is(books: Books, sari: Actor) -> None:
    for user in range(30):
        tag(books, books.conversation(lid(str(user))), f"t{user % 3}", sari)
    asked: list[str] = []
    event.listen(
        books.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]), named=False
    )
    with books.database.read() as conn:
        rows = conversation_list.listing(conn, books.account_id, Box.ALL, 0)
    assert len([row for row in rows if row.tags]) == 30
    assert len([statement for statement in asked if statement.lstrip().startswith("SELECT")]) == 5
