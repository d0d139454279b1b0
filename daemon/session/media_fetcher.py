"""Fetches attachments while the link is up: promptly, because WhatsApp's servers forget them, one at a time."""

import logging
import threading
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from auth_store.files import prepare_folder
from daemon.domain.attachments import GONE, SMALL, THUMBNAIL, MissingFile, file_end, small_of
from daemon.domain.time import Clock
from daemon.maintenance.media_room import MediaRoom
from daemon.media_process.download_job import DownloadJob, DownloadResult
from daemon.media_process.hosts import hosts_to_ask
from daemon.session import thumbnails
from daemon.session.file_transfers import FileTransfers, Retries, TransferFailed
from daemon.store import events, media
from daemon.store.engine import Database
from daemon.store.events import EventKind
from daemon.store.media import WantedFile
from daemon.whatsapp.client import WhatsApp
from daemon.whatsapp.media import source_of

log = logging.getLogger(__name__)

# after 10 s, 20 s, 40 s …, about two hours in all
RETRIES = Retries(timedelta(seconds=10), 10)
# messages that are marked in one transaction
BATCH = 50

_FINAL = {
    DownloadResult.EXPIRED: MissingFile.EXPIRED,
    DownloadResult.TOO_LARGE: MissingFile.LARGE,
    DownloadResult.DAMAGED: MissingFile.DAMAGED,
}


class MediaFetcher(FileTransfers[WantedFile]):
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
        super().__init__("media fetcher", database, account_id, connected, clock, media.attempts, RETRIES)
        self._folder = data / media.FOLDER / str(account_id)
        self._whatsapp = whatsapp
        self._room = room

    def _clear_away(self) -> None:
        prepare_folder(self._folder)
        for part in self._folder.glob("[0-9]*.part"):
            part.unlink(missing_ok=True)

    def _next_due(self, conn: Connection) -> int | None:
        return media.next_due(conn, self._account_id, self._clock())

    def _load(self, conn: Connection, message_id: int) -> WantedFile | None:
        return media.load(conn, message_id)

    def _may_begin(self) -> bool:
        if self._room.is_left():
            return True
        while self._let_wait() == BATCH and not self._stopping.is_set():
            pass
        return False

    def _let_wait(self) -> int:
        """Mark what is due as waiting for room: it stays due. Gives how many it were."""
        now = self._clock()

        def write(conn: Connection) -> int:
            unmarked = media.due_without_mark(conn, self._account_id, now, BATCH)
            for wanted in unmarked:
                media.mark_waiting(conn, wanted)
                self._announce(conn, wanted)
            return len(unmarked)

        return self._write(write)

    def _transfer(self, item: WantedFile) -> None:
        source = source_of(item.raw)
        if source is None:
            self._give_up_for(item, MissingFile.DAMAGED)
            return
        self._write(lambda conn: media.unmark(conn, item))
        name = f"{item.message_id}{file_end(str(item.media.get('mime', '')))}"
        part = self._folder / f"{name}.part"
        try:
            job = DownloadJob(source, hosts_to_ask(self._whatsapp.hook.media_hosts))
            result = self._process.download(job, part)
            if result == DownloadResult.DONE:
                self._keep(item, part, name)
            elif result in _FINAL:
                self._give_up_for(item, _FINAL[result])
            else:
                raise TransferFailed
        finally:
            part.unlink(missing_ok=True)

    def _keep(self, wanted: WantedFile, part: Path, name: str) -> None:
        path, size = self._folder / name, part.stat().st_size
        small = self._folder / small_of(name)
        seen = thumbnails.look_at(self._process, wanted.kind, wanted.media, part, small)
        part.rename(path)
        if self._done(wanted, {"file": f"{self._account_id}/{name}", "size": size, **seen}):
            self._room.take(size)
        else:
            # its message was deleted meanwhile
            for gone in (path, small):
                gone.unlink(missing_ok=True)

    def _give_up(self, item: WantedFile, *, deadly: bool) -> None:
        self._give_up_for(item, MissingFile.DEADLY if deadly else MissingFile.FAILED)

    def _give_up_for(self, wanted: WantedFile, why: MissingFile) -> None:
        log.info("an attachment is given up: %s", why.value)
        self._done(wanted, {GONE: why.value})

    def _done(self, wanted: WantedFile, more: dict[str, object]) -> bool:
        """Say what became of a file; False if nobody wants it any more."""
        # what stood there meanwhile is needed no more
        without = (THUMBNAIL,) if SMALL in more else ()

        def write(conn: Connection) -> bool:
            is_wanted = media.done(conn, wanted, more, without)
            if is_wanted:
                self._announce(conn, wanted)
            return is_wanted

        return self._write(write)

    def _announce(self, conn: Connection, wanted: WantedFile) -> None:
        kind, now = EventKind.MESSAGE_CHANGED, self._clock()
        events.append(conn, self._account_id, kind, now, wanted.conversation_id, wanted.message_id)
