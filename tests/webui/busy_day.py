"""A shop's busy day, and every statement that ran in it: `python -m tests.webui.busy_day`, with BALAS_DATA set.

In a process of its own, because the session's part loads the Go library. Prints JSON:
[[statement, parameters], …].
"""

import json
import logging
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import event

from daemon.alerts import facts
from daemon.config import Config
from daemon.desk import auto_assignment, claims, message_changes, settings
from daemon.desk.bot import rules
from daemon.desk.worker import DeskWorker
from daemon.domain.alerts import AlertChoices
from daemon.domain.desk import Actor, Assign, Box
from daemon.domain.ids import LID_SERVER, PHONE_SERVER, Address, Party
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import (
    Author,
    Event,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    Origin,
    Reacted,
    ReceiptKind,
    ReceiptReceived,
    TypingChanged,
)
from daemon.domain.time import utc_now
from daemon.ingest.commit import Ingest
from daemon.session import departures
from daemon.store import (
    accounts,
    events,
    forgotten_messages,
    later_messages,
    links,
    media,
    messages,
    other_answers,
    presence,
)
from daemon.store import claims as store_claims
from daemon.store.engine import Database
from daemon.supervisor.jobs import prune_events
from tests.desk.session_part import SessionPart
from tests.desk.wire import Fate
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor
from webui.app import create_app
from webui.live.changes import Audience, read
from webui.live.updates import Updates

ZONE = ZoneInfo("Asia/Jakarta")
CUSTOMERS = 30

_seen: dict[str, list[Any]] = {}


class _Cursor(sqlite3.Cursor):
    def execute(self, sql: str, parameters: Any = ()) -> "_Cursor":
        _seen.setdefault(sql, list(parameters))
        return super().execute(sql, parameters)

    def executemany(self, sql: str, rows: Any) -> "_Cursor":
        rows = list(rows)
        _seen.setdefault(sql, list(rows[0]) if rows else [])
        return super().executemany(sql, rows)


class _Connection(sqlite3.Connection):
    """Notes every statement, those past SQLAlchemy, too."""

    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)


def _party(number: int) -> Party:
    return Party(Address(f"9{number:05}", LID_SERVER), Address(f"628{number:05}", PHONE_SERVER))


