"""Other processes on the same database: a small program that takes lines and answers in lines."""

import subprocess
import sys
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parents[2]

PROGRAM = """
import sqlite3, sys
from daemon.store.engine import Database
database = Database(sys.argv[1])
conn, transaction = None, None
for line in sys.stdin:
    verb, _, sql = line.strip().partition(" ")
    try:
        if verb == "begin":
            conn = database.writer()
            transaction = conn.begin()
        elif verb == "run":
            conn.exec_driver_sql(sql)
        elif verb == "commit":
            transaction.commit()
        print("ok", flush=True)
    except Exception as error:
        print(type(error.__cause__ or error).__name__, flush=True)
"""


class OtherProcess:
    """A second process that writes to the database when it is told to."""

    def __init__(self, url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def send(self, line: str) -> None:
        """Give it one thing to do, without waiting."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def answer(self) -> str:
        """What came of the oldest thing that it has not answered yet."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def do(self, line: str) -> str:
        """Give it one thing to do and wait for the answer."""
        self.send(line)
        return self.answer()

    def __enter__(self) -> "OtherProcess":
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self._process.communicate(timeout=30)
