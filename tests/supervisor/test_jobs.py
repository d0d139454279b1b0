"""What is done by the clock is done on a computer that is off at night, too."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from daemon.config import Config
from daemon.domain.time import utc_now
from daemon.store import events
from daemon.store.engine import Database
from daemon.store.events import EventKind
from daemon.store.portions import MOST_ROWS
from daemon.supervisor.jobs import EVENTS_KEPT, FIRST_LOOK, Jobs, prune_events
from tests.support.books import Books
from tests.support.builders import at


@pytest.fixture
def jobs(database: Database) -> Iterator[Jobs]:
    started = Jobs(Config.from_env({}), database, utc_now).start()
    yield started
    started.stop()


def test_a_log_that_was_not_pruned_for_long_goes_a_few_events_at_a_time(books: Books) -> None:
    with books.database.write() as conn:
        for second in range(2 * MOST_ROWS + 2):
            events.append(conn, books.account_id, EventKind.ACTIVITY, at(second))
    later = at(0) + EVENTS_KEPT + timedelta(days=1)
    with books.database.write() as conn:
        assert events.prune(conn, later) == MOST_ROWS
    assert prune_events(books.database, lambda: later) == MOST_ROWS + 1
    assert books.rows("event_log") == 1


def test_each_job_runs_for_the_first_time_soon_after_the_start(jobs: Jobs) -> None:
    latest = utc_now() + FIRST_LOOK
    first_runs = {job.name: job.next_run_time for job in jobs._scheduler.get_jobs()}
    assert "prune_events" in first_runs
    assert {name for name, at in first_runs.items() if at > latest} == set()
