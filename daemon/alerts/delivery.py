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
from daemon.logs import Guard
from daemon.store import alerts
from daemon.store.alerts import AlertPost, Channel
from daemon.store.engine import Database

log = logging.getLogger(__name__)

# minutes until the next attempt, after one, two, … failures of a channel in a row
BACK_OFF = [timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60)]
# messages this old are given up, but not before their channel has failed a few times: a clock may jump
GIVEN_UP_AFTER, FEWEST_FAILURES = timedelta(days=1), 8
# a message that was under way at the end of so many processes may have arrived each time
MOST_ENDS = 3
# seconds; whoever takes longer counts as silent
DEADLINE = 60.0

Send = Callable[[str, str, str], str | None]


@dataclass
class _Attempt:
    """One message under way."""

    delivery: AlertPost
    failures: int
    started: float
    thread: threading.Thread = field(init=False)
    done: bool = False
    reason: str | None = None
    # its outcome is written down, though the thread may still hang
    is_settled: bool = False


class AlertDelivery:
    """Use it from one thread; `send` gives None, or a word that says why it failed."""

    def __init__(self, database: Database, send: Send = channels.send, deadline: float = DEADLINE) -> None:
        self._database = database
        self._send = send
        self._deadline = deadline
        self._attempts: dict[int, _Attempt] = {}
        self._is_new = True
        self._guarded = Guard(log, "an alert's")

    @property
    def is_busy(self) -> bool:
        """Whether an outcome is to be expected."""
        return any(not one.is_settled for one in self._attempts.values())

    def go(self, now: datetime) -> None:
        """Write down what has come of messages under way, and send what is due to channels that are free."""
        for channel_id, attempt in list(self._attempts.items()):
            with self._guarded("outcome"):
                self._settle(attempt, now)
            if attempt.is_settled and not attempt.thread.is_alive():
                del self._attempts[channel_id]
        with self._database.read() as conn:
            waiting = alerts.waiting(conn)
            known = {one.id: one for one in alerts.channels(conn)} if waiting else {}
        if self._is_new:
            self._pick_up(waiting, now)
            self._is_new = False
        for one in waiting:
            channel = known[one.channel_id]
            if one.state != alerts.DUE or channel.id in self._attempts:
                continue
            if one.kind == alerts.TEST or alerts.is_free(channel, now, BACK_OFF[-1]):
                with self._guarded("beginning"):
                    self._start(one, channel, now)

    def finish(self, now: datetime, seconds: float) -> None:
        """Give what is under way a little time, and write down what has come of it."""
        deadline = time.monotonic() + seconds
        for attempt in self._attempts.values():
            if not attempt.is_settled:
                attempt.thread.join(max(0.0, deadline - time.monotonic()))
                self._settle(attempt, now)

    def _pick_up(self, waiting: list[AlertPost], now: datetime) -> None:
        """What another process was sending when it ended."""
        for one in waiting:
            if one.state == alerts.SENDING:
                with self._database.write() as conn:
                    last = one.kind == alerts.TEST or one.attempts >= MOST_ENDS
                    alerts.has_failed(conn, one, "stopped", now, now + BACK_OFF[0], for_good=last)

    def _start(self, one: AlertPost, channel: Channel, now: datetime) -> None:
        with self._database.write() as conn:
            if not alerts.claim(conn, one, now + _back_off(channel.failures)):
                return
        attempt = _Attempt(one, channel.failures, time.monotonic())
        attempt.thread = threading.Thread(
            target=self._run, args=(attempt, channel.url), name=f"alert {one.id}", daemon=True
        )
        self._attempts[channel.id] = attempt
        attempt.thread.start()

    def _run(self, attempt: _Attempt, url: str) -> None:
        try:
            attempt.reason = self._send(url, attempt.delivery.title, attempt.delivery.body)
        except Exception as error:
            log.error("an alert could not be sent: %s", type(error).__name__)
            attempt.reason = "failed"
        attempt.done = True

    def _settle(self, attempt: _Attempt, now: datetime) -> None:
        late = time.monotonic() - attempt.started > self._deadline
        if attempt.is_settled or not (attempt.done or late):
            return
        reason = attempt.reason if attempt.done else "timeout"
        with self._database.write() as conn:
            self._write(conn, attempt, reason, now)
        attempt.is_settled = True

    def _write(self, conn: Connection, attempt: _Attempt, reason: str | None, now: datetime) -> None:
        one = attempt.delivery
        if reason is None:
            alerts.has_arrived(conn, one, now)
            log.info("alert %d went out by channel %d", one.id, one.channel_id)
            return
        is_test = one.kind == alerts.TEST
        alerts.has_failed(conn, one, reason, now, now + _back_off(attempt.failures), for_good=is_test)
        if attempt.failures + 1 >= FEWEST_FAILURES:
            alerts.give_up(conn, one.channel_id, now - GIVEN_UP_AFTER, now)
        # by its id: the address is a secret
        log.warning("alert %d did not go out by channel %d: %s", one.id, one.channel_id, reason)


def _back_off(failures: int) -> timedelta:
    return BACK_OFF[min(failures, len(BACK_OFF) - 1)]
