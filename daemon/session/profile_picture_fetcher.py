"""Fetches the profile pictures that WhatsApp has named, one at a time, beside the questions that come after."""

import logging
import queue
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from auth_store.files import prepare_folder
from daemon.domain.ids import parse_address
from daemon.domain.questions import Question, Unanswered
from daemon.logs import Guard
from daemon.media_process.profile_picture_job import ProfilePictureJob, ProfilePictureResult
from daemon.session.media_process import MediaProcess, ProcessDied, ProcessStopped
from daemon.store import contact_pictures, contacts, media
from daemon.store.engine import Database

log = logging.getLogger(__name__)

Answered = Callable[[Question, dict[str, Any]], None]
GivenUp = Callable[[Question, Unanswered], None]


class ProfilePictureFetcher(threading.Thread):
    """Takes a question whose answer is an address; its answer is the file then."""

    def __init__(
        self, database: Database, account_id: int, data: Path, answered: Answered, given_up: GivenUp
    ) -> None:
        super().__init__(name="profile pictures", daemon=True)
        self._database = database
        self._account_id = account_id
        self._room = data / media.FOLDER / str(account_id)
        self._answered, self._given_up = answered, given_up
        self._process = MediaProcess()
        self._waiting: queue.Queue[tuple[Question, dict[str, Any]]] = queue.Queue()
        # not to be asked again while they are here
        self.taken: set[int] = set()
        self._guarded = Guard(log, "the profile pictures'")

    def take(self, question: Question, named: dict[str, Any]) -> None:
        """Fetch what WhatsApp has named (`url`, `wa_id`), after those that came before."""
        self.taken.add(question.id)
        self._waiting.put((question, named))

    def run(self) -> None:
        """Fetch one after the other; what the session's end cuts off is asked for again later."""
        prepare_folder(self._room)
        for part in self._room.glob("face-*.part"):
            part.unlink(missing_ok=True)
        while True:
            question, named = self._waiting.get()
            try:
                with self._guarded("fetch"):
                    self._fetch(question, named)
            except ProcessStopped:
                return
            finally:
                self.taken.discard(question.id)

    def stop(self) -> None:
        """End the one that runs."""
        self._process.stop()

    def _fetch(self, question: Question, named: dict[str, Any]) -> None:
        wa_id = named["wa_id"]
        if (known := self._known(question, wa_id)) is not None:
            self._answered(question, {"file": known, "wa_id": wa_id})
            return
        name = f"face-{secrets.token_hex(12)}.jpg"
        part = self._room / f"{name}.part"
        try:
            result = self._process.profile_picture(ProfilePictureJob(named["url"], str(part)))
            if result == ProfilePictureResult.DONE:
                part.chmod(0o600)
                part.rename(self._room / name)
                self._answered(question, {"file": f"{self._account_id}/{name}", "wa_id": wa_id})
                return
            log.warning("a profile picture is not shown: %s", result.name)
        except ProcessDied:
            log.warning("the process that fetches a profile picture has died")
        finally:
            part.unlink(missing_ok=True)
        self._given_up(question, Unanswered.FAILED)

    def _known(self, question: Question, wa_id: str) -> str | None:
        """The file of the same picture, if it is here."""
        with self._database.read() as conn:
            contact_id = contacts.find(conn, self._account_id, parse_address(question.subject))
            known = contact_pictures.get(conn, contact_id) if contact_id is not None else None
        if known is None or known.file is None or known.wa_id != wa_id:
            return None
        return known.file if (self._room.parent / known.file).is_file() else None
