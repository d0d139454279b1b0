"""SQLite as we set it up: durable, one writer at a time across processes, readers see what is committed."""

import select
from contextlib import suppress

import pytest
from sqlalchemy.exc import IntegrityError

from daemon.store.change_watch import ChangeWatch
from daemon.store.engine import Database
from tests.store.processes import OtherProcess
from tests.support.books import Books

COUNT = "SELECT count(*) FROM account"
ADD = "INSERT INTO account (name, created_at) VALUES ('{}', 0)"


def count(database: Database) -> int:
    with database.read() as conn:
        return int(conn.exec_driver_sql(COUNT).scalar_one())


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 15_000)],
)
def test_every_connection_is_durable_and_strict(database: Database, pragma: str, value: object) -> None:
    with database.read() as one, database.read() as two, database.write() as three:
        for conn in (one, two, three):
            assert conn.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
    with database.writer() as conn:
        assert conn.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_a_row_without_its_account_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as conn:
        conn.exec_driver_sql(
            "INSERT INTO contact (account_id, kind, created_at) VALUES (99, 'person', 0)",
        )


def test_a_writer_in_another_process_waits_from_its_first_instruction_on(database: Database) -> None:
    with OtherProcess(database.url) as other:
        assert other.do("noop") == "ok"
        with database.write() as conn:
            # taken without a single statement: two writers never read the same old rows
            other.send("begin")
            assert not select.select([other._process.stdout], [], [], 0.2)[0]
            conn.exec_driver_sql(ADD.format("first"))
        assert other.answer() == "ok"
        assert other.do("run " + ADD.format("first")) == "IntegrityError"
        assert other.do("run " + ADD.format("second")) == "ok"
        assert other.do("commit") == "ok"
    assert count(database) == 2


def test_readers_go_on_while_another_process_writes(database: Database) -> None:
    with OtherProcess(database.url) as other:
        assert other.do("begin") == "ok"
        assert other.do("run " + ADD.format("first")) == "ok"
        assert count(database) == 0
        assert other.do("commit") == "ok"
        assert count(database) == 1


def test_what_a_transaction_has_not_committed_is_invisible_and_undone_by_an_error(database: Database) -> None:
    with suppress(RuntimeError), database.write() as conn:
        conn.exec_driver_sql(ADD.format("first"))
        assert conn.exec_driver_sql(COUNT).scalar() == 1
        assert count(database) == 0
        raise RuntimeError
    assert count(database) == 0


def test_nothing_written_on_a_read_connection_survives(database: Database) -> None:
    with database.read() as conn:
        conn.exec_driver_sql(ADD.format("first"))
    assert count(database) == 0


def test_a_reader_keeps_one_view_for_as_long_as_it_looks(books: Books) -> None:
    with books.database.read() as conn:
        before = conn.exec_driver_sql(COUNT).scalar()
        with books.database.write() as writer:
            writer.exec_driver_sql(ADD.format("another"))
        assert conn.exec_driver_sql(COUNT).scalar() == before


def test_a_watch_sees_another_process_commit_and_nothing_before(database: Database) -> None:
    watch = ChangeWatch(database)
    assert watch.changed()
    assert not watch.changed()
    with OtherProcess(database.url) as other:
        assert other.do("begin") == "ok"
        assert other.do("run " + ADD.format("first")) == "ok"
        assert not watch.changed()
        assert other.do("commit") == "ok"
        assert watch.changed()
        assert not watch.changed()
    watch.close()


def test_a_watch_sees_a_commit_of_another_thread_of_this_process(books: Books) -> None:
    watch = ChangeWatch(books.database)
    watch.changed()
    with books.database.write() as conn:
        conn.exec_driver_sql(ADD.format("another"))
    assert watch.changed()
    watch.close()
