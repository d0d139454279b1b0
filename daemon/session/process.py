"""The session process of one account: WhatsApp → ingest, outbox → WhatsApp. May be killed at any time."""

import argparse
import logging
import os
import signal
import sys
import threading
import time
from contextlib import closing
from queue import Empty

from sqlalchemy.exc import OperationalError

from auth_store.files import Lock, PlaceError, session_file, session_path, wipe_session
from auth_store.process_hardening import guard_memory
from daemon import heartbeat, logs
from daemon.config import Config
from daemon.desk import pairing
from daemon.domain.link_events import BacklogEnded, LinkEnded
from daemon.domain.links import LinkReason, LinkState
from daemon.domain.messages import Event, HistoryUploaded
from daemon.domain.sentences.phone import PING
from daemon.domain.time import Clock, from_unix, utc_now
from daemon.heartbeat import Beat, Vitals
from daemon.i18n.catalogue import translate
from daemon.ingest.commit import Ingest
from daemon.maintenance.disk_space import DiskSpace
from daemon.maintenance.media_room import MediaRoom
from daemon.session.backlog import LONGEST_SILENCE, BacklogProgress
from daemon.session.crash_recovery import recover
from daemon.session.history_importer import HistoryImporter
from daemon.session.link_recorder import REFUSED, LinkRecorder
from daemon.session.media_fetcher import MediaFetcher
from daemon.session.sender import Sender, settle_interrupted
from daemon.session.typing_indicator import TypingIndicator
from daemon.session.whatsapp_clock import WhatsAppClock
from daemon.store import accounts, links
from daemon.store import clock as clocks
from daemon.store.accounts import Account
from daemon.store.change_watch import ChangeWatch
from daemon.store.engine import Database
from daemon.store.integrity import looks_sound
from daemon.whatsapp.arrival_journal import ArrivalJournal
from daemon.whatsapp.client import WhatsApp

log = logging.getLogger(__name__)

TICK = 0.1
# a callback that runs longer than this is stuck: a new process does better
LONGEST_CALLBACK = 120.0
# seconds after the login in which a server that has a backlog announces it
LONGEST_WAIT_FOR_BACKLOG = 5.0
# an account that is refused waits so long for its login, to log itself out
LONGEST_LOGIN = 30.0
# seconds: what two looks at two clocks differ by without anybody having set one
CLOCK_STEP = 2
# states in which the library still has a socket and events in flight
_GRACEFUL = {LinkState.OFFLINE, LinkState.STOPPED, LinkState.REPLACED, LinkState.LOGGED_OUT}


