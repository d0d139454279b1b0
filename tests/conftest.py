"""What every test can rely on; a browser test that was skipped fails the run."""

from collections.abc import Iterator

import pytest

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
