"""The team: who is away, who takes how much."""

import pytest

from daemon.desk import team
from daemon.domain.desk import Action, Actor, FieldError
from daemon.domain.messages import Author
from daemon.store import audit, presence
from daemon.store.events import EventKind, read_since
from tests.books import NOON, Books, at, dump


@pytest.fixture
def sari(books: Books) -> Actor:
    return Actor(Author.ADMIN, books.admin("Sari"), "192.0.2.1")


def test_going_away_and_coming_back_are_news_once(books: Books, sari: Actor) -> None:
    with books.database.write() as conn:
        presence.join(conn, "tab", sari.admin_id or 0, NOON)
        assert not team.set_away(conn, books.account_id, sari, False, NOON)
        assert team.set_away(conn, books.account_id, sari, True, NOON)
        assert not team.set_away(conn, books.account_id, sari, True, at(1))
        (colleague,) = presence.team(conn, at(2))
        assert (colleague.is_here, colleague.away_since, colleague.takes_work) == (True, NOON, False)
        assert team.set_away(conn, books.account_id, sari, False, at(3))
        (colleague,) = presence.team(conn, at(4))
        assert colleague.takes_work
        entries = audit.search(conn, books.account_id)
        kinds = {event.kind for event in read_since(conn, 0)}
    assert [(e.action, e.admin_name, e.address) for e in entries] == [
        (Action.BACK, "Sari", "192.0.2.1"),
        (Action.AWAY, "Sari", "192.0.2.1"),
    ]
    assert kinds == {EventKind.PRESENCE_CHANGED}


def test_a_limit_is_kept_until_it_is_taken_back(books: Books, sari: Actor) -> None:
    budi = books.admin("Budi")
    with books.database.write() as conn:
        assert team.set_most(conn, books.account_id, budi, 3, sari, NOON)
        assert not team.set_most(conn, books.account_id, budi, 3, sari, NOON)
        assert {one.name: one.most_conversations for one in presence.team(conn, NOON)} == {"Budi": 3, "Sari": None}
        assert team.set_most(conn, books.account_id, budi, None, sari, NOON)
        entries = audit.search(conn, books.account_id)
    assert [(e.subject_name, e.detail["before"], e.detail.get("after")) for e in entries] == [
        ("Budi", 3, None),
        ("Budi", None, 3),
    ]


@pytest.mark.parametrize("most", [-1, team.MOST_CONVERSATIONS + 1])
def test_an_absurd_limit_is_refused(books: Books, sari: Actor, most: int) -> None:
    before = dump(books.database)
    with pytest.raises(FieldError) as error, books.database.write() as conn:
        team.set_most(conn, books.account_id, sari.admin_id or 0, most, sari, NOON)
    assert (error.value.field, error.value.reason) == ("most", "range")
    assert dump(books.database) == before


def test_somebody_who_is_not_there_has_no_limit(books: Books, sari: Actor) -> None:
    with books.database.write() as conn:
        assert not team.set_most(conn, books.account_id, 999, 5, sari, NOON)


def test_who_has_left_is_known_for_a_day(books: Books, sari: Actor) -> None:
    admin_id = sari.admin_id or 0
    with books.database.write() as conn:
        presence.join(conn, "old", admin_id, NOON)
        presence.leave(conn, "old", at(10))
        presence.join(conn, "new", admin_id, at(5))
        assert presence.gone_since(conn, at(25)) == {}
        presence.leave(conn, "new", at(30))
        assert presence.gone_since(conn, at(45)) == {}  # may be a reload
        assert presence.gone_since(conn, at(60)) == {admin_id: at(30)}
        assert presence.forget_gone(conn, at(3600)) == 0
        assert presence.forget_gone(conn, at(24 * 3600 + 60)) == 2
        assert presence.gone_since(conn, at(24 * 3600 + 60)) == {}
