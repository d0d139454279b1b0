"""One WhatsApp event, one transaction: message, contact, conversation, turn and event log together.

Applying the same event again changes nothing.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import (
    CallChanged,
    DisappearingChanged,
    Event,
    HistoryReceived,
    HistoryUploaded,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    Nothing,
    Reacted,
    ReceiptReceived,
    TypingChanged,
)
from daemon.domain.time import believable
from daemon.ingest import calls, changes, group_messages, history, messages, receipts
from daemon.ingest.evidence import sighting
from daemon.ingest.lines import place_line
from daemon.ingest.place_cache import PlaceCache
from daemon.store import accounts, clock, evidence
from daemon.store.engine import Database


class Ingest:
    """Commits the events of one account, one transaction each, on a connection of its own."""

    def __init__(self, database: Database, account_id: int) -> None:
        self._conn = database.writer()
        self._account_id = account_id
        self._places = PlaceCache()

    def commit(self, event: Event, now: datetime) -> None:
        """Write one event; it is on disk when this returns. `now` is the moment of its arrival."""
        try:
            with self._conn.begin():
                self._places.check(self._conn)
                apply(self._conn, self._account_id, event, now, self._places)
        except BaseException:
            self._places.forget()
            raise


def apply(conn: Connection, account_id: int, event: Event, now: datetime, places: PlaceCache) -> None:
    """Write what an event says, in the caller's transaction."""
    if isinstance(event, MessageReceived | MessageEdited | DisappearingChanged):
        at = believable(event.origin.at, now)
        if at != event.origin.at:
            # or is it our clock that can't be believed?
            at = believable(event.origin.at, clock.on_whatsapps(conn, account_id, now))
            event = replace(event, origin=replace(event.origin, at=at))
    words = event if isinstance(event, MessageReceived) and event.kind != MessageKind.LOST_CHANGE else None
    if words is not None and messages.next_of_turn(conn, account_id, words, now, places):
        return
    if words is None or words.origin.from_me:
        places.forget()
    account = accounts.get(conn, account_id)
    if seen := sighting(event):
        evidence.note(conn, account_id, seen.kind, clock.on_ours(conn, account_id, seen.at, now), now)
    match event:
        case MessageReceived(kind=MessageKind.LOST_CHANGE):
            place_line(conn, account, event, now)
        case MessageReceived():
            group_messages.receive(conn, account, event, now, places)
        case ReceiptReceived():
            receipts.receive_receipt(conn, account, event, now)
        case MessageEdited() | MessageRevoked() | Reacted():
            changes.change(conn, account, event, now)
        case CallChanged():
            calls.receive_call(conn, account, event, now)
        case DisappearingChanged():
            changes.disappearing_changed(conn, account, event, now)
        case TypingChanged():
            changes.typing(conn, account, event, now)
        case HistoryUploaded():
            history.keep(conn, account, event, now)
        case HistoryReceived():
            history.history(conn, account, event, now)
        case Nothing():
            pass
