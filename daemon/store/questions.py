"""Questions to WhatsApp: asked by anybody, taken and answered by the session, soon forgotten."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from daemon.domain.questions import KINDS, Question, QuestionKind, Unanswered
from daemon.store.portions import MOST_ROWS
from daemon.store.sql import changed
from daemon.store.tables.questions import question

# Kept after it has expired: whoever asked may still be writing what the answer was for. A number that nobody was
# written to is gone then.
KEPT = timedelta(hours=1)

_question = select(question)
_is_open = question.c.answered_at.is_(None)
_PATIENT = [kind.value for kind, about in KINDS.items() if about.is_patient]


def add(
    conn: Connection, account_id: int, kind: QuestionKind, subject: str, asked_by: int | None, now: datetime
) -> int:
    """A new question; gives its id."""
    values = {"account_id": account_id, "kind": kind.value, "subject": subject, "asked_by": asked_by}
    times = {"asked_at": now, "expires_at": now + KINDS[kind].lasts}
    return conn.execute(insert(question).values(values | times).returning(question.c.id)).scalar_one()


def get(conn: Connection, question_id: int) -> Question | None:
    """One question; None once it is forgotten."""
    row = conn.execute(_question.where(question.c.id == question_id)).first()
    return _read(row) if row else None


def newest(conn: Connection, account_id: int, kind: QuestionKind, subject: str) -> Question | None:
    """What was asked last about somebody."""
    about = (question.c.account_id == account_id) & (question.c.subject == subject)
    found = _question.where(about, question.c.kind == kind.value).order_by(question.c.id.desc()).limit(1)
    row = conn.execute(found).first()
    return _read(row) if row else None


def next_open(conn: Connection, account_id: int, now: datetime, but: Collection[int] = ()) -> Question | None:
    """The next to be asked: the oldest that somebody waits for, then the oldest of the others, while they hold.

    Those in `but` are being dealt with.
    """
    waits = question.c.kind.in_(_PATIENT)
    rows = conn.execute(
        _question.where(
            question.c.account_id == account_id,
            _is_open,
            question.c.expires_at > now,
            # of a clock that was set back
            question.c.asked_at <= now,
            question.c.id.not_in(list(but)),
        )
        .order_by(waits, question.c.id)
        .limit(1)
    )
    row = rows.first()
    return _read(row) if row else None


def answer(conn: Connection, question_id: int, answer: dict[str, Any], now: datetime) -> bool:
    """Keep an answer, also one that came late; False if the question is forgotten."""
    values = {"answer": answer, "answered_at": now, "error": None}
    return changed(conn, update(question).where(question.c.id == question_id).values(values))


def give_up(conn: Connection, question_id: int, error: Unanswered, now: datetime) -> bool:
    """There is no answer; False if there is one, or the question is forgotten."""
    statement = update(question).where(question.c.id == question_id, _is_open)
    return changed(conn, statement.values(answered_at=now, error=error.value))


def _is_old(now: datetime) -> Any:
    # or from a future that a clock has shown
    return or_(question.c.expires_at < now - KEPT, question.c.asked_at > now + KEPT)


def has_old(conn: Connection, now: datetime) -> bool:
    """Whether any is to be forgotten."""
    return conn.execute(select(question.c.id).where(_is_old(now)).limit(1)).first() is not None


def forget_old(conn: Connection, now: datetime) -> bool:
    """Forget MOST_ROWS of those that nobody needs any more; True if more may be left."""
    old = select(question.c.id).where(_is_old(now)).limit(MOST_ROWS)
    return conn.execute(delete(question).where(question.c.id.in_(old))).rowcount == MOST_ROWS


def forget_about(conn: Connection, account_id: int, subjects: Collection[str]) -> None:
    """Forget all that was asked about some addresses."""
    theirs = (question.c.account_id == account_id) & question.c.subject.in_(subjects)
    conn.execute(delete(question).where(theirs))


def _read(row: Row[*tuple[Any, ...]]) -> Question:
    return Question(
        row.id,
        row.account_id,
        QuestionKind(row.kind),
        row.subject,
        row.asked_by,
        row.asked_at,
        row.expires_at,
        row.answered_at,
        row.answer if isinstance(row.answer, dict) else None,
        Unanswered(row.error) if row.error else None,
    )
