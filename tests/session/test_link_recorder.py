"""What the session's link recorder lets out, and when."""

import signal
import time
from collections.abc import Iterator
from queue import Empty

import pytest

from daemon.domain.ids import Address
from daemon.domain.link_events import BacklogBegun, BacklogEnded, Connected, Unstable
from daemon.domain.links import LinkState
from daemon.session.link_recorder import LinkRecorder
from daemon.store import links
from tests.support.books import Books
from tests.support.builders import NOON

ME = Connected(Address("6281230000001", "s.whatsapp.net", 1), "118000000000011")


def state(books: Books) -> LinkState:
    return books.link_row().state


def test_a_library_that_logs_in_anew_by_itself_lets_no_reply_out_before_the_backlog_is_in(books: Books) -> None:
    recorder = LinkRecorder(books.database, books.account_id, lambda: NOON)
    with books.database.write() as conn:
        links.set_state(conn, books.account_id, LinkState.CONNECTING, NOON)
    recorder.handle(ME)
    recorder.handle(BacklogEnded())
    assert (recorder.ready.is_set(), state(books)) == (True, LinkState.ONLINE)
    # as after a stream error 515: the phone may have answered in between
    recorder.handle(BacklogBegun(3))
    recorder.handle(ME)
    assert (recorder.ready.is_set(), state(books)) == (False, LinkState.CATCHING_UP)
    recorder.handle(BacklogEnded())
    assert (recorder.ready.is_set(), state(books)) == (True, LinkState.ONLINE)


def test_nothing_leaves_while_whatsapp_does_not_answer_us(books: Books) -> None:
    recorder = LinkRecorder(books.database, books.account_id, lambda: NOON)
    with books.database.write() as conn:
        links.set_state(conn, books.account_id, LinkState.CONNECTING, NOON)
    recorder.handle(ME)
    recorder.handle(Unstable(answered=False))
    recorder.handle(Unstable(answered=True))
    assert (recorder.ready.is_set(), state(books)) == (False, LinkState.CATCHING_UP)
    recorder.handle(BacklogEnded())
    recorder.handle(Unstable(answered=False))
    assert (recorder.ready.is_set(), state(books)) == (False, LinkState.UNSTABLE)
    assert recorder.waits_for_backlog == 0.0
    recorder.handle(Unstable(answered=True))
    assert (recorder.ready.is_set(), state(books)) == (True, LinkState.ONLINE)


def test_a_backlog_that_ends_while_nobody_answers_lets_nothing_out(books: Books) -> None:
    recorder = LinkRecorder(books.database, books.account_id, lambda: NOON)
    with books.database.write() as conn:
        links.set_state(conn, books.account_id, LinkState.CONNECTING, NOON)
    recorder.handle(ME)
    recorder.handle(BacklogBegun(3))
    recorder.handle(Unstable(answered=False))
    assert recorder.unanswered
    recorder.handle(BacklogEnded())
    assert (recorder.ready.is_set(), state(books)) == (False, LinkState.UNSTABLE)
    recorder.handle(Unstable(answered=True))
    assert (recorder.ready.is_set(), state(books)) == (True, LinkState.ONLINE)


@pytest.fixture
def slow_signal() -> Iterator[None]:
    """SIGALRM, whose handling takes longer than the wait that it comes in; a second one ends a wait for ever."""
    came: list[float] = []

    def handle(*_: object) -> None:
        if came:
            raise TimeoutError
        came.append(time.monotonic())
        while time.monotonic() < came[0] + 0.05:
            pass

    before = signal.signal(signal.SIGALRM, handle)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    assert came


def test_whoever_waits_for_the_end_is_not_held_up_by_a_signal(books: Books, slow_signal: None) -> None:
    recorder = LinkRecorder(books.database, books.account_id, lambda: NOON)
    signal.setitimer(signal.ITIMER_REAL, 0.01, 2)
    with pytest.raises(Empty):
        recorder.ended.get(timeout=0.03)
