"""The database: SQLite in WAL with every commit on disk, one writer at a time, many readers."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

BUSY_TIMEOUT_MS = 15_000
# for a loop that shows signs of life, and does what it could not do another time (heartbeat.SILENT_AFTER is 5 s)
BRIEF_TIMEOUT_MS = 2_000


class Database:
    """One process's way to the database; functions of the store take the connections it hands out.

    Whoever finds it locked waits for `patience_ms`, then gets an OperationalError that `is_busy` knows.
    Connections stay open for the next one, unless `keeps` is false.
    """

    def __init__(self, url: str, patience_ms: int = BUSY_TIMEOUT_MS, keeps: bool = True) -> None:
        self.url = url
        self.patience_ms = patience_ms
        self.engine = _engine(url, patience_ms, keeps)
        self._writers = self.engine.execution_options(begin="BEGIN IMMEDIATE")

    @property
    def path(self) -> str:
        """The file of the database."""
        return make_url(self.url).database or ""

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its first instruction; commits at the end."""
        with self._writers.begin() as conn:
            yield conn

    def writer(self) -> Connection:
        """A connection for one thread that writes often; each of its `begin()` takes the write lock."""
        return self._writers.connect()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view of the database; nothing that is written here survives."""
        with self.engine.connect() as conn:
            yield conn

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def _engine(url: str, patience_ms: int, keeps: bool) -> Engine:
    engine = create_engine(
        url,
        # errors are logged: they must not carry what customers wrote
        hide_parameters=True,
        **({"pool_size": 8, "max_overflow": 64} if keeps else {"poolclass": NullPool}),
        connect_args={"isolation_level": None, "timeout": patience_ms / 1000},
    )

    @event.listens_for(engine, "connect")
    def _pragmas(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        set_pragmas(connection, patience_ms)

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        conn.exec_driver_sql(conn.get_execution_options().get("begin", "BEGIN"))

    return engine


def set_pragmas(connection: Any, patience_ms: int = BUSY_TIMEOUT_MS) -> None:
    """WAL, a commit that is on disk when it returns, foreign keys, and patience with other writers."""
    # a text that is none (older versions kept such) must not end the query that meets it
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    cursor: sqlite3.Cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={patience_ms}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        # pages in the log before it is written back: 16 MB instead of 4, for a quarter of the flushes
        "wal_autocheckpoint=4000",
        "cache_size=-4000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
