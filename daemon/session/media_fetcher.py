"""Fetches attachments while the link is up: promptly, because WhatsApp's servers forget them, one at a time."""

import logging
import mimetypes
import os
import threading
from datetime import timedelta
from pathlib import Path

from auth_store.files import prepare_folder
from daemon.domain.time import Clock
from daemon.store import events, media
from daemon.store.change_watch import ChangeWatch
from daemon.store.engine import Database
from daemon.store.events import EventKind
from daemon.store.media import WantedFile
from daemon.whatsapp.client import WhatsApp
from daemon.whatsapp.media import FetchFailed, fetch

log = logging.getLogger(__name__)

# seconds between two looks while messages pour in
PAUSE = 0.2
# a file that did not come is asked for again after 10 s, 20 s, 40 s …, about two hours in all
FIRST_RETRY, MOST_FAILURES = timedelta(seconds=10), 10


class MediaFetcher(threading.Thread):
    """Puts attachments into `media/ACCOUNT/MESSAGE.ext` below the data folder, 0600."""

    def __init__(
        self,
        database: Database,
        account_id: int,
        data: Path,
        whatsapp: WhatsApp,
        connected: threading.Event,
        clock: Clock,
    ) -> None:
        super().__init__(name="media fetcher", daemon=True)
        self._database = database
        self._account_id = account_id
        self._folder = data / "media" / str(account_id)
        self._whatsapp = whatsapp
        self._connected = connected
        self._clock = clock
        self._stopping = threading.Event()

    def run(self) -> None:
        """Look for due attachments when something was written, and every ten seconds for retries."""
        prepare_folder(self._folder)
        watch = ChangeWatch(self._database)
        while not self._stopping.wait(PAUSE):
            if not self._connected.wait(1.0):
                continue
            watch.wait(FIRST_RETRY.total_seconds())
            try:
                while not self._stopping.is_set() and self._fetch_next():
                    pass
            except Exception:
                log.exception("an attachment could not be stored")
        watch.close()

    def stop(self) -> None:
        """Start no further download."""
        self._stopping.set()

    def _fetch_next(self) -> bool:
        with self._database.read() as conn:
            wanted = media.next_due(conn, self._account_id, self._clock())
        if wanted is None or not self._connected.is_set():
            return False
        try:
            data = fetch(self._whatsapp, wanted.raw)
        except FetchFailed as error:
            self._failed(wanted, permanent=error.permanent or wanted.failures >= MOST_FAILURES)
        else:
            name = self._keep(wanted, data)
            self._done(wanted, {**wanted.media, "file": f"{self._account_id}/{name}", "size": len(data)})
        return True

    def _keep(self, wanted: WantedFile, data: bytes) -> str:
        mime = str(wanted.media.get("mime", "")).partition(";")[0]
        name = f"{wanted.message_id}{mimetypes.guess_extension(mime) or '.bin'}"
        part = self._folder / f"{name}.part"
        fd = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.rename(self._folder / name)
        return name

    def _failed(self, wanted: WantedFile, *, permanent: bool) -> None:
        if permanent:
            self._done(wanted, {**wanted.media, "gone": 1})
            return
        with self._database.write() as conn:
            at = self._clock() + FIRST_RETRY * 2**wanted.failures
            media.later(conn, wanted.message_id, at)

    def _done(self, wanted: WantedFile, about: dict[str, object]) -> None:
        with self._database.write() as conn:
            media.done(conn, wanted.message_id, about)
            events.append(
                conn,
                self._account_id,
                EventKind.MESSAGE_CHANGED,
                self._clock(),
                wanted.conversation_id,
                wanted.message_id,
            )
