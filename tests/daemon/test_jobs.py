"""What is done by the clock is done on a computer that is off at night, too."""

from collections.abc import Iterator

import pytest

from daemon.config import Config
from daemon.domain.time import utc_now
from daemon.store.engine import Database
from daemon.supervisor.jobs import FIRST_LOOK, Jobs


@pytest.fixture
def jobs(database: Database) -> Iterator[Jobs]:
    started = Jobs(Config.from_env({}), database, utc_now).start()
    yield started
    started.stop()


def test_each_job_runs_for_the_first_time_soon_after_the_start(jobs: Jobs) -> None:
    latest = utc_now() + FIRST_LOOK
    first_runs = {job.name: job.next_run_time for job in jobs._scheduler.get_jobs()}
    assert "prune_events" in first_runs
    assert {name for name, at in first_runs.items() if at > latest} == set()
