"""Brings files of ours to WhatsApp's media hosts while the link is up, one at a time, beside words that leave."""

import logging
import threading
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from daemon.desk import outgoing
from daemon.domain.attachments import MediaFolder, small_of
from daemon.domain.message_kinds import MessageKind
from daemon.domain.time import Clock
from daemon.media_process.hosts import usable_hosts
from daemon.media_process.preparation_job import PreparationJob
from daemon.media_process.upload_job import UploadJob, UploadResult
from daemon.session import thumbnails
from daemon.session.file_transfers import FileTransfers, Retries, TransferFailed
from daemon.store import media, outgoing_files
from daemon.store.engine import Database
from daemon.store.outgoing_files import WaitingFile
from daemon.whatsapp.client import WhatsApp
from daemon.whatsapp.media_access import MediaAccess

log = logging.getLogger(__name__)

# after 5 s, 10 s, 20 s …, some twenty minutes in all
RETRIES = Retries(timedelta(seconds=5), 8)
# in the thread, by its message's words
UNSENT = "its file could not be brought to WhatsApp"


class FileUploader(FileTransfers[WaitingFile]):
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
        super().__init__("file uploader", database, account_id, ready, clock, outgoing_files.attempts, RETRIES)
        self._folder = data / media.FOLDER
        self._room = self._folder / str(account_id)
        self._access = MediaAccess(whatsapp)

    def _clear_away(self) -> None:
        for part in self._room.glob("sent-*.part"):
            part.unlink(missing_ok=True)

    def _next_due(self, conn: Connection) -> int | None:
        return outgoing_files.next_due(conn, self._account_id, self._clock())

    def _load(self, conn: Connection, message_id: int) -> WaitingFile | None:
        return outgoing_files.load(conn, message_id)

    def _transfer(self, item: WaitingFile) -> None:
        sent = self._room / f"sent-{item.message_id}.part"
        try:
            self._bring(item, sent)
        finally:
            sent.unlink(missing_ok=True)

    def _bring(self, waiting: WaitingFile, sent: Path) -> None:
        file = self._folder / waiting.file
        if not file.is_file():
            self._give_up(waiting, deadly=False)
            return
        folder = MediaFolder.DOCUMENT
        if waiting.kind == MessageKind.IMAGE and self._prepare(waiting, file, sent):
            file, folder = sent, MediaFolder.IMAGE
        if (access := self._access.get()) is None:
            log.warning("WhatsApp does not tell where files are brought")
            raise TransferFailed
        hosts, auth = usable_hosts(access[0]), access[1]
        result, uploaded = self._process.upload(UploadJob(str(file), folder, hosts, auth, str(self._room)))
        if uploaded is not None:
            self._write(lambda conn: outgoing_files.done(conn, waiting.message_id, uploaded, self._clock()))
            return
        if result == UploadResult.NOT_LET_IN:
            self._access.forget()
        log.warning("a file was not taken by WhatsApp's media hosts: %s", result.name)
        raise TransferFailed

    def _prepare(self, waiting: WaitingFile, file: Path, sent: Path) -> bool:
        """Make the picture that is sent; what is none goes as a document, as it is."""
        picture = self._process.prepare(PreparationJob(str(file), str(sent)))
        kind, thumbnail = MessageKind.DOCUMENT, b""
        small = self._folder / small_of(waiting.file)
        about = waiting.media | thumbnails.look_at(self._process, MessageKind.IMAGE, waiting.media, file, small)
        if picture is not None:
            kind, thumbnail = MessageKind.IMAGE, picture.thumbnail
            about = about | {"width": picture.width, "height": picture.height}
        self._write(lambda conn: outgoing_files.prepared(conn, waiting.message_id, kind, about, thumbnail))
        return picture is not None

    def _give_up(self, item: WaitingFile, *, deadly: bool) -> None:
        log.warning("a file is not sent: its message has failed")

        def write(conn: Connection) -> None:
            outgoing_files.attempts.interrupted(conn, item.message_id)
            outgoing.fail(conn, self._account_id, item.outbox_id, self._clock(), UNSENT)

        self._write(write)
