"""A lock that others hold passes, and so does a full disk; what is wrong with a row or a table does not."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy.exc import DatabaseError

from daemon.store.busy import is_busy, until_taken
from daemon.store.change_watch import ChangeWatch
from daemon.store.engine import Database
from tests.support.lock import write_lock


@pytest.fixture
def hurried(database: Database) -> Iterator[Database]:
    with closing(Database(database.url, patience_ms=1)) as found:
        yield found


def error_of(database: Database, *statements: str) -> DatabaseError:
    try:
        with database.write() as conn:
            for statement in statements:
                conn.exec_driver_sql(statement)
    except DatabaseError as error:
        return error
    raise AssertionError("it was taken")


def test_a_lock_that_somebody_holds_passes(hurried: Database) -> None:
    with write_lock(hurried):
        assert is_busy(error_of(hurried, "SELECT 1"))


def test_a_full_disk_passes(hurried: Database) -> None:
    full = "PRAGMA max_page_count=1", "CREATE TABLE t (x)", "INSERT INTO t VALUES (zeroblob(100000))"
    assert is_busy(error_of(hurried, *full))


def test_the_words_of_the_driver_itself_are_known_as_well(hurried: Database) -> None:
    with write_lock(hurried), closing(sqlite3.connect(hurried.path, timeout=0, isolation_level=None)) as other:
        with pytest.raises(sqlite3.OperationalError) as found:
            other.execute("BEGIN IMMEDIATE")
        assert is_busy(found.value)


@pytest.mark.parametrize("statement", ["SELECT 1 FROM nowhere", "INSERT INTO account (id) VALUES (1)"])
def test_what_is_wrong_itself_does_not_pass(database: Database, statement: str) -> None:
    assert not is_busy(error_of(database, statement))
    assert not is_busy(ValueError())


def test_what_is_busy_is_tried_until_it_is_taken(hurried: Database) -> None:
    attempts = []

    def write() -> str:
        with hurried.write():
            return "taken"

    with write_lock(hurried) as lock:

        def meanwhile() -> None:
            attempts.append(1)
            if len(attempts) == 3:
                lock.rollback()

        assert until_taken(write, "a row", meanwhile) == "taken"
    assert len(attempts) == 3


def test_an_eye_on_the_database_is_as_patient_as_the_database(hurried: Database) -> None:
    with closing(ChangeWatch(hurried)) as watch:
        assert watch._connection.execute("PRAGMA busy_timeout").fetchone() == (1,)
