"""The session process's part of a day at the desk. Loads the Go library: for processes of their own."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import cast

from daemon.domain.ids import Party
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import (
    Event,
    HistoryReceived,
    MessageReceived,
    Origin,
    ReceiptKind,
    ReceiptReceived,
)
from daemon.domain.time import Clock
from daemon.ingest.commit import Ingest
from daemon.session import departures
from daemon.session.sender import Sender
from daemon.session.whatsapp_clock import WhatsAppClock
from daemon.store import clock as clocks
from daemon.store.engine import Database
from daemon.whatsapp.client import WhatsApp
from tests.desk.day import PHONE
from tests.desk.wire import Fate, Killed, Wire


class SessionPart:
    """What the session process does: customers' and own devices' messages come in, replies go out."""

    def __init__(
        self,
        database: Database,
        account_id: int,
        clock: Clock,
        leaving: Callable[[str], None],
        whatsapps_clock: Clock | None = None,
    ) -> None:
        self.database, self.account_id, self.clock = database, account_id, clock
        self.whatsapps_clock = whatsapps_clock or clock
        self.wire = Wire(self.whatsapps_clock, leaving)
        # nobody sets the clock that counts from the login on
        self._difference = WhatsAppClock(clock, lambda: self.whatsapps_clock().timestamp())
        self._difference.hear(self.whatsapps_clock())
        self._ingest = Ingest(database, account_id)
        ready = threading.Event()
        ready.set()
        self._sender = Sender(database, account_id, cast(WhatsApp, self.wire), ready, clock)
        self._sender.stop(0)  # nobody waits between two tries
        self._count = 0
        # what came and could not be read: WhatsApp's id and from where
        self.unread: list[tuple[str, Origin]] = []

    def notes_clock(self) -> None:
        """The session's main loop looks ten times a second whether somebody has set the clock."""
        lead = self._difference.lead()
        assert lead is not None
        with self.database.write() as conn:
            clocks.note(conn, self.account_id, lead, self.clock())

    def learns(self, event: Event) -> None:
        """Anything that WhatsApp tells."""
        self._ingest.commit(event, self.clock())

    def receives(
        self,
        party: Party,
        text: str | None,
        sent_at: datetime,
        from_me: bool = False,
        device: int = PHONE,
        quoted: str | None = None,
        kind: MessageKind = MessageKind.TEXT,
    ) -> str:
        """A message comes in; gives WhatsApp's id. Without a text it is a placeholder of that kind."""
        self._count += 1
        wa_id = f"3A{self._count:06}"
        origin = Origin(party, from_me, device, sent_at.replace(microsecond=0))
        if text is None:
            self.unread.append((wa_id, origin))
        self.learns(MessageReceived(wa_id, origin, kind, text, quoted_wa_id=quoted))
        return wa_id

    def can_read(self, wa_id: str, origin: Origin, text: str, is_history: bool = False) -> None:
        """The content of a placeholder comes: sent once more, or with the history."""
        message = MessageReceived(wa_id, origin, MessageKind.TEXT, text, is_history=is_history)
        self.learns(HistoryReceived((message,)) if is_history else message)

    def gets_receipt(self, party: Party, wa_id: str) -> None:
        """A customer's phone has got one of our replies."""
        origin = Origin(party, False, 0, self.whatsapps_clock().replace(microsecond=0))
        self._ingest.commit(ReceiptReceived((wa_id,), origin, ReceiptKind.DELIVERED), self.clock())

    def sends(self, fate: Fate = Fate.SENT, meanwhile: Callable[[], object] = lambda: None) -> bool:
        """The next queued reply leaves, or does not; False if there is none. A killed session starts again."""
        self.wire.fate, self.wire.meanwhile = fate, meanwhile
        try:
            return self._sender._send_next()
        except Killed:
            self.begins()
            return True

    def begins(self) -> None:
        """A new life, after one that may have ended in the middle."""
        with self.database.write() as conn:
            departures.settle_interrupted(conn, self.account_id, self.clock())

    def close(self) -> None:
        self._ingest._conn.close()
