"""Who came in and who went, in the owner's log."""

import pytest

from auth_store import admins
from auth_store.admins import AccountError, Admin, Role
from daemon.desk import logins
from daemon.domain.desk import Action, Actor
from daemon.domain.messages import Author
from daemon.store import audit
from daemon.store.audit import AuditEntry
from tests.support.books import Books, dump
from tests.support.builders import NOON, at

ADDRESS, PASSWORD = "192.0.2.1", "satu kalimat pendek"


def log(books: Books) -> list[AuditEntry]:
    """The log, oldest line first."""
    with books.database.read() as conn:
        return audit.search(conn, books.account_id)[::-1]


def find(books: Books, admin_id: int) -> Admin:
    with books.database.read() as conn:
        found = admins.by_id(conn, admin_id)
    assert found
    return found


def test_coming_in_and_going_out_are_written_down(books: Books) -> None:
    budi = find(books, books.admin("Budi"))
    with books.database.write() as conn:
        logins.logged_in(conn, budi, ADDRESS, NOON)
        logins.logged_out(conn, Actor(Author.ADMIN, budi.id, ADDRESS), at(1))
    assert [(line.action, line.admin_name, line.address) for line in log(books)] == [
        (Action.LOGIN, "Budi", ADDRESS),
        (Action.LOGOUT, "Budi", ADDRESS),
    ]


def test_who_was_refused_is_known_by_his_account_never_by_what_was_typed(books: Books) -> None:
    budi = books.admin("Budi")
    with books.database.write() as conn:
        logins.refused(conn, "Budi", ADDRESS, NOON)
        logins.refused(conn, "my secret by mistake", ADDRESS, at(1))
    known, unknown = log(books)
    assert (known.action, known.admin_id, known.detail) == (Action.LOGIN_FAILED, budi, {})
    assert (unknown.action, unknown.admin_id, unknown.detail) == (Action.LOGIN_FAILED, None, {})
    assert "secret" not in str(dump(books.database))


def test_a_link_makes_an_account_once(books: Books) -> None:
    with books.database.write() as conn:
        link = admins.find_setup_link(conn, admins.new_setup_link(conn, Role.ADMIN, NOON), NOON)
        assert link
        made = logins.set_up(conn, link, "maya", "Maya", PASSWORD, ADDRESS, at(1))
        assert not admins.use_setup_link(conn, link, at(2))
    assert [(line.action, line.admin_name, line.detail.get("what")) for line in log(books)] == [
        (Action.ADMIN_CHANGED, "Maya", "created"),
        (Action.LOGIN, "Maya", None),
    ]
    assert {(line.admin_id, line.address) for line in log(books)} == {(made.id, ADDRESS)}


def test_a_link_renews_a_password_and_nothing_else(books: Books) -> None:
    before = find(books, books.admin("Budi"))
    with books.database.write() as conn:
        link = admins.find_setup_link(conn, admins.new_setup_link(conn, Role.ADMIN, NOON, before.id), NOON)
        assert link
        renewed = logins.set_up(conn, link, "somebody", "Else", PASSWORD, ADDRESS, at(1))
        assert admins.authenticate(conn, "budi", PASSWORD) == renewed
    assert (renewed.id, renewed.username, renewed.name) == (before.id, "budi", "Budi")
    assert [(line.action, line.subject_name, line.detail.get("what")) for line in log(books)] == [
        (Action.ADMIN_CHANGED, "Budi", "password"),
        (Action.LOGIN, None, None),
    ]


def test_a_link_stays_good_when_what_was_typed_is_not(books: Books) -> None:
    with books.database.write() as conn:
        link = admins.find_setup_link(conn, admins.new_setup_link(conn, Role.ADMIN, NOON), NOON)
    assert link
    before = dump(books.database)
    with pytest.raises(AccountError), books.database.write() as conn:
        logins.set_up(conn, link, "maya", "Maya", "pendek", ADDRESS, at(1))
    assert dump(books.database) == before
