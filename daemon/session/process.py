"""The session process of one account: WhatsApp → ingest, outbox → WhatsApp. May be killed at any time."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from math import inf
from queue import Empty

from auth_store.files import session_file, wipe_session
from daemon import heartbeat
from daemon.config import Config
from daemon.desk import pairing
from daemon.domain.link_events import BacklogEnded, LinkEnded, LinkEvent
from daemon.domain.links import LinkReason, LinkState
from daemon.domain.messages import Event, HistoryUploaded
from daemon.domain.sentences.phone import PING
from daemon.domain.time import Clock, from_unix, utc_now
from daemon.heartbeat import Beat, Vitals
from daemon.i18n.catalogue import translate
from daemon.ingest.commit import Ingest
from daemon.maintenance.disk_space import DiskSpace
from daemon.maintenance.media_room import MediaRoom
from daemon.session import departures, fail_stop
from daemon.session.backlog import LONGEST_SILENCE, BacklogProgress
from daemon.session.call_watch import CallWatch
from daemon.session.crash_recovery import place_unhandled, recover
from daemon.session.file_uploader import FileUploader
from daemon.session.group_watch import GroupWatch
from daemon.session.history_importer import HistoryImporter
from daemon.session.link_recorder import REFUSED, LinkRecorder
from daemon.session.media_fetcher import MediaFetcher
from daemon.session.question_answerer import QuestionAnswerer
from daemon.session.sender import Sender
from daemon.session.typing_indicator import TypingIndicator
from daemon.session.whatsapp_clock import WhatsAppClock
from daemon.store import accounts, links
from daemon.store import clock as clocks
from daemon.store.accounts import Account
from daemon.store.busy import is_busy, until_taken
from daemon.store.change_watch import ChangeWatch
from daemon.store.engine import BRIEF_TIMEOUT_MS, Database
from daemon.whatsapp.arrival_journal import ArrivalJournal
from daemon.whatsapp.client import WhatsApp

log = logging.getLogger(__name__)

TICK = 0.1
# a callback that runs longer than this, and does not wait for the database, is stuck: a new process does better
LONGEST_CALLBACK, STUCK = 120.0, 4
# for the link's last state, if the database is busy; the supervisor waits a little longer
LONGEST_FAREWELL, UNWRITTEN = 10.0, 5
# seconds after the login in which a server that has a backlog announces it
LONGEST_WAIT_FOR_BACKLOG = 5.0
# seconds of silence after which a message that was not handed over never will be, though none came after it
NOTHING_COMES = 5.0
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
        # of the main loop, which shows signs of life: what it could not do, it does the next time
        self._brief = Database(config.database_url, BRIEF_TIMEOUT_MS)
        self._disk = DiskSpace(config, self._database)
        self._ingest = Ingest(self._database, account.id)
        self._recorder = LinkRecorder(self._brief, account.id, clock, config.phone_limits)
        keys = session_file(config.data, account.id)
        self._arrivals = ArrivalJournal(keys)
        self._whatsapp = WhatsApp(
            str(keys),
            config.device_name,
            self._on_event,
            self._on_signal,
            self._arrivals,
            lambda error: fail_stop.end(error, "a callback of the library"),
        )
        self._whatsapp_clock = WhatsAppClock(clock)
        self._lead: int | None = None
        self._group_watch = GroupWatch(self._brief, account.id, clock)
        self._whatsapp.hook.on_group = self._group_watch.changed
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
        self._file_uploader = FileUploader(
            self._database, account.id, config.data, self._whatsapp, self._recorder.ready, clock
        )
        self._typing_indicator = TypingIndicator(
            self._database, account.id, self._whatsapp, self._recorder.ready, clock
        )
        self._question_answerer = QuestionAnswerer(
            self._database, account.id, config.data, self._whatsapp, self._recorder.ready, clock
        )
        self._history_importer = HistoryImporter(self._database, account.id, connected, clock)
        self._calls = CallWatch(self._brief, account.id, clock)
        self._asked_code_for: str | None = None
        self._stopping = False
        # what others have written is still to be read
        self._has_news = True
        self._waited_at = 0.0
        self._progress = BacklogProgress()

    def run(self) -> None:
        """Connect, and stay until the link ends or a signal asks to stop; never returns."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda n, frame: self._stop())
        ours = self._brief, self._account.id
        self._begin_with(self._settle_interrupted)
        self._begin_with(lambda: recover(*ours, self._arrivals, self._clock))
        self._begin_with(self._connecting)
        self._arrivals.keys.leave_to_the_library()
        library = threading.Thread(target=self._whatsapp.run, name="whatsapp", daemon=True)
        library.start()
        self._sender.start()
        self._media_fetcher.start()
        self._file_uploader.start()
        self._typing_indicator.start()
        self._question_answerer.start()
        self._history_importer.start()
        end = self._wait(library)
        self._beat.leave()
        self._leave(end)

    def _stop(self) -> None:
        self._stopping = True

    def _begin_with(self, work: Callable[[], object]) -> None:
        """Do what comes before the connection, however long the database is busy."""

        def meanwhile() -> None:
            self._beat.beat()
            self._vitals.beat()
            if self._beat.is_alone or self._stopping:
                # nothing has begun
                os._exit(0)

        until_taken(work, "the session's beginning", meanwhile)

    def _settle_interrupted(self) -> None:
        with self._brief.write() as conn:
            departures.settle_interrupted(conn, self._account.id, self._clock())

    def _connecting(self) -> None:
        if self._account.device is not None:
            with self._brief.write() as conn:
                links.set_state(conn, self._account.id, LinkState.CONNECTING, self._clock())

    def _on_event(self, event: Event) -> None:
        """Commit one event before the library goes on; a busy or full database holds the library back."""
        if self._recorder.refused:
            return  # another account of ours has it
        begun = time.monotonic()
        until_taken(lambda: self._commit(event), "an event", self._has_waited)
        self._vitals.took(time.monotonic() - begun)
        if isinstance(event, HistoryUploaded):
            self._history_importer.wake()

    def _commit(self, event: Event) -> None:
        self._note_clock()
        self._ingest.commit(event, self._clock())

    def _on_signal(self, signal: LinkEvent) -> None:
        """Record what happened to the link; the log's hook passes over what goes wrong in what it calls."""
        with fail_stop.fail_stop("a signal of the link"):
            self._recorder.handle(signal, self._has_waited)

    def _has_waited(self) -> None:
        self._waited_at = time.monotonic()

    def _is_stuck(self) -> bool:
        waits = time.monotonic() - self._waited_at < LONGEST_CALLBACK
        return self._whatsapp.busy_for() > LONGEST_CALLBACK and not waits

    def _note_clock(self) -> None:
        """Before anything is written by the clock: how far it is from WhatsApp's, if that has changed."""
        lead = self._whatsapp_clock.lead()
        if lead is None or (self._lead is not None and abs(lead - self._lead) < CLOCK_STEP):
            return
        with self._brief.write() as conn:
            clocks.note(conn, self._account.id, lead, self._clock())
        self._lead = lead

    def _wait(self, library: threading.Thread) -> LinkEnded:
        watch = ChangeWatch(self._brief)
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
            if self._is_stuck():
                log.error("a callback is stuck: ending the session")
                os._exit(STUCK)
            if self._sender.is_stuck():
                log.error("a reply holds up all others: the session starts anew")
                return LinkEnded(LinkState.OFFLINE, LinkReason.SESSION_DIED)
            if self._recorder.refused_for > LONGEST_LOGIN:
                return REFUSED
            if self._disk.is_short():
                return LinkEnded(LinkState.OFFLINE, LinkReason.DISK_FULL)
            try:
                self._forget_arrivals()
                self._note_clock()
                if self._recorder.ready.is_set():
                    self._group_watch.tend()
                self._follow_backlog()
                self._has_news |= watch.changed() or self._recorder.pairing
                self._calls.look(self._has_news, self._recorder.ready.is_set())
                if self._has_news and (end := self._wishes()):
                    return end
                self._has_news = False
            except Exception as error:
                if not is_busy(error):
                    raise
                log.warning("the database is busy: the session looks again soon")

    def _forget_arrivals(self) -> None:
        """What arrived before a long silence has surely been committed, unless the library could not read it."""
        if not self._recorder.ready.is_set():
            return
        quiet = self._whatsapp.quiet_for() if self._whatsapp.busy_for() == 0 else 0.0
        silence = NOTHING_COMES if quiet >= NOTHING_COMES else inf
        place_unhandled(self._brief, self._account.id, self._arrivals, self._clock, silence)
        if quiet > LONGEST_SILENCE:
            self._arrivals.start_anew(LONGEST_SILENCE)

    def _follow_backlog(self) -> None:
        if self._recorder.unanswered:
            return
        if self._recorder.catching_up:
            self._show_progress()
        elif self._recorder.waits_for_backlog > LONGEST_WAIT_FOR_BACKLOG:
            self._recorder.try_to_handle(BacklogEnded())

    def _show_progress(self) -> None:
        total, now = self._recorder.backlog_total, time.monotonic()
        if self._progress.is_over(self._whatsapp.received, total, self._whatsapp.quiet_for(), now):
            self._recorder.try_to_handle(BacklogEnded())
        elif self._progress.has_moved:
            with self._brief.write() as conn:
                # its end may have been written meanwhile, by the library's thread
                if links.get(conn, self._account.id).state == LinkState.CATCHING_UP:
                    links.change(conn, self._account.id, self._clock(), backlog_done=self._progress.done)

    def _wishes(self) -> LinkEnded | None:
        with self._brief.read() as conn:
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
        self._question_answerer.stop()
        self._media_fetcher.stop(2.0)
        self._file_uploader.stop(2.0)
        self._typing_indicator.stop()
        self._history_importer.stop()
        self._sender.stop(2.0)
        if end.reason in (LinkReason.UNLINKED_HERE, LinkReason.SAME_NUMBER):
            self._unlink(online)
        elif not self._recorder.pairing and end.state in _GRACEFUL and not self._whatsapp.hook.poisoned:
            farewell = threading.Thread(target=self._whatsapp.close, name="farewell", daemon=True)
            farewell.start()
            farewell.join(12.0)
            if not farewell.is_alive():
                self._place_the_rest()
        deadline = time.monotonic() + LONGEST_FAREWELL
        until_taken(lambda: self._write_end(end), "the link's last state", lambda: self._give_up_at(deadline))
        log.info("session ended: %s", end.state.value)
        logging.shutdown()
        # the QR phase can't be stopped and Go threads must not outlive us
        os._exit(0)

    def _place_the_rest(self) -> None:
        """All is handed over that ever will be; what was not has its place before we go, or from the next life."""
        try:
            place_unhandled(self._brief, self._account.id, self._arrivals, self._clock, 0.0)
        except Exception as error:
            log.warning("what the library could not read is left to the next session: %s", type(error).__name__)

    def _write_end(self, end: LinkEnded) -> None:
        with self._brief.write() as conn:
            now = self._clock()
            wish = {"wish": ""} if end.reason == LinkReason.UNLINKED_HERE else {}
            links.set_state(
                conn, self._account.id, end.state, now, end.reason, detail=end.detail, retry_at=end.until, **wish
            )
            if end.state in (LinkState.LOGGED_OUT, LinkState.UNLINKED):
                accounts.forget_identity(conn, self._account.id)

    def _give_up_at(self, deadline: float) -> None:
        """End without the last state: the supervisor writes that the session has ended."""
        if time.monotonic() > deadline:
            log.error("the link's last state could not be written")
            logging.shutdown()
            os._exit(UNWRITTEN)

    def _unlink(self, online: bool) -> None:
        if online:
            try:
                self._whatsapp.logout()
            except Exception:
                log.warning("WhatsApp did not confirm the unlinking: remove the device on the phone")
        wipe_session(self._config.data, self._account.id)
