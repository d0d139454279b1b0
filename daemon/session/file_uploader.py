"""Brings files of ours to WhatsApp's media hosts while the link is up, one at a time, beside words that leave."""

import base64
import logging
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from daemon.desk import outgoing
from daemon.domain.attachments import IS_MADE, ODD, SENT_AS, THUMBNAIL, MediaFolder, small_of
from daemon.domain.message_kinds import MessageKind
from daemon.domain.time import Clock
from daemon.media_process.hosts import usable_hosts
from daemon.media_process.preparation_job import PreparationJob
from daemon.media_process.upload_job import UploadJob, UploadResult
from daemon.session import thumbnails
from daemon.session.file_transfers import FileTransfers, NoLongerWanted, Retries, TransferFailed
from daemon.store import events, media, outgoing_files
from daemon.store.engine import Database
from daemon.store.events import EventKind
from daemon.store.outgoing_files import WaitingFile
from daemon.whatsapp.client import WhatsApp
from daemon.whatsapp.media_access import MediaAccess

log = logging.getLogger(__name__)

# after 5 s, 10 s, 20 s …, some twenty minutes in all
RETRIES = Retries(timedelta(seconds=5), 8)
# kinds that are made of a file before it leaves, and as what it lies on the hosts then
FOLDERS = {
    MessageKind.IMAGE: MediaFolder.IMAGE,
    # (whatsmeow's classToMediaType)
    MessageKind.STICKER: MediaFolder.IMAGE,
    MessageKind.VIDEO: MediaFolder.VIDEO,
    MessageKind.AUDIO: MediaFolder.AUDIO,
    MessageKind.VOICE: MediaFolder.AUDIO,
}
# percent from one word about it to the next: the log of events has twenty of them for each attempt at most
STEP = 5
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
        # percent of the present upload that its message says
        self._told = 0

    def _clear_away(self) -> None:
        for part in self._room.glob("sent-*.part"):
            part.unlink(missing_ok=True)

    def _next_due(self, conn: Connection) -> int | None:
        return outgoing_files.next_due(conn, self._account_id, self._clock())

    def _load(self, conn: Connection, message_id: int) -> WaitingFile | None:
        return outgoing_files.load(conn, message_id)

    def _transfer(self, item: WaitingFile) -> None:
        if item.failures or item.deaths:
            # its message says when it is tried again: that is now
            self._write(lambda conn: self._tell(conn, item.message_id))
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
        if waiting.kind in FOLDERS and (kind := self._prepare(waiting, file, sent)) in FOLDERS:
            file, folder = sent, FOLDERS[kind]
        if (access := self._access.get()) is None:
            log.warning("WhatsApp does not tell where files are brought")
            raise TransferFailed
        hosts, auth = usable_hosts(access[0]), access[1]
        self._told = 0
        job = UploadJob(str(file), folder, hosts, auth, str(self._room))
        result, uploaded = self._process.upload(job, lambda percent: self._on_progress(waiting, percent))
        if uploaded is not None:
            self._write(lambda conn: outgoing_files.done(conn, waiting.message_id, uploaded, self._clock()))
            return
        if result == UploadResult.NOT_LET_IN:
            self._access.forget()
        log.warning("a file was not taken by WhatsApp's media hosts: %s", result.name)
        raise TransferFailed

    def _on_progress(self, waiting: WaitingFile, percent: int) -> None:
        """So much is there; raises NoLongerWanted, which ends the upload."""
        message_id = waiting.message_id
        if not self._read(lambda conn: outgoing_files.is_wanted(conn, message_id)):
            raise NoLongerWanted
        if percent - self._told < STEP:
            return
        self._told = percent

        def write(conn: Connection) -> None:
            now, kind = self._clock(), EventKind.UPLOAD_PROGRESS
            outgoing_files.progress(conn, message_id, percent, now)
            events.append(conn, self._account_id, kind, now, waiting.conversation_id, message_id)

        self._write(write)

    def _tell(self, conn: Connection, message_id: int) -> None:
        if (waiting := outgoing_files.load(conn, message_id)) is not None:
            outgoing_files.forget_progress(conn, message_id)
            now, kind = self._clock(), EventKind.MESSAGE_CHANGED
            events.append(conn, self._account_id, kind, now, waiting.conversation_id, message_id)

    def _prepare(self, waiting: WaitingFile, file: Path, sent: Path) -> MessageKind:
        """Make what is sent, and say as what; what can't be made into anything goes as a document, as it is."""
        mime = str(waiting.media.get("mime") or "")
        known = {name: value for name, value in waiting.media.items() if name != IS_MADE}
        if waiting.kind == MessageKind.VIDEO:
            # that may take minutes
            self._tell_kind(waiting, waiting.kind, known | {IS_MADE: 1}, b"")
        made = self._process.prepare(PreparationJob(str(file), waiting.kind, mime, str(sent)))
        if made is not None and made.kind == MessageKind.AUDIO and waiting.has_words:
            # a film without pictures, and a sound has no place for the words below it
            made = None
        small = self._folder / small_of(waiting.file)
        about = known | thumbnails.look_at(self._process, waiting.kind, known, file, small)
        kind, thumbnail = MessageKind.DOCUMENT, b""
        if made is not None:
            kind, about, thumbnail = made.kind, about | made.about | {SENT_AS: made.mime}, made.thumbnail
        elif waiting.kind != MessageKind.IMAGE:
            # nor does a browser play it
            about[ODD] = 1
        if kind == MessageKind.VIDEO:
            about[THUMBNAIL] = base64.b64encode(thumbnail).decode()
        self._tell_kind(waiting, kind, about, thumbnail)
        return kind

    def _tell_kind(self, waiting: WaitingFile, kind: MessageKind, about: dict[str, Any], thumbnail: bytes) -> None:
        def write(conn: Connection) -> None:
            outgoing_files.prepared(conn, waiting.message_id, kind, about, thumbnail)
            place = waiting.conversation_id, waiting.message_id
            events.append(conn, self._account_id, EventKind.MESSAGE_CHANGED, self._clock(), *place)

        self._write(write)

    def _give_up(self, item: WaitingFile, *, deadly: bool) -> None:
        log.warning("a file is not sent: its message has failed")

        def write(conn: Connection) -> None:
            outgoing_files.attempts.interrupted(conn, item.message_id)
            outgoing.fail(conn, self._account_id, item.outbox_id, self._clock(), UNSENT)

        self._write(write)
