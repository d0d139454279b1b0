"""Which groups have changed: WhatsApp says so, and is asked what they are now."""

import time
from datetime import datetime
from queue import Empty, SimpleQueue

from sqlalchemy import Connection

from daemon.desk import groups as desk_groups
from daemon.domain.ids import parse_address
from daemon.domain.time import Clock
from daemon.store import contacts, groups
from daemon.store.engine import Database

# Seconds: several changes at once are asked about once, and what is being asked already is asked again after that.
AFTER_CHANGE, AGAIN = 1.0, 2.0


class GroupWatch:
    """The groups of one account; looked after by the session's main loop."""

    def __init__(self, database: Database, account_id: int, clock: Clock) -> None:
        self._database = database
        self._account_id = account_id
        self._clock = clock
        self._told: SimpleQueue[str] = SimpleQueue()
        # when each was told of, and when it is to be asked about, on time.monotonic()
        self._due: dict[str, tuple[datetime, float]] = {}
        self._has_asked = False

    def changed(self, address: str) -> None:
        """A group has changed (called on the library's threads)."""
        self._told.put(address)

    def tend(self) -> None:
        """Ask what there is to ask; at first, whether the number still is in the groups that are switched on."""
        while True:
            try:
                self._due[self._told.get_nowait()] = self._clock(), time.monotonic() + AFTER_CHANGE
            except Empty:
                break
        if not self._has_asked:
            with self._database.read() as conn:
                any_on = groups.any_on(conn, self._account_id)
            if any_on:
                with self._database.write() as conn:
                    desk_groups.ask_for_all(conn, self._account_id, self._clock())
            self._has_asked = True
        due = [address for address, (_, at) in self._due.items() if at <= time.monotonic()]
        for address in due:
            with self._database.write() as conn:
                is_asked = self._ask(conn, address)
            if is_asked:
                del self._due[address]
            else:
                self._due[address] = self._due[address][0], time.monotonic() + AGAIN

    def _ask(self, conn: Connection, address: str) -> bool:
        """Whether it is asked, since it changed; nobody needs to know what a group is that is off."""
        contact_id = contacts.find(conn, self._account_id, parse_address(address))
        group = groups.get(conn, contact_id) if contact_id is not None else None
        if group is None or not group.is_on:
            return True
        question = desk_groups.ask_about(conn, group, self._clock())
        return question is None or question.asked_at >= self._due[address][0]
