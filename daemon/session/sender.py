"""The outbox's other end: one reply at a time, its id on disk before its frame leaves."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from daemon.desk import primary_phone
from daemon.domain.ids import Address
from daemon.domain.sentences.phone import PING
from daemon.domain.time import Clock
from daemon.session import departures
from daemon.session.departures import Departure
from daemon.session.read_marks import ReadMarks
from daemon.store.change_watch import ChangeWatch
from daemon.store.engine import Database
from daemon.whatsapp import compose
from daemon.whatsapp.client import WhatsApp
from daemon.whatsapp.log_hook import end_process
from daemon.whatsapp.send import NotConnected, SendFailed, SendUncertain, Sent, send

log = logging.getLogger(__name__)

# Seconds from one look to the next: messages that pour in wake us with every commit, and replies leave one at a
# time, twenty a second at most. That is more than a team can type, and no tool for advertising.
PAUSE = 0.05
# seconds until the link is looked at again that a reply found down
LINK_PAUSE = 2.0
# Seconds. The library lets one message leave at a time, and none before the last is acknowledged or 75 s are over:
# as long as a bad line needs (the answer to a ping, 2 s each way, an upload that fills it), and no longer.
LONGEST_ACK = 15.0
# and before the frame, for up to four questions to the server, each of which it would wait 75 s for
LONGEST_PREPARATION = 30.0
# seconds for which a database that is locked or full is asked again to take what became of a reply
LONGEST_LOCK = 20.0


class Unwritten(Exception):
    """The database has not taken what became of a reply for too long: the next life of this process settles it."""


class ArrivedMeanwhile(Exception):
    """A receipt for an earlier copy came at the last moment: this one must not leave, so the process ends."""


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
        self._read_marks = ReadMarks(database, account_id, whatsapp, clock)
        self._stopping = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        # what is under way, and on time.monotonic(): until when its next step must be done
        self._departure: Departure | None = None
        self._has_id = False
        self._deadline: float | None = None
        # when a reply is tried again that did not leave at first
        self._next_due: datetime | None = None

    def run(self) -> None:
        """Send until told to stop; what nobody foresaw ends the process, and its next life settles the rest."""
        try:
            self._send_all()
        except Exception:
            log.exception("the sender has failed")
            end_process("the sender has failed")

    def _send_all(self) -> None:
        """Look for queued replies whenever somebody has written to the database, or one is due again."""
        watch = ChangeWatch(self._database)
        more, next_look = True, 0.0
        while not self._stopping.is_set():
            if not self._ready.wait(0.5):
                more = True
                continue
            if not more and not watch.wait(0.5) and not self._is_due_again():
                continue
            if self._stopping.wait(max(0.0, next_look - time.monotonic())):
                break
            next_look = time.monotonic() + PAUSE
            try:
                more = self._send_next()
            except OperationalError as error:
                log.error("the outbox could not be read: %s", type(error.orig).__name__)
                more = not self._stopping.wait(1.0)
        watch.close()

    def stop(self, timeout: float) -> bool:
        """Take no further reply; wait for the one under way. False if it is still under way."""
        self._stopping.set()
        if self._idle.wait(0.0 if self.is_stuck() else timeout):
            return True
        departure = self._departure
        if departure is not None and self._has_id:
            try:
                self._write_surely(departure.uncertain)
            except Unwritten:
                log.error("what became of a reply could not be written: the next session settles it")
        return False

    def is_stuck(self) -> bool:
        """Whether what is under way holds up all others: too long without a frame, or an acknowledgement."""
        deadline = self._deadline
        return deadline is not None and time.monotonic() > deadline

    def _is_due_again(self) -> bool:
        return self._next_due is not None and self._clock() >= self._next_due

    def _send_next(self) -> bool:
        with self._database.read() as conn:
            now = self._clock()
            is_due = departures.is_due(conn, self._account_id, now)
            self._next_due = None if is_due else departures.next_due(conn, self._account_id, now)
            # the ladder's own entries, hourly at least, wake us for the day's question to the phone
            asks = not is_due and primary_phone.wants_ping(conn, self._account_id, now)
        if not is_due:
            return asks and self._ask_the_phone()
        if not self._ready.is_set():
            # the link may have gone while we waited
            return True
        self._idle.clear()
        try:
            with self._database.write() as conn:
                departure, more = departures.take(conn, self._account_id, self._clock())
            if departure is not None:
                self._departure = departure
                self._send(departure)
        finally:
            self._departure = None
            self._idle.set()
        return more

    def _send(self, departure: Departure) -> None:
        try:
            sent = self._hand_over(departure.to, departure.message, lambda wa_id: self._note_id(departure, wa_id))
        except NotConnected:
            self._write_surely(departure.put_back)
            self._stopping.wait(LINK_PAUSE)
        except SendFailed as failure:
            # a name of its own: Python forgets the exception's with the block
            error = failure
            self._write_surely(lambda conn, now: departure.failed(conn, error, now))
        except SendUncertain:
            self._write_surely(departure.uncertain)
        else:
            self._write_surely(lambda conn, now: departure.sent(conn, sent, now))
            if departure.answers is not None:
                self._read_marks.tell(departure.to, departure.answers)

    def _hand_over(self, to: Address, message: Any, on_id: Callable[[str], None]) -> Sent:
        def note(wa_id: str) -> None:
            self._has_id = True
            on_id(wa_id)
            self._deadline = time.monotonic() + LONGEST_ACK

        self._has_id = False
        self._deadline = time.monotonic() + LONGEST_PREPARATION
        try:
            return send(self._whatsapp, to, message, note)
        finally:
            self._deadline = None

    def _ask_the_phone(self) -> bool:
        """Write to ourselves: the phone's receipt is its sign of life. True if something was sent."""
        self._idle.clear()
        try:
            with self._database.write() as conn:
                to = primary_phone.take_ping(conn, self._account_id, self._clock())
            if to is None:
                return False
            self._hand_over(to, compose.text(self._question), lambda wa_id: None)
        except (NotConnected, SendFailed):
            log.warning("the phone could not be asked for a sign of life")
            self._write_surely(lambda conn, now: primary_phone.put_ping_back(conn, self._account_id, now))
            return False
        except SendUncertain:
            return False
        finally:
            self._idle.set()
        return True

    def _write_surely(self, write: Callable[[Connection, datetime], None]) -> None:
        """Write what became of a reply; raises Unwritten if the database has not taken it for too long."""
        begun, pause = time.monotonic(), 0.05
        while True:
            try:
                with self._database.write() as conn:
                    write(conn, self._clock())
                return
            except OperationalError as error:
                if time.monotonic() - begun > LONGEST_LOCK:
                    raise Unwritten from error
                time.sleep(pause)
                pause = min(pause * 2, 1.0)

    def _note_id(self, departure: Departure, wa_id: str) -> None:
        def write(conn: Connection, now: datetime) -> None:
            if not departure.note_id(conn, wa_id):
                raise ArrivedMeanwhile

        self._write_surely(write)
