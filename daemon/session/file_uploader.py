"""Brings files of ours to WhatsApp's media hosts while the link is up, one at a time, beside words that leave."""

import logging
import threading
from datetime import timedelta
from pathlib import Path

from daemon.desk import outgoing
from daemon.domain.attachments import MediaFolder
from daemon.domain.message_kinds import MessageKind
from daemon.domain.time import Clock
from daemon.logs import Guard
from daemon.media_process.hosts import usable_hosts
from daemon.media_process.preparation_job import PreparationJob
from daemon.media_process.upload_job import UploadJob, UploadResult
from daemon.session.media_process import MediaProcess, ProcessDied, ProcessStopped
from daemon.store import media, outgoing_files
from daemon.store.change_watch import ChangeWatch
from daemon.store.engine import Database
from daemon.store.outgoing_files import WaitingFile
from daemon.whatsapp.client import WhatsApp
from daemon.whatsapp.media_access import MediaAccess

log = logging.getLogger(__name__)

# seconds between two looks while messages pour in
PAUSE = 0.2
# a file that the hosts did not take is brought again after 5 s, 10 s, 20 s …, some twenty minutes in all
FIRST_RETRY, MOST_FAILURES = timedelta(seconds=5), 8
# attempts that ended with their process, ours or the upload's
MOST_DEATHS = 3
# in the thread, by its message's words
UNSENT = "its file could not be brought to WhatsApp"


class FileUploader(threading.Thread):
    """Prepares and brings what people attach; their messages leave by the sender once it is there."""

    def __init__(
        self,
        database: Database,
        account_id: int,
        data: Path,
        whatsapp: WhatsApp,
        ready: threading.Event,
        clock: Clock,
    ) -> None:
        super().__init__(name="file uploader", daemon=True)
        self._database = database
        self._account_id = account_id
        self._folder = data / media.FOLDER
        self._room = self._folder / str(account_id)
        self._ready = ready
        self._clock = clock
        self._access = MediaAccess(whatsapp)
        self._process = MediaProcess()
        self._stopping = threading.Event()
        self._guarded = Guard(log, "the outgoing files'")

    def run(self) -> None:
        """Look for files to bring when something was written, and every five seconds for retries."""
        self._settle()
        watch = ChangeWatch(self._database)
        while not self._stopping.wait(PAUSE):
            if not self._ready.wait(1.0):
                continue
            with self._guarded("look"):
                while not self._stopping.is_set() and self._bring_next():
                    pass
                watch.wait(FIRST_RETRY.total_seconds())
            if self._guarded.failed:
                self._guarded.failed = False
                self._stopping.wait(FIRST_RETRY.total_seconds())
        watch.close()

    def stop(self, timeout: float) -> None:
        """End the upload that runs, begin no further one, and wait so many seconds for what is to be written."""
        self._stopping.set()
        self._process.stop()
        if self.is_alive():
            self.join(timeout)

    def _settle(self) -> None:
        """Count what ended with the last session, and give up what did so too often."""
        for part in self._room.glob("sent-*.part"):
            part.unlink(missing_ok=True)
        with self._database.read() as conn:
            interrupted = outgoing_files.begun(conn, self._account_id)
        for waiting in interrupted:
            self._died(waiting)

    def _bring_next(self) -> bool:
        with self._database.read() as conn:
            waiting = outgoing_files.next_due(conn, self._account_id, self._clock())
        if waiting is None or not self._ready.is_set():
            return False
        # written before it begins: what takes this process along is not tried for ever
        with self._database.write() as conn:
            outgoing_files.begin(conn, waiting.message_id, self._clock())
        sent = self._room / f"sent-{waiting.message_id}.part"
        try:
            self._bring(waiting, sent)
        except ProcessDied:
            log.warning("the process that brings a file has died")
            self._died(waiting)
        except ProcessStopped:
            with self._database.write() as conn:
                outgoing_files.interrupted(conn, waiting.message_id)
        finally:
            sent.unlink(missing_ok=True)
        return True

    def _bring(self, waiting: WaitingFile, sent: Path) -> None:
        file = self._folder / waiting.file
        if not file.is_file():
            self._give_up(waiting)
            return
        folder = MediaFolder.DOCUMENT
        if waiting.kind == MessageKind.IMAGE and self._prepare(waiting, file, sent):
            file, folder = sent, MediaFolder.IMAGE
        if (access := self._access.get()) is None:
            log.warning("WhatsApp does not tell where files are brought")
            self._failed(waiting)
            return
        hosts, auth = usable_hosts(access[0]), access[1]
        result, uploaded = self._process.upload(UploadJob(str(file), folder, hosts, auth, str(self._room)))
        if uploaded is not None:
            with self._database.write() as conn:
                outgoing_files.done(conn, waiting.message_id, uploaded, self._clock())
            return
        if result == UploadResult.NOT_LET_IN:
            self._access.forget()
        log.warning("a file was not taken by WhatsApp's media hosts: %s", result.name)
        self._failed(waiting)

    def _prepare(self, waiting: WaitingFile, file: Path, sent: Path) -> bool:
        """Make the picture that is sent; what is none goes as a document, as it is."""
        picture = self._process.prepare(PreparationJob(str(file), str(sent)))
        kind, thumbnail = MessageKind.DOCUMENT, b""
        about = waiting.media
        if picture is not None:
            kind, thumbnail = MessageKind.IMAGE, picture.thumbnail
            about = about | {"width": picture.width, "height": picture.height}
        with self._database.write() as conn:
            outgoing_files.prepared(conn, waiting.message_id, kind, about, thumbnail)
        return picture is not None

    def _failed(self, waiting: WaitingFile) -> None:
        if waiting.failures >= MOST_FAILURES:
            self._give_up(waiting)
            return
        with self._database.write() as conn:
            outgoing_files.later(conn, waiting.message_id, self._clock() + FIRST_RETRY * 2**waiting.failures)

    def _died(self, waiting: WaitingFile) -> None:
        if waiting.deaths + 1 >= MOST_DEATHS:
            self._give_up(waiting)
            return
        with self._database.write() as conn:
            outgoing_files.died(conn, waiting.message_id, self._clock() + FIRST_RETRY * 2**waiting.deaths)

    def _give_up(self, waiting: WaitingFile) -> None:
        log.warning("a file is not sent: its message has failed")
        with self._database.write() as conn:
            outgoing_files.interrupted(conn, waiting.message_id)
            outgoing.fail(conn, self._account_id, waiting.outbox_id, self._clock(), UNSENT)
