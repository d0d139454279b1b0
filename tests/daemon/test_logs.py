"""The journal gets priorities and no second clock; a terminal gets the time; neither gets what customers wrote."""

import io
import logging
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from daemon.logs import CountingHandler, is_journal, without_words
from daemon.store.engine import Database
from daemon.store.tables.core import contact
from tests.support.shop import ROOT
from tests.support.waiting import wait_until

SPEAK = """
import logging
from daemon import logs
logs.set_up("INFO", "daemon")
log = logging.getLogger("somewhere")
log.info("all is well")
log.warning("hm")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("no")
"""


def speak(journal: bool) -> list[str]:
    """The lines that a process logs, to the journal's socket or to a pipe that inherited its variable."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        status = os.fstat(theirs.fileno())
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}",
        }
        stderr = theirs if journal else subprocess.PIPE
        done = subprocess.run(
            [sys.executable, "-c", SPEAK], env=environment, stderr=stderr, text=True, timeout=30, check=True
        )
        theirs.shutdown(socket.SHUT_WR)
        text = ours.makefile().read() if journal else done.stderr
    return str(text).splitlines()


def test_the_journal_gets_a_priority_a_line_and_no_time() -> None:
    lines = speak(journal=True)
    assert lines[:3] == ["<6>daemon somewhere: all is well", "<4>daemon somewhere: hm", "<3>daemon somewhere: no"]
    assert lines[-1] == "<3>ZeroDivisionError: division by zero"
    assert all(line.startswith("<3>") for line in lines[3:])


def test_anything_else_gets_the_time() -> None:
    lines = speak(journal=False)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d [\d:,]+ daemon INFO somewhere: all is well", lines[0])


def test_a_stream_without_a_file_is_no_journal() -> None:
    class Closed:
        def fileno(self) -> int:
            raise OSError("closed")

    assert not is_journal({"JOURNAL_STREAM": "1:2"}, Closed())  # type: ignore[arg-type]


def test_what_the_database_refuses_is_not_quoted(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    secret = "".join(["Ri", "na"])  # a traceback shows the lines of the program
    try:
        with database.write() as conn:
            conn.execute(insert(contact).values(account_id=999, kind="person", name=secret, created_at=None))
    except IntegrityError:
        logging.getLogger("somewhere").exception("it was refused")
    assert "it was refused" in caplog.text
    assert secret not in caplog.text


def test_the_inbox_logs_as_the_daemon_does(tmp_path: Path) -> None:
    code = "from gunicorn.config import Config\nfrom webui.serve import Log\nLog(Config()).error('it %s', 'fell')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\d [\d:,]+ inbox ERROR gunicorn.error: it fell\n", done.stderr)


class Counted:
    """A log that counts, its lines, and a clock that the test moves."""

    def __init__(self) -> None:
        self.stream, self.now = io.StringIO(), 0.0
        self.handler = CountingHandler(self.stream, lambda: self.now)
        self.log = logging.Logger("somewhere")
        self.log.addHandler(self.handler)

    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


@pytest.fixture
def counted() -> Iterator[Counted]:
    found = Counted()
    yield found
    found.handler.close()


def test_what_is_said_a_thousand_times_is_said_once_and_counted_once_a_minute(counted: Counted) -> None:
    for second in range(150):
        counted.now = second
        for _ in range(100):
            counted.log.warning("the queue is full")
    assert counted.lines() == [
        "the queue is full",
        "the queue is full … 5,999 more times in the last minute",
        "the queue is full … 6,000 more times in the last minute",
    ]


def test_the_same_words_of_another_line_are_not_held_back(counted: Counted) -> None:
    for name in ("a", "b", "a"):
        counted.log.warning("%s failed", name)
        counted.log.error("%s failed", name)
    assert counted.lines() == ["a failed", "a failed", "b failed", "b failed"]


def test_what_comes_back_after_a_quiet_minute_is_said_at_once(counted: Counted) -> None:
    for counted.now in (0, 60, 130):
        counted.log.warning("hm")
    assert counted.lines() == ["hm", "hm", "hm"]


def test_what_is_no_warning_is_never_counted(counted: Counted) -> None:
    for _ in range(3):
        counted.log.info("well")
    assert counted.lines() == ["well", "well", "well"]


def test_another_line_and_the_end_tell_what_is_counted(counted: Counted) -> None:
    counted.log.warning("hm")
    counted.log.warning("hm")
    counted.now = 61
    counted.log.info("well")
    counted.log.warning("hm")
    assert counted.lines() == ["hm", "hm … 1 more time in the last minute", "well"]
    counted.handler.close()
    assert counted.lines()[3:] == ["hm … 1 more time in the last minute"]


def test_a_count_is_told_even_if_nothing_follows(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.logs.WINDOW", 0.05)
    counted.log.warning("hm")
    counted.log.warning("hm")
    counted.now = 61
    wait_until(lambda: counted.lines()[1:] == ["hm … 1 more time in the last minute"], 5, "the count")


def test_every_process_counts() -> None:
    code = (
        "import logging\nfrom daemon import logs\nlogs.set_up('INFO', 'session')\n"
        "for _ in range(4):\n    logging.getLogger('x').warning('Handler queue is full')\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert [line.partition(": ")[2] for line in done.stderr.splitlines()] == [
        "Handler queue is full",
        "Handler queue is full … 3 more times in the last minute",
    ]


def test_an_error_without_words_says_where_and_which_kind_it_was() -> None:
    secret = "".join(["Ri", "na"])  # a traceback shows the lines of the program
    try:
        try:
            int(secret)
        except ValueError as error:
            raise KeyError(secret) from error
    except KeyError as error:
        found = without_words(error)
    assert "test_logs.py" in found
    assert "ValueError" in found
    assert found.endswith("KeyError")
    assert secret not in found
