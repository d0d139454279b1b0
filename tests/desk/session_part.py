"""The session process's part of a day at the desk. Loads the Go library: for processes of their own."""

from collections.abc import Callable
from datetime import datetime
from threading import Event
from typing import cast

from daemon.domain.ids import Party
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import MessageReceived, Origin, ReceiptKind, ReceiptReceived
from daemon.domain.time import Clock
from daemon.ingest.commit import Ingest
from daemon.session.sender import Sender, settle_interrupted
from daemon.store.engine import Database
from daemon.whatsapp.client import WhatsApp
from tests.desk.day import PHONE
from tests.desk.wire import Fate, Killed, Wire


class SessionPart:
    """What the session process does: customers' and own devices' messages come in, replies go out."""

    def __init__(self, database: Database, account_id: int, clock: Clock, leaving: Callable[[str], None]) -> None:
        self.database, self.account_id, self.clock = database, account_id, clock
        self.wire = Wire(clock, leaving)
        self._ingest = Ingest(database, account_id)
        ready = Event()
        ready.set()
        self._sender = Sender(database, account_id, cast(WhatsApp, self.wire), ready, clock)
        self._sender.stop(0)  # nobody waits between two tries
        self._count = 0

    def receives(
        self, party: Party, text: str, sent_at: datetime, from_me: bool = False, device: int = PHONE
    ) -> str:
        """A message comes in; gives WhatsApp's id."""
        self._count += 1
        wa_id = f"3A{self._count:06}"
        origin = Origin(party, from_me, device, sent_at.replace(microsecond=0))
        self._ingest.commit(MessageReceived(wa_id, origin, MessageKind.TEXT, text), self.clock())
        return wa_id

    def gets_receipt(self, party: Party, wa_id: str) -> None:
        """A customer's phone has got one of our replies."""
        origin = Origin(party, False, 0, self.clock().replace(microsecond=0))
        self._ingest.commit(ReceiptReceived((wa_id,), origin, ReceiptKind.DELIVERED), self.clock())

    def sends(self, fate: Fate = Fate.SENT, meanwhile: Callable[[], object] = lambda: None) -> bool:
        """The next queued reply leaves, or does not; False if there is none. A killed session starts again."""
        self.wire.fate, self.wire.meanwhile = fate, meanwhile
        try:
            return self._sender._send_next()
        except Killed:
            settle_interrupted(self.database, self.account_id, self.clock)
            return True

    def close(self) -> None:
        self._ingest._conn.close()
