"""Questions that only the session can ask WhatsApp: asked here by anybody, and what becomes of their answers."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from daemon.desk import blocking, paces, profile_pictures
from daemon.domain.links import can_send
from daemon.domain.pace import Pace, Paced
from daemon.domain.questions import KINDS, Question, QuestionKind, Stage, Unanswered
from daemon.store import links, questions


class NotOnline(Exception):
    """There is no link to ask by: nobody is made to wait."""


# of a kind whose answer outlives its question: what is kept of it, in the transaction that writes the answer
KEEPERS: dict[QuestionKind, Callable[[Connection, Question, dict[str, Any], datetime], None]] = {
    QuestionKind.PROFILE_PICTURE: profile_pictures.keep,
    QuestionKind.BLOCK: blocking.keep,
    QuestionKind.UNBLOCK: blocking.keep,
    QuestionKind.BLOCKLIST: blocking.keep_list,
}
# the same for a kind that got no answer
QUITTERS: dict[QuestionKind, Callable[[Connection, Question, Unanswered, datetime], None]] = {}


def ask(
    conn: Connection,
    account_id: int,
    kind: QuestionKind,
    subject: str,
    now: datetime,
    *,
    asked_by: int | None = None,
    paced: tuple[Paced, Pace] | None = None,
) -> Question:
    """Ask, or give what was just asked or answered about the same: two who ask at once ask once.

    Raises NotOnline, and TooFast if it has been asked as often as its pace allows.
    """
    known = questions.newest(conn, account_id, kind, subject)
    if known is not None and _serves(known, now):
        return known
    if not can_send(links.get(conn, account_id).state):
        raise NotOnline
    if paced is not None:
        paces.take(conn, account_id, *paced, now)
    found = questions.get(conn, questions.add(conn, account_id, kind, subject, asked_by, now))
    assert found is not None
    return found


def _serves(known: Question, now: datetime) -> bool:
    stage = known.stage(now)
    if stage == Stage.ASKING:
        return True
    answered_at = known.answered_at
    fresh = KINDS[known.kind].fresh
    return stage == Stage.ANSWERED and answered_at is not None and answered_at <= now < answered_at + fresh


def answered(conn: Connection, question: Question, answer: dict[str, Any], now: datetime) -> None:
    """WhatsApp has answered, in time or late; nothing is kept of a question that was forgotten meanwhile."""
    kept = {name: value for name, value in answer.items() if name != blocking.EVERYBODY}
    if questions.answer(conn, question.id, kept, now) and (keep := KEEPERS.get(question.kind)):
        keep(conn, question, answer, now)


def unanswered(conn: Connection, question: Question, error: Unanswered, now: datetime) -> None:
    """There is no answer; one that came before stands."""
    if questions.give_up(conn, question.id, error, now) and (quit_ := QUITTERS.get(question.kind)):
        quit_(conn, question, error, now)
