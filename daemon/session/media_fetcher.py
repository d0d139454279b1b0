"""Fetches attachments while the link is up: promptly, because WhatsApp's servers forget them, one at a time."""

import logging
import threading
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from auth_store.files import prepare_folder
from daemon.domain.attachments import GONE, MissingFile, file_end
from daemon.domain.time import Clock
from daemon.logs import Guard
from daemon.maintenance.media_room import MediaRoom
from daemon.media_process.download_job import DownloadJob, DownloadResult
from daemon.media_process.hosts import hosts_to_ask
from daemon.session.media_process import MediaProcess, ProcessDied, ProcessStopped
from daemon.store import events, media
from daemon.store.change_watch import ChangeWatch
from daemon.store.engine import Database
from daemon.store.events import EventKind
from daemon.store.media import WantedFile
from daemon.whatsapp.client import WhatsApp
from daemon.whatsapp.media import source_of

log = logging.getLogger(__name__)

# seconds between two looks while messages pour in
PAUSE = 0.2
# a file that did not come is asked for again after 10 s, 20 s, 40 s …, about two hours in all
FIRST_RETRY, MOST_FAILURES = timedelta(seconds=10), 10
# attempts that ended with their process, ours or the download's
MOST_DEATHS = 3
# messages that are marked in one transaction
BATCH = 50

_FINAL = {
    DownloadResult.EXPIRED: MissingFile.EXPIRED,
    DownloadResult.TOO_LARGE: MissingFile.LARGE,
    DownloadResult.DAMAGED: MissingFile.DAMAGED,
}


class MediaFetcher(threading.Thread):
    """Puts attachments into `media/ACCOUNT/MESSAGE.end` below the data folder, 0600."""

    def __init__(
        self,
        database: Database,
        account_id: int,
        data: Path,
        whatsapp: WhatsApp,
        connected: threading.Event,
        clock: Clock,
        room: MediaRoom,
    ) -> None:
        super().__init__(name="media fetcher", daemon=True)
        self._database = database
        self._account_id = account_id
        self._folder = data / media.FOLDER / str(account_id)
        self._whatsapp = whatsapp
        self._connected = connected
        self._clock = clock
        self._room = room
        self._process = MediaProcess()
        self._stopping = threading.Event()
        self._guarded = Guard(log, "the attachments'")

    def run(self) -> None:
        """Look for due attachments when something was written, and every ten seconds for retries."""
        prepare_folder(self._folder)
        self._settle()
        watch = ChangeWatch(self._database)
        while not self._stopping.wait(PAUSE):
            if not self._connected.wait(1.0):
                continue
            with self._guarded("look"):
                watch.wait(FIRST_RETRY.total_seconds())
                while not self._stopping.is_set() and self._fetch_next():
                    pass
            if self._guarded.failed:
                self._guarded.failed = False
                self._stopping.wait(FIRST_RETRY.total_seconds())
        watch.close()

    def stop(self, timeout: float) -> None:
        """End the download that runs, start no further one, and wait so many seconds for what is to be written."""
        self._stopping.set()
        self._process.stop()
        if self.is_alive():
            self.join(timeout)

    def _settle(self) -> None:
        """Count what ended with the last session, and give up what did so too often."""
        for part in self._folder.glob("[0-9]*.part"):
            part.unlink(missing_ok=True)
        with self._database.read() as conn:
            interrupted = media.begun(conn, self._account_id)
        for wanted in interrupted:
            self._died(wanted)

    def _fetch_next(self) -> bool:
        with self._database.read() as conn:
            wanted = media.next_due(conn, self._account_id, self._clock())
        if wanted is None or not self._connected.is_set():
            return False
        if not self._room.is_left():
            return self._let_wait()
        source = source_of(wanted.raw)
        if source is None:
            self._give_up(wanted, MissingFile.DAMAGED)
            return True
        name = f"{wanted.message_id}{file_end(str(wanted.media.get('mime', '')))}"
        part = self._folder / f"{name}.part"
        # written before it begins: what takes this process along is not tried for ever
        with self._database.write() as conn:
            media.begin(conn, wanted, self._clock())
        try:
            result = self._process.download(
                DownloadJob(source, hosts_to_ask(self._whatsapp.hook.media_hosts)), part
            )
            if result == DownloadResult.DONE:
                self._keep(wanted, part, name)
            elif result in _FINAL:
                self._give_up(wanted, _FINAL[result])
            else:
                self._failed(wanted)
        except ProcessDied:
            log.warning("the process that fetches an attachment has died")
            self._died(wanted)
        except ProcessStopped:
            with self._database.write() as conn:
                media.interrupted(conn, wanted.message_id)
        except OSError as error:
            log.warning("an attachment could not be stored: %s", type(error).__name__)
            self._failed(wanted)
        finally:
            part.unlink(missing_ok=True)
        return True

    def _let_wait(self) -> bool:
        """Mark what is due as waiting for room: it stays due. True if more of it may be to be marked."""
        now = self._clock()
        with self._database.write() as conn:
            unmarked = media.due_without_mark(conn, self._account_id, now, BATCH)
            for wanted in unmarked:
                media.mark_waiting(conn, wanted)
                self._announce(conn, wanted)
        return len(unmarked) == BATCH

    def _keep(self, wanted: WantedFile, part: Path, name: str) -> None:
        path, size = self._folder / name, part.stat().st_size
        part.rename(path)
        if self._done(wanted, {"file": f"{self._account_id}/{name}", "size": size}):
            self._room.take(size)
        else:
            # its message was deleted meanwhile
            path.unlink(missing_ok=True)

    def _failed(self, wanted: WantedFile) -> None:
        if wanted.failures >= MOST_FAILURES:
            self._give_up(wanted, MissingFile.FAILED)
            return
        with self._database.write() as conn:
            media.later(conn, wanted.message_id, self._clock() + FIRST_RETRY * 2**wanted.failures)

    def _died(self, wanted: WantedFile) -> None:
        if wanted.deaths + 1 >= MOST_DEATHS:
            self._give_up(wanted, MissingFile.DEADLY)
            return
        with self._database.write() as conn:
            media.died(conn, wanted.message_id, self._clock() + FIRST_RETRY * 2**wanted.deaths)

    def _give_up(self, wanted: WantedFile, why: MissingFile) -> None:
        log.info("an attachment is given up: %s", why.value)
        self._done(wanted, {GONE: why.value})

    def _done(self, wanted: WantedFile, more: dict[str, object]) -> bool:
        """Say what became of a file; False if nobody wants it any more."""
        with self._database.write() as conn:
            is_wanted = media.done(conn, wanted, more)
            if is_wanted:
                self._announce(conn, wanted)
        return is_wanted

    def _announce(self, conn: Connection, wanted: WantedFile) -> None:
        kind, now = EventKind.MESSAGE_CHANGED, self._clock()
        events.append(conn, self._account_id, kind, now, wanted.conversation_id, wanted.message_id)
