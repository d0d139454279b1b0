"""The team: who belongs to it, who is away, who takes how much."""

import pytest
from sqlalchemy import update

from auth_store import admins
from auth_store.admins import Role
from auth_store.tables import admin
from daemon.desk import assignment, settings, team
from daemon.desk.team import AccountRefused
from daemon.domain.desk import COMMAND_LINE, Action, Actor, FieldError, Status
from daemon.domain.messages import Author
from daemon.store import audit, presence
from daemon.store.events import EventKind, read_since
from tests.support.books import Books, dump
from tests.support.builders import NOON, at, lid


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


@pytest.mark.parametrize("most", [-1, settings.MOST_CONVERSATIONS + 1])
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


def owner(books: Books, name: str) -> Actor:
    """Somebody who manages the others."""
    admin_id = books.admin(name)
    with books.database.write() as conn:
        conn.execute(update(admin).where(admin.c.id == admin_id).values(role=Role.OWNER.value))
    return Actor(Author.ADMIN, admin_id, "192.0.2.9")


def changes(books: Books) -> list[tuple[str | None, str, str | None]]:
    """What was done to accounts: by whom, what, whose; newest first."""
    with books.database.read() as conn:
        found = audit.search(conn, books.account_id, actions=[Action.ADMIN_CHANGED])
    return [(entry.admin_name, entry.detail["what"], entry.subject_name) for entry in found]


def test_a_closed_account_gives_back_its_conversations_and_may_be_opened_again(books: Books) -> None:
    ibu, budi = owner(books, "Ibu"), books.admin("Budi")
    conversation_id, _ = books.waiting(lid("1"))
    with books.database.write() as conn:
        assignment.assign(conn, conversation_id, budi, ibu, NOON)
        assert team.disable(conn, budi, ibu, at(1))
        assert not team.disable(conn, budi, ibu, at(2))
    assert books.summary(conversation_id).status == Status.UNASSIGNED
    with books.database.write() as conn:
        assert team.enable(conn, budi, ibu, at(3))
        assert not team.enable(conn, budi, ibu, at(4))
        assert not team.enable(conn, 999, ibu, at(4))
    assert changes(books) == [("Ibu", "enabled", "Budi"), ("Ibu", "disabled", "Budi")]


def test_nobody_closes_his_own_account(books: Books) -> None:
    ibu, _other = owner(books, "Ibu"), owner(books, "Bapak")
    before = dump(books.database)
    with pytest.raises(AccountRefused) as refused, books.database.write() as conn:
        team.disable(conn, ibu.admin_id or 0, ibu, NOON)
    assert refused.value.reason == "own"
    assert dump(books.database) == before


def test_the_last_owner_stays_whoever_wants_him_gone(books: Books) -> None:
    ibu, bapak = owner(books, "Ibu"), owner(books, "Bapak")
    with books.database.write() as conn:
        assert team.disable(conn, bapak.admin_id or 0, COMMAND_LINE, NOON)
    # two owners close each other's account at the same moment: one of them stays
    with pytest.raises(AccountRefused) as refused, books.database.write() as conn:
        team.disable(conn, ibu.admin_id or 0, bapak, at(1))
    assert refused.value.reason == "last_owner"
    assert changes(books) == [(None, "disabled", "Bapak")]


def test_every_link_with_which_somebody_sets_up_an_account_is_written_down(books: Books) -> None:
    ibu, budi = owner(books, "Ibu"), books.admin("Budi")
    with books.database.write() as conn:
        invited = team.invite(conn, Role.ADMIN, ibu, NOON)
        team.invite(conn, Role.OWNER, COMMAND_LINE, NOON)
        renewal = team.new_password_link(conn, budi, ibu, NOON)
        links = [admins.find_setup_link(conn, token, at(1)) for token in (invited, renewal)]
    assert [link and (link.role, link.admin_id) for link in links] == [(Role.ADMIN, None), (Role.ADMIN, budi)]
    assert changes(books) == [("Ibu", "link", "Budi"), (None, "invited_owner", None), ("Ibu", "invited", None)]


@pytest.mark.parametrize("known", [True, False])
def test_a_closed_account_gets_no_link_for_a_new_password(books: Books, known: bool) -> None:
    ibu, budi = owner(books, "Ibu"), books.admin("Budi")
    with books.database.write() as conn:
        team.disable(conn, budi, ibu, NOON)
    before = dump(books.database)
    with pytest.raises(AccountRefused) as refused, books.database.write() as conn:
        team.new_password_link(conn, budi if known else 999, ibu, at(1))
    assert refused.value.reason == "closed"
    assert dump(books.database) == before


def test_an_account_that_is_added_is_written_down_with_its_role(books: Books) -> None:
    with books.database.write() as conn:
        team.add(conn, "maya", "Maya", "satu kalimat pendek", Role.ADMIN, COMMAND_LINE, NOON)
        team.add(conn, "ibu", "Ibu", "satu kalimat pendek", Role.OWNER, COMMAND_LINE, NOON)
        found = admins.authenticate(conn, "maya", "satu kalimat pendek")
    assert found is not None
    assert changes(books) == [(None, "added_owner", "Ibu"), (None, "added", "Maya")]
