"""Claims: "I am answering this", seen by all, gone by itself, taken over only on purpose."""

from datetime import datetime, timedelta

import pytest

from daemon.desk import claims as desk_claims
from daemon.desk import replies, settings
from daemon.domain.desk import CLAIM_LASTS, THE_DESK, Action, Actor, ClaimedByAnother, OnlyTheAssignee
from daemon.domain.messages import Author
from daemon.domain.turns import Closer
from daemon.store import audit
from daemon.store import claims as store_claims
from daemon.store.events import EventKind, last_seq, read_since
from tests.support.books import Books, dump
from tests.support.builders import at, lid


class Desk:
    """Two admins, each with a tab, and a customer who waits."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.sari = Actor(Author.ADMIN, books.admin("Sari"))
        self.budi = Actor(Author.ADMIN, books.admin("Budi"))
        self.conversation, self.turn = books.waiting(lid("1"))

    def types(self, who: Actor, now: datetime, tab: str | None = None, take_over: bool = False) -> bool:
        with self.books.database.write() as conn:
            return desk_claims.take(conn, self.conversation, who, tab or f"tab-{who.admin_id}", now, take_over)

    def answers(self, who: Actor, now: datetime, text: str = "ada", **more: bool) -> int:
        closer = Closer(Author.ADMIN, who.admin_id)
        with self.books.database.write() as conn:
            return replies.answer(conn, self.conversation, closer, text, now, turn_id=self.turn, **more)

    def holder(self, now: datetime) -> str | None:
        with self.books.database.read() as conn:
            found = store_claims.holder(conn, self.conversation, now)
        return found.name if found else None

    def told(self, since: int) -> list[EventKind]:
        with self.books.database.read() as conn:
            return [event.kind for event in read_since(conn, since)]

    def log(self) -> list[tuple[Action, str | None, str | None]]:
        with self.books.database.read() as conn:
            lines = audit.in_thread(conn, self.conversation, None, None)
        return [(line.action, line.admin_name, line.subject_name) for line in lines]

    def seq(self) -> int:
        with self.books.database.read() as conn:
            return last_seq(conn)

    def strict(self) -> None:
        with self.books.database.write() as conn:
            settings.save(conn, self.books.account_id, {"strict": True}, THE_DESK, at(0))


@pytest.fixture
def table(books: Books) -> Desk:
    return Desk(books)


def test_typing_claims_and_everybody_is_told_once(table: Desk) -> None:
    before = table.seq()
    assert table.types(table.sari, at(0))
    assert table.holder(at(1)) == "Sari"
    assert not table.types(table.sari, at(5))
    assert table.told(before) == [EventKind.CLAIM_CHANGED]


def test_a_claim_lasts_for_thirty_seconds_after_the_last_keystroke(table: Desk) -> None:
    table.types(table.sari, at(0))
    table.types(table.sari, at(20))
    almost = at(20) + CLAIM_LASTS - timedelta(milliseconds=1)
    assert table.holder(almost) == "Sari"
    assert table.holder(at(20) + CLAIM_LASTS) is None


def test_a_second_admin_is_told_who_answers(table: Desk) -> None:
    table.types(table.sari, at(0))
    before = dump(table.books.database)
    with pytest.raises(ClaimedByAnother) as error:
        table.types(table.budi, at(10))
    assert error.value.claim.name == "Sari"
    assert dump(table.books.database) == before


def test_an_expired_claim_is_in_nobodys_way(table: Desk) -> None:
    table.types(table.sari, at(0))
    assert table.types(table.budi, at(31))
    assert table.holder(at(32)) == "Budi"
    assert table.log() == []


def test_taking_over_is_allowed_visible_and_logged(table: Desk) -> None:
    table.types(table.sari, at(0))
    assert table.types(table.budi, at(5), take_over=True)
    assert table.holder(at(6)) == "Budi"
    assert table.log() == [(Action.CLAIM_TAKEN_OVER, "Budi", "Sari")]
    with pytest.raises(ClaimedByAnother):
        table.types(table.sari, at(7))


def test_a_reply_into_a_colleagues_claim_is_refused_unless_it_is_meant(table: Desk) -> None:
    table.types(table.sari, at(0))
    before = dump(table.books.database)
    with pytest.raises(ClaimedByAnother):
        table.answers(table.budi, at(5))
    assert dump(table.books.database) == before
    table.answers(table.budi, at(6), take_over=True)
    assert table.log() == [(Action.CLAIM_TAKEN_OVER, "Budi", "Sari")]


def test_a_claim_ends_with_the_reply(table: Desk) -> None:
    table.types(table.sari, at(0))
    before = table.seq()
    table.answers(table.sari, at(5))
    assert table.holder(at(6)) is None
    assert EventKind.CLAIM_CHANGED in table.told(before)


def test_a_claim_ends_with_its_tab_only(table: Desk) -> None:
    table.types(table.sari, at(0), "one")
    with table.books.database.write() as conn:
        desk_claims.end_of_tab(conn, "another", at(1))
    assert table.holder(at(2)) == "Sari"
    with table.books.database.write() as conn:
        desk_claims.end_of_tab(conn, "one", at(3))
    assert table.holder(at(4)) is None


def test_the_same_admin_in_a_second_tab_goes_on_with_his_claim(table: Desk) -> None:
    table.types(table.sari, at(0), "one")
    before = table.seq()
    assert not table.types(table.sari, at(5), "two")
    with table.books.database.write() as conn:
        desk_claims.end_of_tab(conn, "one", at(6))
    assert table.holder(at(7)) == "Sari"
    assert table.told(before) == []


def test_an_emptied_field_gives_the_claim_back(table: Desk) -> None:
    table.types(table.sari, at(0), "one")
    with table.books.database.write() as conn:
        desk_claims.release(conn, table.conversation, "two", at(1))
    assert table.holder(at(2)) == "Sari"
    with table.books.database.write() as conn:
        desk_claims.release(conn, table.conversation, "one", at(1))
    assert table.holder(at(2)) is None


def test_the_sweep_announces_what_has_expired(table: Desk) -> None:
    table.types(table.sari, at(0))
    before = table.seq()
    for seconds, told in ((29, []), (30, [EventKind.CLAIM_CHANGED]), (31, [EventKind.CLAIM_CHANGED])):
        with table.books.database.write() as conn:
            assert not desk_claims.sweep(conn, at(seconds))
        assert table.told(before) == told


def test_in_strict_mode_only_the_assignee_types_and_answers(table: Desk) -> None:
    table.answers(table.sari, at(0))
    table.strict()
    for attempt in (
        lambda: table.types(table.budi, at(5)),
        lambda: table.answers(table.budi, at(5), follow_up=True),
    ):
        with pytest.raises(OnlyTheAssignee) as error:
            attempt()
        assert error.value.name == "Sari"
    assert table.types(table.sari, at(6))


def test_in_strict_mode_whoever_comes_first_takes_an_unassigned_conversation(table: Desk) -> None:
    table.strict()
    assert table.types(table.budi, at(1))
    table.answers(table.budi, at(2))
    assert table.books.summary(table.conversation).assignee_name == "Budi"


def test_nobody_claims_what_is_resolved_or_unknown(table: Desk) -> None:
    table.books.resolve(table.conversation)
    assert not table.types(table.sari, at(1))
    with table.books.database.write() as conn:
        assert not desk_claims.take(conn, 999, table.sari, "tab", at(1))
    assert table.books.rows("claim") == 0