class Day:
    """Everything that happens on a busy day, each thing as the processes do it."""

    def __init__(self, config: Config, database: Database) -> None:
        self.config, self.database = config, database
        self.books = StaffedBooks(database)
        self.account_id = self.books.account_id
        self.app: Flask = create_app(config, database)
        self.session = SessionPart(database, self.account_id, utc_now, lambda text: None)
        self.ingest = Ingest(database, self.account_id)
        self.sari = Actor(Author.ADMIN, self.books.sari.id)
        self.visitor = Visitor(self.app.test_client())
        self.visitor.log_in("sari")
        self.books.online()
        with database.write() as conn:
            presence.join(conn, "tab", self.books.budi.id, utc_now())
            choices = {"bot": True, "greeting": "Halo", "grace": 0, "assign": Assign.LEAST_BUSY.value}
            choices |= {"rating": True, "rating_question": "Puas?", "rating_thanks": "Terima kasih"}
            settings.save(conn, self.account_id, choices, self.sari, utc_now())
            rules.save(conn, self.account_id, None, "harga", "Sebentar", False, True, self.sari, utc_now())
        self._count = 0

    def pass_by(self) -> None:
        """The whole day."""
        before = self._cursor()
        self.customers_write()
        self.work()
        self.people_answer()
        self.phone_answers()
        self.replies_leave()
        self.customers_react()
        self.messages_are_changed()
        self.late_facts_come()
        self.pages_are_read()
        self.browsers_are_told(before)
        self.time_goes_by()
        self.session.close()
        self.ingest._conn.close()

    def customers_write(self) -> None:
        for number in range(CUSTOMERS):
            for text in ("halo", "harga?"):
                self._commit(MessageReceived, number, MessageKind.TEXT, text)
        # one of them turns out to be two who are one
        for party in (Party(_party(90).address), Party(Address("62890", PHONE_SERVER))):
            self._commit(MessageReceived, party, MessageKind.TEXT, "halo")
        self._commit(
            MessageReceived, Party(_party(90).address, Address("62890", PHONE_SERVER)), MessageKind.TEXT, "ya"
        )
        about = {"mime": "image/jpeg", "size": 1000}
        self._commit(MessageReceived, 1, MessageKind.IMAGE, None, media=about, raw=b"x")
        self._commit(MessageReceived, 1, MessageKind.UNREADABLE, None)
        with self.database.read() as conn:
            due = media.next_due(conn, self.account_id, utc_now())
            wanted = media.load(conn, due) if due is not None else None
        assert wanted is not None
        with self.database.write() as conn:
            media.attempts.later(conn, wanted.message_id, utc_now())
            media.done(conn, wanted, wanted.media | {"file": "1/1.jpg"})

    def work(self, later: float = 0) -> None:
        """The worker goes round until nothing is left."""
        worker = DeskWorker(self.database, ZONE, "Toko", lambda: utc_now() + timedelta(seconds=later))
        while worker.look():
            pass
        assert not worker._guarded.failed

    def people_answer(self) -> None:
        for conversation_id in range(1, 9):
            with self.database.write() as conn:
                claims.take(conn, conversation_id, self.sari, "tab", utc_now(), take_over=True)
                store_claims.renew(conn, conversation_id, "tab", utc_now())
            answer = {"text": "siap", "follow_up": "1", "request_key": f"{conversation_id:032x}"}
            self._post(f"/c/{conversation_id}/answer", answer)
        self._post("/c/8/note", {"text": "@budi tolong"})
        self._post("/c/9/turns/9/handled")
        self._post("/c/10/assign", {"admin_id": self.books.budi.id})
        self._post("/c/10/return")
        self._resolve(11)
        self._post("/c/11/resolve/undo")
        self._resolve(11)
        self._post("/c/11/reopen")
        self._resolve(12)
        # the customer's next words are his rating
        self.session.sends(Fate.SENT)
        self._commit(MessageReceived, 11, MessageKind.TEXT, "5")
        self._post("/c/8/seen", {"message_id": 10_000})
        self._post("/c/8/unread")

    def _resolve(self, conversation_id: int) -> None:
        """Ask for it, say yes to what is asked back."""
        ((turn_id,),) = self._look(
            f"SELECT max(id) FROM turn WHERE closed_at IS NULL AND conversation_id = {conversation_id}"
        )
        self._post(f"/c/{conversation_id}/resolve")
        self._post(f"/c/{conversation_id}/resolve", {"waits": turn_id or ""})
        assert self._look(f"SELECT status FROM conversation WHERE id = {conversation_id}") == [("resolved",)]

    def phone_answers(self) -> None:
        """The phone is faster than what waits in the outbox, and answers others."""
        for number in range(3):
            self._commit(MessageReceived, number, MessageKind.TEXT, "dari HP", from_me=True)
        held = self._look("SELECT message_id FROM outbox WHERE state = 'held'")
        assert held
        self._post(f"/c/1/replies/{held[0][0]}/send-anyway")
        (read,) = self._look("SELECT wa_id FROM message WHERE contact_id = 6 AND NOT from_me LIMIT 1")
        self._receipt(5, read, ReceiptKind.READ_SELF, from_me=True)

    def replies_leave(self) -> None:
        for fate in (Fate.SENT, Fate.NOT_CONNECTED, Fate.REFUSED, Fate.LOST, Fate.KILLED_LATE, *[Fate.SENT] * 60):
            self.session.sends(fate)
        self.session.begins()

    def customers_react(self) -> None:
        sent = self._look(
            "SELECT message.wa_id, contact.lid FROM message JOIN contact ON contact.id = contact_id"
            " WHERE from_me AND wa_id IS NOT NULL AND author = 'admin'"
        )
        ((theirs,),) = self._look("SELECT wa_id FROM message WHERE contact_id = 1 AND NOT from_me LIMIT 1")
        for wa_id, lid in sent:
            for kind in (ReceiptKind.DELIVERED, ReceiptKind.READ):
                self._receipt(int(lid[1:]), (wa_id,), kind)
        at = self._origin(0)
        self.ingest.commit(MessageEdited(theirs, at, "halo?"), utc_now())
        self.ingest.commit(MessageRevoked(theirs, at), utc_now())
        self.ingest.commit(TypingChanged(at, True), utc_now())
        self.ingest.commit(TypingChanged(at, False), utc_now())
        self.ingest.commit(Reacted(sent[0][0], self._origin(int(sent[0][1][1:])), "👍", True), utc_now())

    def messages_are_changed(self) -> None:
        """Edits, deletions and reactions of ours leave, and their receipts come."""
        ours = self._look(
            "SELECT id, conversation_id, wa_id FROM message WHERE author = 'admin' AND delivery = 'read' LIMIT 3"
        )
        sari, now = Actor(Author.ADMIN, self.books.sari.id), utc_now()
        with self.database.write() as conn:
            for message_id, chat, _ in ours:
                message_changes.edit(conn, chat, message_id, "lebih baik", sari, True, now)
                message_changes.react(conn, chat, message_id, "👍", sari, now)
            message_changes.revoke(conn, ours[0][1], ours[0][0], sari, True, now)
        for fate in (Fate.SENT, Fate.NOT_CONNECTED, Fate.REFUSED, Fate.LOST, Fate.KILLED_LATE, *[Fate.SENT] * 6):
            self.session.sends(fate)
        for (change_id,) in self._look("SELECT id FROM message_change WHERE state IN ('failed', 'uncertain')"):
            with self.database.write() as conn:
                message_changes.decide(conn, ours[1][1], change_id, True, sari, True, now)
        self._get(f"/c/{ours[1][1]}")

    def late_facts_come(self) -> None:
        """A device asks in vain for a reply again, and attachments wait for room."""
        for wa_id, lid in self._look(
            "SELECT message.wa_id, contact.lid FROM message JOIN contact ON contact.id = contact_id"
            " WHERE from_me AND wa_id IS NOT NULL AND author = 'admin' LIMIT 2"
        ):
            self._receipt(int(lid[1:]), (wa_id,), ReceiptKind.RETRY)
        self.work(60)
        with self.database.read() as conn:
            other_answers.newest_elsewhere(conn, 1)
            other_answers.answer_after(conn, 1, 1)
            other_answers.came_since(conn, 1, 1)
            later_messages.begins_by(conn, 1, 1, 1)
            forgotten_messages.has(conn, self.account_id, "3A")
            media.waiting_for_room(conn)

    def pages_are_read(self) -> None:
        for box in Box:
            self._get(f"/?box={box.value}")
        self._get("/?before=9999999999999")
        self._get("/c/1")
        with self.database.read() as conn:
            newest = messages.newest_id(conn, 1)
        self._get(f"/c/1?before={newest}")
        # a customer who has come back
        self._resolve(13)
        self._commit(MessageReceived, 12, MessageKind.TEXT, "halo lagi")
        ((again,),) = self._look(
            "SELECT max(id) FROM conversation"
            " WHERE contact_id = (SELECT contact_id FROM conversation WHERE id = 13)"
        )
        assert again > 13
        self._get(f"/c/{again}")
        ((first,),) = self._look("SELECT min(id) FROM message WHERE conversation_id = 13")
        self._get(f"/c/{again}?at={first}")
        self._get("/c/13")
        self._get("/healthz")
        self._get("/readyz")
        self._get("/metrics")

    def browsers_are_told(self, since: int) -> None:
        """What the hub reads for its tabs."""
        while True:
            with self.database.read() as conn:
                happened = events.read_since(conn, since, limit=20)
                if not happened:
                    return
                found = read(conn, happened, {self.account_id: {1, 8}}, utc_now())
            since = happened[-1].seq
            for news in found.values():
                if news is not None:
                    with self.app.test_request_context():
                        audience = Audience(self.books.sari.id, True, "en", self.account_id, 1, "all")
                        Updates(self.app, news, utc_now()).for_tab(audience)

    def time_goes_by(self) -> None:
        """Alarms, claims that end, assignees that are silent; gauges, alerts and the log's pruning."""
        for later in (40, 1000, 3600, 100_000):
            self.work(later)
        with self.database.read() as conn:
            (account,) = accounts.every(conn)
            facts.of_account(conn, account, AlertChoices(), self.config, utc_now() + timedelta(hours=1))
            auto_assignment.waiting_too_long(
                conn, self.account_id, settings.load(conn, self.account_id).hours, timedelta(0), utc_now(), ZONE
            )
            departures.is_due(conn, self.account_id, utc_now())
            departures.next_due(conn, self.account_id, utc_now())
            links.get(conn, self.account_id)
        prune_events(self.database, lambda: utc_now() + timedelta(days=8))

    def _look(self, sql: str) -> list[Any]:
        """What a statement finds, past the notes."""
        with closing(sqlite3.connect(self.database.path)) as conn:
            return conn.execute(sql).fetchall()

    def _origin(self, who: int | Party, from_me: bool = False) -> Origin:
        party = who if isinstance(who, Party) else _party(who)
        return Origin(party, from_me, 0, utc_now().replace(microsecond=0))

    def _commit(
        self, make: Callable[..., Event], who: int | Party, *rest: Any, from_me: bool = False, **more: Any
    ) -> None:
        self._count += 1
        self.ingest.commit(make(f"3A{self._count:06}", self._origin(who, from_me), *rest, **more), utc_now())

    def _receipt(self, number: int, wa_ids: tuple[str, ...], kind: ReceiptKind, from_me: bool = False) -> None:
        self.ingest.commit(ReceiptReceived(wa_ids, self._origin(number, from_me), kind), utc_now())

    def _get(self, path: str) -> None:
        found = self.visitor.get(path)
        assert found.status_code in (200, 503), (path, found.status_code)

    def _post(self, path: str, fields: dict[str, Any] | None = None) -> None:
        found = self.visitor.post(path, fields)
        assert found.status_code in (200, 204, 303, 409), (path, found.status_code, found.text[:2000])

    def _cursor(self) -> int:
        with self.database.read() as conn:
            return events.last_seq(conn)


def main() -> None:
    """Let the day pass and say what ran."""
    logging.disable(logging.WARNING)
    config = Config.from_env()
    database = Database(config.database_url)

    @event.listens_for(database.engine, "do_connect")
    def _notes(dialect: object, record: object, arguments: Sequence[Any], parameters: dict[str, Any]) -> None:
        parameters["factory"] = _Connection

    day = Day(config, database)
    _seen.clear()
    day.pass_by()
    database.close()
    json.dump(list(_seen.items()), sys.stdout, default=lambda value: value.hex())


if __name__ == "__main__":
    main()
