"""Somebody who holds the database's write lock, as a long backup or a stuck process would."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from daemon.store.engine import Database


@contextmanager
def write_lock(database: Database) -> Iterator[sqlite3.Connection]:
    """Nobody else can write until the end, or until the connection's `rollback`."""
    with closing(sqlite3.connect(database.path, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        if connection.in_transaction:
            connection.rollback()
