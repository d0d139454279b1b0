"""The journal gets priorities and no second clock; a terminal gets the time; neither gets what customers wrote."""

import logging
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from daemon.logs import is_journal
from daemon.store.engine import Database
from daemon.store.tables.core import contact
from tests.support.shop import ROOT

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
