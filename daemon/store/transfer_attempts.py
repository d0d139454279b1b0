"""How often a file was fetched or brought in vain, and when it is tried again: columns that both tables share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, select, update

# of what can't even be given up: nobody is left who looks at it
_NEVER = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A transfer that has begun and not ended: its message, and how many ended with their process before."""

    message_id: int
    deaths: int


class Attempts:
    """The attempts noted in one table, a row for each message."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def begun(self, conn: Connection, account_id: int) -> Sequence[Attempt]:
        """Those that have begun and not ended."""
        columns = self._table.c
        found = select(columns.message_id, columns.deaths).where(
            columns.account_id == account_id, columns.begun_at.is_not(None)
        )
        return [Attempt(row.message_id, row.deaths) for row in conn.execute(found)]

    def begin(self, conn: Connection, message_id: int, now: datetime) -> None:
        """One is about to begin."""
        self.set(conn, message_id, begun_at=now)

    def interrupted(self, conn: Connection, message_id: int) -> None:
        """It was ended by us: it is due as before."""
        self.set(conn, message_id, begun_at=None)

    def later(self, conn: Connection, message_id: int, at: datetime) -> None:
        """Try again at a time: the hosts did not do it."""
        self.set(conn, message_id, next_at=at, begun_at=None, failures=self._table.c.failures + 1)

    def died(self, conn: Connection, message_id: int, at: datetime) -> None:
        """Try again at a time: a process ended during the transfer."""
        self.set(conn, message_id, next_at=at, begun_at=None, deaths=self._table.c.deaths + 1)

    def pass_over(self, conn: Connection, message_id: int, now: datetime) -> None:
        """Never look at it again."""
        self.set(conn, message_id, next_at=now + _NEVER, begun_at=None)

    def set(self, conn: Connection, message_id: int, **values: Any) -> None:
        """Write columns of a message's row."""
        conn.execute(update(self._table).where(self._table.c.message_id == message_id).values(values))
