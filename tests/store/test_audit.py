"""The log of what people did, as the owner reads and filters it."""

from typing import Any

import pytest

from daemon.domain.desk import THE_DESK, Action, Actor
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.store import accounts, audit
from tests.support.books import Books
from tests.support.builders import at, lid


class Log:
    """A day of two admins."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.sari, self.budi = books.admin("Sari"), books.admin("Budi")
        self.one, self.two = books.conversation(lid("1")), books.conversation(lid("2"))
        sari = Actor(Author.ADMIN, self.sari, "10.0.0.7")
        budi = Actor(Author.ADMIN, self.budi)
        account = books.account_id
        with books.database.write() as conn:
            other = accounts.ensure(conn, "other", utc_now()).id
            self.lines = [
                audit.record(conn, None, Action.LOGIN, sari, at(0)),
                audit.record(conn, account, Action.ASSIGNED, sari, at(10), self.one, self.budi),
                audit.record(conn, account, Action.HANDLED, budi, at(20), self.one, detail={"turn": 3}),
                audit.record(conn, account, Action.RESOLVED, budi, at(30), self.two),
                audit.record(conn, account, Action.ALARM, THE_DESK, at(40), self.two),
            ]
            self.foreign = audit.record(conn, other, Action.SETTING_CHANGED, sari, at(50))

    def found(self, **wish: Any) -> list[int]:
        """The lines that are found, by their place in the day."""
        with self.books.database.read() as conn:
            return [self.lines.index(entry.id) for entry in audit.search(conn, self.books.account_id, **wish)]


@pytest.fixture
def log(books: Books) -> Log:
    return Log(books)


def test_the_newest_come_first_with_the_logins_and_without_other_accounts(log: Log) -> None:
    assert log.found() == [4, 3, 2, 1, 0]


def test_a_line_says_who_did_what_to_whom_and_from_where(log: Log) -> None:
    with log.books.database.read() as conn:
        found = audit.search(conn, log.books.account_id, conversation_id=log.one)
    handled, assigned = found
    assert (assigned.actor, assigned.admin_name, assigned.action) == (Author.ADMIN, "Sari", Action.ASSIGNED)
    assert (assigned.subject_name, assigned.address, assigned.at) == ("Budi", "10.0.0.7", at(10))
    assert (handled.admin_name, handled.address, handled.detail) == ("Budi", None, {"turn": 3})


def test_filters_narrow_it_down(log: Log) -> None:
    assert log.found(actions={Action.RESOLVED, Action.ALARM}) == [4, 3]
    assert log.found(actions=[]) == []
    assert log.found(conversation_id=log.two) == [4, 3]
    assert log.found(since=at(10), until=at(30)) == [2, 1]
    assert log.found(admin_id=log.sari, actions=[Action.ASSIGNED], since=at(11)) == []


def test_an_admin_is_found_by_what_he_did_and_by_what_was_done_to_him(log: Log) -> None:
    assert log.found(admin_id=log.budi) == [3, 2, 1]
    assert log.found(admin_id=log.sari) == [1, 0]


def test_the_next_page_goes_on_where_the_last_one_ended(log: Log) -> None:
    assert log.found(limit=2) == [4, 3]
    assert log.found(limit=2, before_id=log.lines[3]) == [2, 1]
    assert log.found(limit=2, before_id=log.lines[1]) == [0]
