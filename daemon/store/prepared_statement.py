"""Statements that are compiled once and run on the driver: for the path that every single message takes."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

_DIALECT = sqlite.dialect()


class Prepared:
    """One Core statement, its SQL and the order of its parameters.

    Connection.execute looks its compiled form up, and builds a context and a result, each time: on this path
    that took twice as long as SQLite itself. Runs in the transaction of the connection it is given.
    """

    def __init__(self, statement: Executable, parameters: Sequence[str] | None = None) -> None:
        compiled = statement.compile(dialect=_DIALECT, column_keys=parameters)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        assert compiled.positiontup is not None
        self._sql = str(compiled)
        self._parameters = [
            (name, compiled.binds[name].type.dialect_impl(_DIALECT).bind_processor(_DIALECT))
            for name in compiled.positiontup
        ]

    def run(self, conn: Connection, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Execute with these values; the first row, if the statement gives any."""
        row = [values[name] if process is None else process(values[name]) for name, process in self._parameters]
        cursor = conn.connection.cursor()
        try:
            cursor.execute(self._sql, row)
            found: tuple[Any, ...] | None = cursor.fetchone()
            return found
        except sqlite3.Error as error:
            # the same exceptions as everywhere else, with no message text in them
            raise DBAPIError.instance(self._sql, None, error, sqlite3.Error, hide_parameters=True) from None
        finally:
            cursor.close()
