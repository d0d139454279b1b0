"""One follower of the event log for all tabs of this process."""

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Iterable
from datetime import datetime

from flask import Flask

from daemon.store import events
from daemon.store.change_watch import ChangeWatch
from daemon.store.engine import Database
from daemon.store.events import CursorTooOld, LoggedEvent
from daemon.store.presence import RENEWED_EVERY
from webui.base import context
from webui.live import presence
from webui.live.changes import TOO_MANY, TYPING, AccountNews, Audience, read
from webui.live.updates import Updates

log = logging.getLogger("webui.live")

# Between two portions, so that commits that come together go out together.
PAUSE_SECONDS = 0.005
# How long the follower sleeps at most before it looks whether there are still tabs.
LONGEST_WAIT = 1.0
PAUSE_AFTER_FAILURE = 2.0
# After a run of events the follower rests this many times as long as the run took: a backlog then comes
# in fewer, larger portions and the session process keeps the machine to itself.
REST_FACTOR = 3.0
LONGEST_REST = 0.5
RESYNC = '{"type": "resync"}'


class Tab:
    """One websocket's side of the hub: what it shows and what waits to be sent to it."""

    def __init__(self, audience: Audience, wake: threading.Event, token: str) -> None:
        self.audience = audience
        # by which the database knows it
        self.token = token
        self.ended = False
        # everything up to here is queued, whether it concerned this tab or not
        self.cursor: int | None = None
        self._wake = wake
        self._waiting: deque[str] = deque()
        self._lock = threading.Lock()

    def push(self, messages: list[str], before: int, after: int) -> None:
        """Queue JSON messages; only the last one moves the tab's cursor from `before` to `after`."""
        if not messages:
            return
        with self._lock:
            if len(self._waiting) + len(messages) > TOO_MANY:
                self._waiting.clear()
                messages = [RESYNC]
            for place, message in enumerate(messages, start=1):
                self._waiting.append(f'{{"seq": {after if place == len(messages) else before}, {message[1:]}')
        self._wake.set()

    def take(self) -> list[str]:
        """Everything that waits, oldest first."""
        with self._lock:
            taken = list(self._waiting)
            self._waiting.clear()
        return taken

    def end(self) -> None:
        """Tell the socket's thread to close it."""
        self.ended = True
        self._wake.set()


class Hub:
    """Knows all tabs, follows the log while there are any, and hands each what it shows."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._database: Database = context.of(app).database
        self._tabs: set[Tab] = set()
        self._changed = threading.Condition()
        self._cursor = 0
        self._stopped = False
        self._renew_at = context.of(app).clock() + RENEWED_EVERY
        self._follower: threading.Thread | None = None

    def join(self, tab: Tab) -> int:
        """Add a tab; returns the sequence number after which it is told by itself."""
        with self._changed:
            if not self._tabs:
                with self._database.read() as conn:
                    self._cursor = events.last_seq(conn)
            self._tabs.add(tab)
            if self._follower is None:
                self._follower = threading.Thread(target=self._follow, name="follower", daemon=True)
                self._follower.start()
            self._changed.notify_all()
            if self._stopped:
                tab.end()
            return self._cursor

    @property
    def is_full(self) -> bool:
        """Whether another tab would leave too few threads for ordinary pages."""
        threads = context.of(self._app).config.threads
        return len(self._tabs) >= threads - max(4, threads // 8)

    def leave(self, tab: Tab) -> None:
        """Forget a tab."""
        with self._changed:
            self._tabs.discard(tab)

    def stop(self) -> None:
        """End all tabs for good (called from a signal handler: takes no lock)."""
        self._stopped = True
        for tab in tuple(self._tabs):
            tab.end()

    def catch_up(self, tab: Tab, since: int) -> None:
        """Queue for one tab what happened after `since`, or a resync if that is too much or too long ago."""
        with self._database.read() as conn:
            newest = events.last_seq(conn)
            try:
                missed = events.read_since(conn, since)
            except CursorTooOld:
                missed = None
            if missed is None or since > newest or len(missed) == 500:
                return tab.push([RESYNC], since, newest)
            if not missed:
                return None
            # whoever typed then has long stopped
            missed = [event for event in missed if event.kind not in TYPING]
            now = context.of(self._app).clock()
            found = read(conn, missed, _opened([tab]), now)
        return self._push(tab, found, {}, now, since, newest)

    def _follow(self) -> None:
        watch = ChangeWatch(self._database)
        while True:
            with self._changed:
                while not self._tabs:
                    self._changed.wait()
            try:
                self._renew_presence()
                if not watch.wait(LONGEST_WAIT):
                    continue
                started = time.perf_counter()
                self._hand_out()
                took = time.perf_counter() - started
                time.sleep(max(PAUSE_SECONDS, min(LONGEST_REST, REST_FACTOR * took)))
            except Exception as error:
                # the text of an error may quote a message: name its type only
                log.error("following the log failed: %s", type(error).__name__)
                self._failed()
                time.sleep(PAUSE_AFTER_FAILURE)

    def _renew_presence(self) -> None:
        services = context.of(self._app)
        now = services.clock()
        if now >= self._renew_at:
            self._renew_at = now + RENEWED_EVERY
            presence.renew(self._database, [tab.token for tab in self._present()], now)

    def _failed(self) -> None:
        """Nobody may go on silently without news: all tabs read their pages again."""
        for tab in self._present():
            tab.push([RESYNC], self._cursor, self._cursor)

    def _present(self) -> tuple[Tab, ...]:
        with self._changed:
            return tuple(self._tabs)

    def _hand_out(self) -> None:
        before = self._cursor
        with self._database.read() as conn:
            try:
                happened: list[LoggedEvent] | None = events.read_since(conn, before)
            except CursorTooOld:
                happened = None
            if happened == []:
                return
            after = events.last_seq(conn)
            now = context.of(self._app).clock()
            found: dict[int, AccountNews | None] | None = None
            if happened is not None and happened[-1].seq == after:
                found = read(conn, happened, _opened(self._present()), now)
        with self._changed:
            # tabs that joined meanwhile count from here; those that joined before are among the present ones
            self._cursor = after
            tabs = tuple(self._tabs)
        made: dict[int, Updates] = {}
        for tab in tabs:
            if found is None:
                tab.push([RESYNC], before, after)
            else:
                self._push(tab, found, made, now, before, after)
            tab.cursor = after

    def _push(
        self,
        tab: Tab,
        found: dict[int, AccountNews | None],
        made: dict[int, Updates],
        now: datetime,
        before: int,
        after: int,
    ) -> None:
        """Tell a tab what happened to the account that it shows; `made` shares what is rendered between tabs."""
        account_id = tab.audience.account_id
        if account_id is None or account_id not in found:
            return
        news = found[account_id]
        if news is None:
            return tab.push([RESYNC], before, after)
        if account_id not in made:
            made[account_id] = Updates(self._app, news, now)
        return tab.push(made[account_id].for_tab(tab.audience), before, after)


def _opened(tabs: Iterable[Tab]) -> dict[int, set[int]]:
    """The accounts that tabs show, and the conversations that are open there."""
    opened: dict[int, set[int]] = {}
    for tab in tabs:
        if tab.audience.account_id is not None:
            there = opened.setdefault(tab.audience.account_id, set())
            if tab.audience.open is not None:
                there.add(tab.audience.open)
    return opened


def with_seq(message: dict[str, object], seq: int) -> str:
    """A message of the socket itself (hello, ping) in the same shape as the hub's."""
    return json.dumps({"seq": seq, **message})
