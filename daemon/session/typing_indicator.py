"""Shows customers that somebody is typing, gently: one sign in ten seconds, and one when it is over."""

import logging
import threading
from datetime import datetime, timedelta

from daemon.desk import settings
from daemon.domain.desk import CLAIM_LASTS
from daemon.domain.ids import ChatKind
from daemon.domain.time import Clock
from daemon.store import claims, contacts, conversation_list
from daemon.store.change_watch import ChangeWatch
from daemon.store.engine import Database
from daemon.whatsapp.client import WhatsApp
from daemon.whatsapp.send import show_typing

log = logging.getLogger(__name__)

# A browser renews its claim while keys are pressed; one that was not renewed for so long thinks or reads.
TYPED_WITHIN = timedelta(seconds=15)
# Seconds between two looks: messages that pour in wake us with every commit, and share the interpreter with us.
PAUSE = 0.25
# WhatsApp's own clients repeat the sign about as often.
REPEAT_AFTER = timedelta(seconds=10)


class TypingIndicator(threading.Thread):
    """Follows the claims of one account while `ready` is set."""

    def __init__(
        self, database: Database, account_id: int, whatsapp: WhatsApp, ready: threading.Event, clock: Clock
    ) -> None:
        super().__init__(name="typing indicator", daemon=True)
        self._database = database
        self._account_id = account_id
        self._whatsapp = whatsapp
        self._ready = ready
        self._clock = clock
        self._stopping = threading.Event()
        self._shown: dict[int, datetime] = {}

    def run(self) -> None:
        """Look whenever somebody has written to the database, and each second while a sign is shown."""
        watch = ChangeWatch(self._database)
        while not self._stopping.wait(PAUSE):
            if not self._ready.wait(0.5):
                continue
            try:
                if watch.wait(1.0) or self._shown:
                    self._look()
            except Exception as error:
                # nobody misses a sign of typing: the reply itself is what counts
                log.warning("the sign of typing was not sent: %s", type(error).__name__)
                self._shown.clear()
                self._stopping.wait(1.0)
        watch.close()

    def stop(self) -> None:
        """Show nothing any more."""
        self._stopping.set()

    def _look(self) -> None:
        now = self._clock()
        with self._database.read() as conn:
            held = claims.held(conn, self._account_id, now)
            typing = {c.conversation_id for c in held if c.expires_at - now > CLAIM_LASTS - TYPED_WITHIN}
            if typing and not settings.load(conn, self._account_id).show_typing:
                typing = set()
        for conversation_id in typing:
            shown_at = self._shown.get(conversation_id)
            if shown_at is None or now - shown_at >= REPEAT_AFTER:
                self._shown[conversation_id] = now
                self._show(conversation_id, True)
        for conversation_id in set(self._shown) - typing:
            del self._shown[conversation_id]
            self._show(conversation_id, False)

    def _show(self, conversation_id: int, typing: bool) -> None:
        with self._database.read() as conn:
            about = conversation_list.summary(conn, conversation_id)
            to = contacts.address_of(conn, about.contact_id) if about else None
        if to is not None and to.kind == ChatKind.PERSON and not self._stopping.is_set():
            show_typing(self._whatsapp, to, typing)
