"""A shop's books without a wire: a real database file, written by the store's own functions at given times."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from auth_store.tables import admin
from daemon.domain.groups import GroupMode
from daemon.domain.ids import Party
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author, Delivery
from daemon.domain.turns import HandledMark
from daemon.store import (
    accounts,
    contacts,
    conversation_list,
    conversations,
    events,
    groups,
    links,
    messages,
    outbox,
    threads,
    turns,
)
from daemon.store.conversation_list import Summary
from daemon.store.engine import Database
from daemon.store.links import Link
from daemon.store.threads import Bubble
from tests.support.builders import NOON, at

Dump = dict[str, list[tuple[Any, ...]]]


def dump(database: Database) -> Dump:
    """Every row of every table, as SQLite holds them."""
    with closing(sqlite3.connect(database.path)) as conn:
        names = [r[0] for r in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {name: conn.execute(f'SELECT * FROM "{name}" ORDER BY rowid').fetchall() for name in names}


@dataclass
class Books:
    """The rows of one account."""

    database: Database
    account_id: int = 0
    _count: int = field(default=0)

    def __post_init__(self) -> None:
        with self.database.write() as conn:
            self.account_id = accounts.ensure(conn, "main", NOON).id

    def write(self, change: Callable[[Connection], Any]) -> Any:
        """Do one thing in a transaction of its own."""
        with self.database.write() as conn:
            return change(conn)

    def admin(self, name: str) -> int:
        """An admin who may answer."""
        with self.database.write() as conn:
            values = {"username": name.lower(), "name": name, "role": "admin", "created_at": NOON}
            # nobody logs in here: hashing a password would take most of a test's time
            values |= {"password_hash": "", "session_key": name}
            return conn.execute(insert(admin).values(values).returning(admin.c.id)).scalar_one()

    def contact(self, party: Party) -> int:
        """The contact of a party, made if new."""
        with self.database.write() as conn:
            return contacts.resolve(conn, self.account_id, party, NOON)

    def conversation(self, party: Party, now: datetime = NOON) -> int:
        """A new conversation with a party."""
        contact_id = self.contact(party)
        with self.database.write() as conn:
            return conversations.start(conn, self.account_id, contact_id, party.kind, now)

    def switch_group(self, party: Party, mode: GroupMode = GroupMode.ALWAYS) -> int:
        """Say what a group does here; gives its contact."""
        contact_id = self.contact(party)
        with self.database.write() as conn:
            group = groups.get(conn, contact_id)
            assert group is not None
            groups.set_mode(conn, group, mode)
        return contact_id

    def resolve(self, conversation_id: int) -> None:
        """End a conversation, as the inbox will."""
        with self.database.write() as conn:
            conn.exec_driver_sql(
                "UPDATE conversation SET status = 'resolved', resolved_at = 1 WHERE id = ?", (conversation_id,)
            )

    def message(self, conversation_id: int, text: str | None = "halo", **values: Any) -> int:
        """A customer's message (or, with `from_me`, the phone's) in a conversation; times by `sent_at`."""
        self._count += 1
        from_me = values.get("from_me", False)
        who = {"author": (Author.PHONE if from_me else Author.CUSTOMER).value}
        if from_me:
            who["delivery"] = Delivery.SENT.value
        with self.database.write() as conn:
            when = values.get("sent_at", at(self._count))
            return self._add(conn, conversation_id, text, when, who | values)

    def _add(
        self, conn: Connection, conversation_id: int, text: str | None, when: datetime, values: dict[str, Any]
    ) -> int:
        about = conversation_list.summary(conn, conversation_id)
        assert about is not None
        row = {
            "account_id": self.account_id,
            "conversation_id": conversation_id,
            "contact_id": about.contact_id,
            "wa_id": f"W{self._count}",
            "from_me": False,
            "kind": MessageKind.TEXT.value,
            "text": text,
            "sent_at": when,
            "arrived_at": when,
        }
        message_id = messages.add(conn, row | values)
        assert message_id is not None
        conversations.touch(conn, conversation_id, message_id, when)
        return message_id

    def waiting(self, party: Party, text: str = "halo") -> tuple[int, int]:
        """A conversation with one message that waits for an answer; returns it and its open turn."""
        conversation_id = self.conversation(party)
        turn_id = self.turn(conversation_id)
        self.message(conversation_id, text, turn_id=turn_id)
        return conversation_id, turn_id

    def turn(self, conversation_id: int, now: datetime = NOON) -> int:
        """An open turn."""
        with self.database.write() as conn:
            return turns.open_turn(conn, self.account_id, conversation_id, now)

    def queued(self, conversation_id: int, text: str = "siap", key: str | None = None) -> tuple[int, int]:
        """A reply in the outbox; returns its row there and its message."""
        message_id = self.message(conversation_id, text, from_me=True, wa_id=None, delivery="queued")
        with self.database.write() as conn:
            return outbox.queue(conn, self.account_id, message_id, key, NOON), message_id

    def open_turn(self, conversation_id: int) -> int | None:
        """The turn that waits in a conversation."""
        with self.database.read() as conn:
            return turns.current(conn, conversation_id)

    def mark(self, turn_id: int) -> HandledMark:
        """Who closed a turn, and with what."""
        with self.database.read() as conn:
            found = turns.mark(conn, turn_id)
        assert found is not None
        return found

    def journey(self, message_id: int) -> outbox.Journey:
        """Where a reply is on its way out."""
        with self.database.read() as conn:
            found = outbox.by_message(conn, message_id)
        assert found is not None
        return found

    def bubble(self, message_id: int) -> Bubble:
        """A message as the thread shows it."""
        with self.database.read() as conn:
            found = threads.bubble(conn, message_id)
        assert found is not None
        return found

    def thread(self, conversation_id: int) -> list[str | None]:
        """The texts of a conversation, oldest first."""
        with self.database.read() as conn:
            return [b.text for b in threads.of_conversation(conn, conversation_id)]

    def summary(self, conversation_id: int) -> Summary:
        """A conversation as the list shows it."""
        with self.database.read() as conn:
            found = conversation_list.summary(conn, conversation_id)
        assert found is not None
        return found

    def link_row(self) -> Link:
        """Where the link stands."""
        with self.database.read() as conn:
            return links.get(conn, self.account_id)

    def cursor(self) -> int:
        """The event log's last number."""
        with self.database.read() as conn:
            return events.last_seq(conn)

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        return len(dump(self.database)[table])
