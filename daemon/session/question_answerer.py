"""Asks WhatsApp what the inbox wants to know, while the link is up: one question at a time, none for long."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from daemon.desk import questions
from daemon.domain.questions import Question, QuestionKind, Unanswered
from daemon.domain.time import Clock
from daemon.logs import Guard
from daemon.session.profile_picture_fetcher import ProfilePictureFetcher
from daemon.store import questions as store_questions
from daemon.store.busy import until_taken
from daemon.store.change_watch import ChangeWatch
from daemon.store.engine import Database
from daemon.whatsapp.client import WhatsApp
from daemon.whatsapp.questions import NoAnswer, ask

log = logging.getLogger(__name__)

# seconds from one question to the next, and before one is asked again that the link has swallowed
PAUSE, LINK_PAUSE = 0.3, 1.0
# seconds after which a question counts as unanswered; the library goes on waiting, and its answer may still come
LONGEST_CALL = 10.0
# seconds between two looks while nobody writes
EVERY = 5.0


class QuestionAnswerer(threading.Thread):
    """Answers the questions of one account; each is asked on a thread of its own, which may be left behind."""

    def __init__(
        self,
        database: Database,
        account_id: int,
        data: Path,
        whatsapp: WhatsApp,
        ready: threading.Event,
        clock: Clock,
    ) -> None:
        super().__init__(name="question answerer", daemon=True)
        self._database = database
        self._account_id = account_id
        self._whatsapp = whatsapp
        self._ready = ready
        self._clock = clock
        self._stopping = threading.Event()
        self._asking: threading.Thread | None = None
        self._done = threading.Event()
        self._pictures = ProfilePictureFetcher(database, account_id, data, self._keep, self._give_up)
        self._guarded = Guard(log, "the questions'")

    def run(self) -> None:
        """Look for questions when something was written."""
        self._pictures.start()
        watch = ChangeWatch(self._database)
        while not self._stopping.wait(PAUSE):
            if not self._ready.wait(1.0):
                continue
            with self._guarded("look"):
                if not self._answer_next():
                    watch.wait(EVERY)
            if self._guarded.failed:
                self._guarded.failed = False
                self._stopping.wait(EVERY)
        watch.close()

    def stop(self) -> None:
        """Ask nothing more. What is under way is not waited for: the next life asks it again, or it expires."""
        self._stopping.set()
        self._done.set()
        self._pictures.stop()

    def _answer_next(self) -> bool:
        """Ask what is next; False if there is nothing to ask now."""
        if self._asking is not None and self._asking.is_alive():
            # it was left behind; WhatsApp does not answer
            self._asking.join(1.0)
            return True
        with self._database.read() as conn:
            question = store_questions.next_open(
                conn, self._account_id, self._clock(), tuple(self._pictures.taken)
            )
        if question is None or not self._ready.is_set() or self._stopping.is_set():
            return False
        self._done.clear()
        self._asking = threading.Thread(target=self._ask, args=(question,), name="question", daemon=True)
        self._asking.start()
        if not self._done.wait(LONGEST_CALL):
            log.warning("WhatsApp does not answer a question: %s", question.kind.value)
            self._give_up(question, Unanswered.TIMED_OUT)
        return True

    def _ask(self, question: Question) -> None:
        try:
            with self._guarded(f"question {question.kind.value}"):
                self._answer(question)
        finally:
            self._done.set()

    def _answer(self, question: Question) -> None:
        try:
            answer = ask(self._whatsapp, question.kind, question.subject)
        except NoAnswer as error:
            if error.error is None:
                self._stopping.wait(LINK_PAUSE)
            else:
                log.warning("a question has no answer: %s, %s", question.kind.value, error.error.value)
                self._give_up(question, error.error)
        except Exception as error:
            # what nobody foresaw is not asked again
            log.error("a question could not be asked: %s", type(error).__name__)
            self._give_up(question, Unanswered.FAILED)
        else:
            if question.kind == QuestionKind.PROFILE_PICTURE and answer["url"]:
                self._pictures.take(question, answer)
            else:
                self._keep(question, answer)

    def _keep(self, question: Question, answer: dict[str, Any]) -> None:
        self._write(lambda conn, now: questions.answered(conn, question, answer, now))

    def _give_up(self, question: Question, error: Unanswered) -> None:
        self._write(lambda conn, now: questions.unanswered(conn, question, error, now))

    def _write(self, write: Callable[[Connection, datetime], None]) -> None:
        def once() -> None:
            with self._database.write() as conn:
                write(conn, self._clock())

        until_taken(once, "an answer", self._leave_if_stopping)

    def _leave_if_stopping(self) -> None:
        if self._stopping.is_set():
            raise InterruptedError