class Session:
    """One life of a link, from connect to the end of the process."""

    def __init__(self, config: Config, account: Account, clock: Clock = utc_now, pulse: int = -1) -> None:
        self._config = config
        self._beat = Beat(pulse)
        self._vitals = Vitals(config.data, heartbeat.session(account.id))
        self._clock = clock
        self._account = account
        self._database = Database(config.database_url)
        self._disk = DiskSpace(config, self._database)
        self._ingest = Ingest(self._database, account.id)
        self._recorder = LinkRecorder(self._database, account.id, clock, config.phone_limits)
        keys = session_file(config.data, account.id)
        self._arrivals = ArrivalJournal(keys)
        self._whatsapp = WhatsApp(
            str(keys), config.device_name, self._on_event, self._recorder.handle, self._arrivals
        )
        self._whatsapp_clock = WhatsAppClock(clock)
        self._lead: int | None = None
        self._whatsapp.hook.on_time = lambda seconds: self._whatsapp_clock.hear(from_unix(seconds))
        connected = self._recorder.connected
        question = translate(config.language)(PING)
        self._sender = Sender(self._database, account.id, self._whatsapp, self._recorder.ready, clock, question)
        self._media_fetcher = MediaFetcher(
            self._database,
            account.id,
            config.data,
            self._whatsapp,
            connected,
            clock,
            MediaRoom(config, self._disk),
        )
        self._typing_indicator = TypingIndicator(
            self._database, account.id, self._whatsapp, self._recorder.ready, clock
        )
        self._history_importer = HistoryImporter(self._database, account.id, connected, clock)
        self._asked_code_for: str | None = None
        self._stopping = False
        self._progress = BacklogProgress()

    def run(self) -> None:
        """Connect, and stay until the link ends or a signal asks to stop; never returns."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda n, frame: self._stop())
        settle_interrupted(self._database, self._account.id, self._clock)
        recover(self._database, self._account.id, self._arrivals, self._clock)
        with self._database.write() as conn:
            now = self._clock()
            if self._account.device is not None:
                links.set_state(conn, self._account.id, LinkState.CONNECTING, now)
        library = threading.Thread(target=self._whatsapp.run, name="whatsapp", daemon=True)
        library.start()
        self._sender.start()
        self._media_fetcher.start()
        self._typing_indicator.start()
        self._history_importer.start()
        end = self._wait(library)
        self._beat.leave()
        self._leave(end)

    def _stop(self) -> None:
        self._stopping = True

    def _on_event(self, event: Event) -> None:
        """Commit one event before the library goes on; a busy or full database holds the library back."""
        if self._recorder.refused:
            return  # another account of ours has it
        pause, begun = 0.05, time.monotonic()
        while True:
            try:
                self._note_clock()
                self._ingest.commit(event, self._clock())
                self._vitals.took(time.monotonic() - begun)
                if isinstance(event, HistoryUploaded):
                    self._history_importer.wake()
                return
            except OperationalError as error:
                log.error("the database did not take an event: %s; waiting", type(error.orig).__name__)
                time.sleep(pause)
                pause = min(pause * 2, 5.0)

    def _note_clock(self) -> None:
        """Before anything is written by the clock: how far it is from WhatsApp's, if that has changed."""
        lead = self._whatsapp_clock.lead()
        if lead is None or (self._lead is not None and abs(lead - self._lead) < CLOCK_STEP):
            return
        with self._database.write() as conn:
            clocks.note(conn, self._account.id, lead, self._clock())
        self._lead = lead

    def _wait(self, library: threading.Thread) -> LinkEnded:
        watch = ChangeWatch(self._database)
        while True:
            # looked at first: its last act is to say why it ended
            alive = library.is_alive()
            try:
                return self._recorder.ended.get(timeout=TICK)
            except Empty:
                if not alive:
                    return LinkEnded(LinkState.OFFLINE, LinkReason.SESSION_DIED)
            self._beat.beat()
            self._vitals.beat()
            if self._beat.is_alone or self._stopping:
                return LinkEnded(LinkState.STOPPED)
            if self._whatsapp.busy_for() > LONGEST_CALLBACK:
                log.error("a callback is stuck: ending the session")
                os._exit(4)
            if self._sender.is_stuck():
                log.error("a reply holds up all others: the session starts anew")
                return LinkEnded(LinkState.OFFLINE, LinkReason.SESSION_DIED)
            if self._recorder.refused_for > LONGEST_LOGIN:
                return REFUSED
            if self._disk.is_short():
                return LinkEnded(LinkState.OFFLINE, LinkReason.DISK_FULL)
            self._note_clock()
            self._forget_arrivals()
            if self._recorder.catching_up:
                self._show_progress()
            elif self._recorder.waits_for_backlog > LONGEST_WAIT_FOR_BACKLOG:
                self._recorder.handle(BacklogEnded())
            if (watch.changed() or self._recorder.pairing) and (end := self._wishes()):
                return end

    def _forget_arrivals(self) -> None:
        """What arrived before a long silence has surely been committed."""
        idle = self._whatsapp.busy_for() == 0 and self._whatsapp.quiet_for() > LONGEST_SILENCE
        if idle and self._recorder.ready.is_set():
            self._arrivals.start_anew(LONGEST_SILENCE)

    def _show_progress(self) -> None:
        total, now = self._recorder.backlog_total, time.monotonic()
        if self._progress.is_over(self._whatsapp.received, total, self._whatsapp.quiet_for(), now):
            self._recorder.handle(BacklogEnded())
        elif self._progress.has_moved:
            with self._database.write() as conn:
                # its end may have been written meanwhile, by the library's thread
                if links.get(conn, self._account.id).state == LinkState.CATCHING_UP:
                    links.change(conn, self._account.id, self._clock(), backlog_done=self._progress.done)

    def _wishes(self) -> LinkEnded | None:
        with self._database.read() as conn:
            link = links.get(conn, self._account.id)
        if link.wish == links.WISH_UNLINK:
            return LinkEnded(LinkState.UNLINKED, LinkReason.UNLINKED_HERE)
        if not self._recorder.pairing:
            return None
        if not pairing.is_awaited(link, self._clock()):
            return LinkEnded(LinkState.UNLINKED, LinkReason.NO_VIEWER)
        if link.pair_phone and link.pair_phone != self._asked_code_for:
            self._asked_code_for = link.pair_phone
            phone = link.pair_phone
            threading.Thread(target=self._whatsapp.ask_pair_code, args=(phone,), daemon=True).start()
        return None

    def _leave(self, end: LinkEnded) -> None:
        """Lose nothing that was acknowledged, write the last state, end the process."""
        online = self._recorder.connected.is_set()
        self._recorder.leave()
        self._media_fetcher.stop(2.0)
        self._typing_indicator.stop()
        self._history_importer.stop()
        self._sender.stop(2.0)
        if end.reason in (LinkReason.UNLINKED_HERE, LinkReason.SAME_NUMBER):
            self._unlink(online)
        elif not self._recorder.pairing and end.state in _GRACEFUL and not self._whatsapp.hook.poisoned:
            farewell = threading.Thread(target=self._whatsapp.close, daemon=True)
            farewell.start()
            farewell.join(12.0)
        with self._database.write() as conn:
            now = self._clock()
            wish = {"wish": ""} if end.reason == LinkReason.UNLINKED_HERE else {}
            links.set_state(
                conn, self._account.id, end.state, now, end.reason, detail=end.detail, retry_at=end.until, **wish
            )
            if end.state in (LinkState.LOGGED_OUT, LinkState.UNLINKED):
                accounts.forget_identity(conn, self._account.id)
        log.info("session ended: %s", end.state.value)
        logging.shutdown()
        # the QR phase can't be stopped and Go threads must not outlive us
        os._exit(0)

    def _unlink(self, online: bool) -> None:
        if online:
            try:
                self._whatsapp.logout()
            except Exception:
                log.warning("WhatsApp did not confirm the unlinking: remove the device on the phone")
        wipe_session(self._config.data, self._account.id)


