"""The log is followed by cursor: nothing is missed, nothing comes twice, and a cursor too old is told so."""

import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from daemon.store import events
from daemon.store.change_watch import ChangeWatch
from daemon.store.events import CursorTooOld, EventKind
from tests.store.processes import OtherProcess
from tests.support.books import Books
from tests.support.builders import at


def append(books: Books, *seconds: float) -> None:
    with books.database.write() as conn:
        for second in seconds:
            events.append(conn, books.account_id, EventKind.MESSAGE_NEW, at(second), 7, int(second))


def read(books: Books, cursor: int, limit: int = 500) -> list[int]:
    with books.database.read() as conn:
        return [event.seq for event in events.read_since(conn, cursor, limit)]


def prune(books: Books, before: float) -> int:
    with books.database.write() as conn:
        return events.prune(conn, at(before))


def last(books: Books) -> int:
    with books.database.read() as conn:
        return events.last_seq(conn)


def test_an_empty_log_has_nothing_and_no_sequence_number(books: Books) -> None:
    assert (last(books), read(books, 0)) == (0, [])


def test_an_event_is_read_as_it_was_written(books: Books) -> None:
    append(books, 3)
    with books.database.read() as conn:
        (event,) = events.read_since(conn, 0)
    assert event == events.LoggedEvent(1, books.account_id, EventKind.MESSAGE_NEW, 7, 3)


def test_a_cursor_reads_on_where_it_stopped(books: Books) -> None:
    append(books, 1, 2, 3)
    assert read(books, 0) == [1, 2, 3]
    assert read(books, 0, limit=2) == [1, 2]
    assert read(books, 2) == [3]
    assert read(books, 3) == []
    assert last(books) == 3


def test_a_rolled_back_fact_leaves_no_gap(books: Books) -> None:
    append(books, 1)
    with suppress(RuntimeError), books.database.write() as conn:
        events.append(conn, books.account_id, EventKind.TYPING, at(2))
        raise RuntimeError
    append(books, 3)
    assert read(books, 1) == [2]


def test_a_pruned_log_tells_an_old_cursor_to_read_everything_again(books: Books) -> None:
    append(books, 1, 2, 3, 4)
    assert prune(books, 3) == 2
    with pytest.raises(CursorTooOld):
        read(books, 0)
    with pytest.raises(CursorTooOld):
        read(books, 1)
    assert read(books, 2) == [3, 4]


def test_the_newest_event_is_never_forgotten(books: Books) -> None:
    append(books, 1, 2, 3)
    assert prune(books, 100) == 2
    assert (last(books), read(books, 2)) == (3, [3])
    assert prune(books, 100) == 0


def test_sequence_numbers_are_never_given_twice(books: Books) -> None:
    append(books, 1, 2)
    prune(books, 100)
    append(books, 3)
    assert last(books) == 3


def test_a_gap_is_no_silence(books: Books) -> None:
    append(books, 1, 2, 3)
    with books.database.write() as conn:
        conn.exec_driver_sql("DELETE FROM event_log WHERE seq = 2")
    with pytest.raises(CursorTooOld):
        read(books, 1)


@pytest.fixture
def watch(books: Books) -> Iterator[ChangeWatch]:
    watch = ChangeWatch(books.database)
    watch.changed()
    yield watch
    watch.close()


def test_a_sleeping_reader_is_woken_by_another_process(books: Books, watch: ChangeWatch) -> None:
    woken: list[bool] = []
    with OtherProcess(books.database.url) as other:
        sleeper = threading.Thread(target=lambda: woken.append(watch.wait(20)))
        sleeper.start()
        assert other.do("begin") == "ok"
        assert other.do("run UPDATE account SET name = 'toko'") == "ok"
        assert woken == []
        assert other.do("commit") == "ok"
        sleeper.join(5)
    assert woken == [True]


def test_a_reader_who_waits_for_nothing_is_told_so(watch: ChangeWatch) -> None:
    assert not watch.wait(0.05)


def test_a_commit_before_the_wait_is_not_slept_through(books: Books, watch: ChangeWatch) -> None:
    append(books, 1)
    assert watch.wait(0)
