"""The outbox's other end: one reply at a time, its id on disk before its frame leaves."""

import logging
import threading
import time

from sqlalchemy import Connection

from daemon.desk import conversations, other_devices, outgoing, primary_phone
from daemon.domain.ids import Address
from daemon.domain.messages import Delivery, OutboxState, Quoted
from daemon.domain.sentences.phone import PING
from daemon.domain.time import Clock
from daemon.store import accounts, contacts, events, messages, outbox
from daemon.store.change_watch import ChangeWatch
from daemon.store.conversations import lead
from daemon.store.engine import Database
from daemon.store.events import EventKind
from daemon.store.outbox import Outgoing
from daemon.whatsapp.client import WhatsApp
from daemon.whatsapp.send import SendFailed, SendUncertain, Sent, send_text

log = logging.getLogger(__name__)

# Seconds from one look to the next: messages that pour in wake us with every commit, and replies leave one at a
# time, twenty a second at most. That is more than a team can type, and no tool for advertising.
PAUSE = 0.05
# seconds before a reply that surely did not leave is tried again
RETRY_AFTER = 2.0


def settle_interrupted(database: Database, account_id: int, clock: Clock) -> None:
    """Settle what an earlier session left in the middle: without an id it never left, with one nobody knows."""
    with database.write() as conn:
        now = clock()
        for journey in outbox.under_way(conn, account_id):
            if journey.wa_id is None:
                other_devices.put_back(conn, account_id, journey.id, now)
                continue
            outbox.settle(conn, journey.id, OutboxState.UNCERTAIN, now)
            messages.set_delivery(conn, journey.message_id, Delivery.UNCERTAIN)
            events.append(
                conn, account_id, EventKind.MESSAGE_CHANGED, now, journey.conversation_id, journey.message_id
            )


class Sender(threading.Thread):
    """Sends queued replies, and now and then a question to our own phone, while `ready` is set."""

    def __init__(
        self,
        database: Database,
        account_id: int,
        whatsapp: WhatsApp,
        ready: threading.Event,
        clock: Clock,
        question: str = PING,
    ) -> None:
        super().__init__(name="sender", daemon=True)
        self._database = database
        self._account_id = account_id
        self._whatsapp = whatsapp
        self._ready = ready
        self._clock = clock
        self._question = question
        self._stopping = threading.Event()
        self._idle = threading.Event()
        self._idle.set()

    def run(self) -> None:
        """Look for queued replies whenever somebody has written to the database."""
        watch = ChangeWatch(self._database)
        more, next_look = True, 0.0
        while not self._stopping.is_set():
            if not self._ready.wait(0.5):
                more = True
                continue
            if not more and not watch.wait(0.5):
                continue
            if self._stopping.wait(max(0.0, next_look - time.monotonic())):
                break
            next_look = time.monotonic() + PAUSE
            try:
                more = self._send_next()
            except Exception:
                log.exception("the outbox could not be read")
                more = not self._stopping.wait(1.0)
        watch.close()

    def stop(self, timeout: float) -> bool:
        """Take no further reply; wait for the one under way. False if it is still under way."""
        self._stopping.set()
        return self._idle.wait(timeout)

    def _send_next(self) -> bool:
        with self._database.read() as conn:
            # the ladder's own entries, hourly at least, wake us for the day's question to the phone
            asks = primary_phone.wants_ping(conn, self._account_id, self._clock())
            if not outbox.has_queued(conn, self._account_id):
                return asks and self._ask_the_phone()
        self._idle.clear()
        try:
            with self._database.write() as conn:
                now = self._clock()
                reply = outbox.take_next(conn, self._account_id, now)
                if reply is None:
                    return False
                # the mark is read again, with the door shut
                if outgoing.stop(conn, self._account_id, reply, now):
                    return True
                to = contacts.address_of(conn, reply.contact_id)
                quoted = self._quoted(conn, reply, to)
                messages.set_delivery(conn, reply.message_id, Delivery.SENDING)
            try:
                sent = send_text(self._whatsapp, to, reply.text, quoted, lambda i: self._note_id(reply, i))
            except SendFailed as error:
                self._failed(reply, error)
            except SendUncertain:
                self._settle(reply, OutboxState.UNCERTAIN)
            else:
                self._settle(reply, OutboxState.SENT, sent)
        finally:
            self._idle.set()
        return True

    def _ask_the_phone(self) -> bool:
        """Write to ourselves: the phone's receipt is its sign of life. True if something was sent."""
        self._idle.clear()
        try:
            with self._database.write() as conn:
                to = primary_phone.take_ping(conn, self._account_id, self._clock())
            if to is None:
                return False
            send_text(self._whatsapp, to, self._question, None, lambda wa_id: None)
        except SendFailed as error:
            log.warning("the phone could not be asked for a sign of life: %s", error.reason)
            with self._database.write() as conn:
                primary_phone.put_ping_back(conn, self._account_id, self._clock())
            return False
        except SendUncertain:
            return False
        finally:
            self._idle.set()
        return True

    def _quoted(self, conn: Connection, reply: Outgoing, to: Address) -> tuple[Quoted, Address] | None:
        if reply.quoted is None:
            return None
        ours = accounts.get(conn, self._account_id)
        return reply.quoted, reply.quoted.author(to, ours.phone, ours.lid)

    def _note_id(self, reply: Outgoing, wa_id: str) -> None:
        with self._database.write() as conn:
            outbox.record_wa_id(conn, reply.id, wa_id)

    def _failed(self, reply: Outgoing, error: SendFailed) -> None:
        if error.permanent:
            self._settle(reply, OutboxState.FAILED, error=error.reason)
            return
        with self._database.write() as conn:
            other_devices.put_back(conn, self._account_id, reply.id, self._clock(), error.reason)
        self._stopping.wait(RETRY_AFTER)

    def _settle(
        self,
        reply: Outgoing,
        state: OutboxState,
        sent: Sent | None = None,
        error: str | None = None,
    ) -> None:
        with self._database.write() as conn:
            now = self._clock()
            if sent:
                # WhatsApp's own time decides the place in the thread
                outbox.record_wa_id(conn, reply.id, sent.wa_id)
                messages.set_sent_at(conn, reply.message_id, sent.at)
                lead(conn, reply.conversation_id)
            if not outbox.settle(conn, reply.id, state, now, error):
                return  # a receipt was faster
            if state == OutboxState.SENT:
                messages.raise_delivery(conn, reply.message_id, Delivery.SENT)
            else:
                messages.set_delivery(conn, reply.message_id, Delivery(state.value))
            if state == OutboxState.FAILED:
                conversations.reply_failed(conn, reply.message_id, now)
            events.append(
                conn, self._account_id, EventKind.MESSAGE_CHANGED, now, reply.conversation_id, reply.message_id
            )