def main() -> None:
    """Run the session of the account given as `--account ID`; started by the supervisor only."""
    parser = argparse.ArgumentParser(prog="daemon.session")
    parser.add_argument("--account", type=int, required=True)
    parser.add_argument("--pulse", type=int, default=-1, help="file descriptor for signs of life")
    given = parser.parse_args()
    account_id = given.account
    config = Config.from_env()
    logs.set_up(config.log_level, "session")
    os.umask(0o077)
    # the library's threads ask for the interpreter thousands of times a second and must not wait 5 ms for it
    sys.setswitchinterval(0.0005)
    # the Go library prints progress lines to stdout
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        Lock(
            session_file(config.data, account_id).with_suffix(".lock"),
            "Another process has this account's keys open.",
        ).acquire()
    except PlaceError as error:
        sys.exit(str(error))
    with closing(Database(config.database_url)) as database:
        with database.read() as conn:
            account = accounts.get(conn, account_id)
        if not looks_sound(session_path(config.data, account_id)):
            log.error("the keys' file is damaged and is left as it is")
            with database.write() as conn:
                reason = LinkReason.KEYS_DAMAGED
                links.set_state(conn, account_id, LinkState.OFFLINE, utc_now(), reason)
            return
    session = Session(config, account, pulse=given.pulse)
    # not before: an undumpable process may not read its own initial environment, unless it is root's
    guard_memory()
    session.run()
