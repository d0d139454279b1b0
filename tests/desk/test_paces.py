"""What has a pace is done so many times in a minute, an hour and a day, whoever counts; old counts go."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from daemon.desk import paces
from daemon.desk.worker import DeskWorker
from daemon.domain.pace import Pace, Paced, Paces, TooFast
from daemon.domain.questions import QuestionKind
from daemon.store import questions
from daemon.store.tables.questions import pace_mark, question
from tests.support.books import Books
from tests.support.builders import NOON, at

PACE = Pace(2, 3, 4)


def done(books: Books, seconds: float) -> float | None:
    """Do it at a time; when it would be possible, in seconds, if it is not."""
    with books.database.write() as conn:
        try:
            paces.take(conn, books.account_id, Paced.FIRST_WORDS, PACE, at(seconds))
        except TooFast as error:
            return (error.until - NOON).total_seconds()
    return None


def test_each_span_has_its_own_end(books: Books) -> None:
    assert done(books, 0) is None
    assert done(books, 10) is None
    assert done(books, 20) == 60
    assert done(books, 60) is None
    assert done(books, 1000) == 3600
    assert done(books, 3600) is None
    assert done(books, 8000) == 86_400
    assert done(books, 86_400) is None


def test_a_clock_that_was_set_back_holds_nothing_up(books: Books) -> None:
    assert done(books, 10**8) is None
    assert done(books, 10**8) is None
    assert done(books, 0) is None


def test_a_number_is_new_for_a_week() -> None:
    chosen = Paces()
    assert chosen.of(Paced.FIRST_WORDS, None, NOON) == chosen.first_words_new
    assert chosen.of(Paced.FIRST_WORDS, NOON - timedelta(days=6), NOON) == chosen.first_words_new
    assert chosen.of(Paced.FIRST_WORDS, NOON - timedelta(days=7), NOON) == chosen.first_words


@pytest.mark.parametrize("text", ["", "1 2", "1 2 3 4", "2 1 3", "0 1 2", "1 2 x", "١ ٢ ٣", "1 2 100001"])
def test_what_is_no_pace_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="numbers"):
        Pace.parse(text)


def test_the_worker_forgets_what_was_asked_and_counted(books: Books) -> None:
    with books.database.write() as conn:
        for hours in 0, 30:
            then = at(hours * 3600)
            questions.add(conn, books.account_id, QuestionKind.IS_ON_WHATSAPP, f"62{hours}@lid", None, then)
            paces.take(conn, books.account_id, Paced.NUMBER_CHECK, PACE, then)
    worker = DeskWorker(books.database, ZoneInfo("Asia/Jakarta"), "Toko", lambda: at(30 * 3600))
    worker.look()
    with books.database.read() as conn:
        assert conn.execute(select(question.c.subject)).scalars().all() == ["6230@lid"]
        assert conn.execute(select(func.count()).select_from(pace_mark)).scalar_one() == 1
