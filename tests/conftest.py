"""What every test can rely on; a browser test that was skipped fails the run."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from playwright.sync_api import Browser

from daemon.domain.links import LinkState
from daemon.store.engine import Database
from daemon.store.schema import migrate
from tests.support import open_connections
from tests.support.books import Books
from tests.support.browser import chromium as start_chromium
from tests.support.shop import Shop, open_shop, unlinked_shop

# the same examples in every run; HYPOTHESIS_PROFILE=explore looks for new ones
hypothesis.settings.register_profile("steady", derandomize=True)
hypothesis.settings.register_profile("explore")
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

_skipped_browser_tests: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and "browser" in report.keywords:
        _skipped_browser_tests.append(report.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    yield
    if _skipped_browser_tests:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for nodeid in _skipped_browser_tests:
        terminalreporter.write_line(f"FAILED: browser test skipped: {nodeid}", red=True)


@pytest.fixture(autouse=True)
def connections_are_closed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test that leaves a database in its own folder open."""
    if "tmp_path" not in request.fixturenames:
        yield
        return
    folder = request.getfixturevalue("tmp_path")
    with open_connections.watched(folder) as still_open:
        yield
        assert still_open() == []


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables and no rows; to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "empty.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    database.close()
    return path


@pytest.fixture
def database(migrated_file: Path, tmp_path: Path) -> Iterator[Database]:
    """A real, empty database of the test's own."""
    path = tmp_path / "balas.db"
    shutil.copy(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def books(database: Database) -> Books:
    """An account in the test's database."""
    return Books(database)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all browser tests; each takes a fresh profile of it."""
    with start_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def shared_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shared")) as shop:
        yield shop


@pytest.fixture
def shop(shared_shop: Shop) -> Shop:
    """The module's shop, online."""
    shared_shop.wa.faults.accept_logins()
    shared_shop.wait_for(LinkState.ONLINE, 60)
    return shared_shop


@pytest.fixture
def own_shop(tmp_path: Path) -> Iterator[Shop]:
    """A linked shop that the test may break for good."""
    with open_shop(tmp_path) as shop:
        yield shop


@pytest.fixture
def new_shop(tmp_path: Path) -> Iterator[Shop]:
    """A running shop whose account is not linked yet."""
    with unlinked_shop(tmp_path) as shop:
        yield shop
