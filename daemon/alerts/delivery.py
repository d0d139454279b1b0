"""Brings what is due to its channels: one thread a message, so that a channel that hangs holds nobody up.

A message is taken in one transaction and its outcome written in another; what a crash leaves between the two is
sent once more: an alert twice is better than none.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from daemon.alerts import channels
from daemon.store import alerts
from daemon.store.alerts import Channel, Delivery
from daemon.store.engine import Database

log = logging.getLogger(__name__)

# minutes until the next attempt, after one, two, … failures of a channel in a row
BACK_OFF = [timedelta(minutes=number) for number in (1, 2, 5, 15, 30, 60)]
# messages this old are given up, but not before their channel has failed a few times: a clock may jump
GIVEN_UP_AFTER, FEWEST_FAILURES = timedelta(days=1), 8
# a message that was under way at the end of so many processes may have arrived each time
MOST_ENDS = 3
# seconds; whoever takes longer counts as silent
DEADLINE = 60.0

Send = Callable[[str, str, str], str | None]


@dataclass
class _Errand:
    """One message under way."""

    delivery: Delivery
    failures: int
    started: float
    thread: threading.Thread = field(init=False)
    done: bool = False
    reason: str | None = None
    # its outcome is written down, though the thread may still hang
    is_settled: bool = False


class Postman:
    """Use it from one thread; `send` gives None, or a word that says why it failed."""

    def __init__(self, database: Database, send: Send = channels.send, deadline: float = DEADLINE) -> None:
        self._database = database
        self._send = send
        self._deadline = deadline
        self._errands: dict[int, _Errand] = {}
        self._is_new = True

    @property
    def is_busy(self) -> bool:
        """Whether an outcome is to be expected."""
        return any(not one.is_settled for one in self._errands.values())

    def go(self, now: datetime) -> None:
        """Write down what has come of messages under way, and send what is due to channels that are free."""
        for number, errand in list(self._errands.items()):
            self._settle(errand, now)
            if errand.is_settled and not errand.thread.is_alive():
                del self._errands[number]
        with self._database.read() as conn:
            waiting = alerts.waiting(conn)
            known = {one.id: one for one in alerts.channels(conn)} if waiting else {}
        if self._is_new:
            self._pick_up(waiting, now)
            self._is_new = False
        for one in waiting:
            channel = known[one.channel_id]
            if one.state != alerts.DUE or channel.id in self._errands:
                continue
            if one.kind == alerts.TEST or alerts.is_free(channel, now, BACK_OFF[-1]):
                self._start(one, channel, now)

    def finish(self, now: datetime, seconds: float) -> None:
        """Give what is under way a little time, and write down what has come of it."""
        deadline = time.monotonic() + seconds
        for errand in self._errands.values():
            if not errand.is_settled:
                errand.thread.join(max(0.0, deadline - time.monotonic()))
                self._settle(errand, now)

    def _pick_up(self, waiting: list[Delivery], now: datetime) -> None:
        """What another process was sending when it ended."""
        for one in waiting:
            if one.state == alerts.SENDING:
                with self._database.write() as conn:
                    last = one.kind == alerts.TEST or one.attempts >= MOST_ENDS
                    alerts.has_failed(conn, one, "stopped", now, now + BACK_OFF[0], for_good=last)

    def _start(self, one: Delivery, channel: Channel, now: datetime) -> None:
        with self._database.write() as conn:
            if not alerts.claim(conn, one, now + _back_off(channel.failures)):
                return
        errand = _Errand(one, channel.failures, time.monotonic())
        errand.thread = threading.Thread(
            target=self._run, args=(errand, channel.url), name=f"alert {one.id}", daemon=True
        )
        self._errands[channel.id] = errand
        errand.thread.start()

    def _run(self, errand: _Errand, url: str) -> None:
        try:
            errand.reason = self._send(url, errand.delivery.title, errand.delivery.body)
        except Exception as error:
            log.error("an alert could not be sent: %s", type(error).__name__)
            errand.reason = "failed"
        errand.done = True

    def _settle(self, errand: _Errand, now: datetime) -> None:
        late = time.monotonic() - errand.started > self._deadline
        if errand.is_settled or not (errand.done or late):
            return
        reason = errand.reason if errand.done else "timeout"
        with self._database.write() as conn:
            self._write(conn, errand, reason, now)
        errand.is_settled = True

    def _write(self, conn: Connection, errand: _Errand, reason: str | None, now: datetime) -> None:
        one = errand.delivery
        if reason is None:
            alerts.has_arrived(conn, one, now)
            log.info("alert %d went out by channel %d", one.id, one.channel_id)
            return
        is_test = one.kind == alerts.TEST
        alerts.has_failed(conn, one, reason, now, now + _back_off(errand.failures), for_good=is_test)
        if errand.failures + 1 >= FEWEST_FAILURES:
            alerts.give_up(conn, one.channel_id, now - GIVEN_UP_AFTER, now)
        # by number: the address is a secret
        log.warning("alert %d did not go out by channel %d: %s", one.id, one.channel_id, reason)


def _back_off(failures: int) -> timedelta:
    return BACK_OFF[min(failures, len(BACK_OFF) - 1)]
