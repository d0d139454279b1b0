"""The history that the phone uploads: imported beside what comes live, which it never changes."""

from datetime import timedelta
from typing import Any

import pytest

from daemon.domain.history import SILENCE, HistoryKind, HistoryState
from daemon.domain.messages import Author, HistoryReceived, HistoryUploaded, MessageReceived
from daemon.domain.time import LARGEST_LEAD
from daemon.ingest import history
from daemon.store import accounts, turns
from daemon.store.history_parts import HistoryPart
from tests.ingest.line import ingest
from tests.support.books import Books
from tests.support.builders import NOON, RINA, answered, arrives, at


def old(wa_id: str, text: str | None = "dulu", seconds: float = -9000, **more: Any) -> MessageReceived:
    """A message of Budi's (or of the shop's phone) from before the link."""
    return arrives(wa_id, text, seconds, is_history=True, **more)


class TestBesideWhatComesLive:
    def test_what_came_live_stays_live(self, books: Books) -> None:
        ingest(books, arrives("A", push_name="Budi"), HistoryReceived((old("A", "lain", push_name="Budi Lama"),)))
        summary = books.summary(1)
        assert (books.thread(1), books.bubble(1).is_history) == (["halo"], False)
        assert (summary.unread, summary.contact_name) == (1, "Budi")

    def test_what_history_brought_first_opens_its_turn_when_it_comes_by_itself(self, books: Books) -> None:
        ingest(books, HistoryReceived((old("A", "halo", 5),)))
        assert books.summary(1).waiting_since is None
        ingest(books, arrives("A", seconds=5), HistoryReceived((old("A", "halo", 5),)), arrives("A", seconds=5))
        summary = books.summary(1)
        assert (summary.unread, summary.waiting_since, books.rows("message")) == (1, at(5), 1)
        assert not books.bubble(1).is_history

    def test_an_answer_that_history_brought_first_closes_the_turn_when_it_comes_by_itself(
        self, books: Books
    ) -> None:
        ingest(books, arrives("A"), HistoryReceived((answered("B", seconds=9, is_history=True),)))
        assert books.summary(1).waiting_since is not None
        ingest(books, answered("B", seconds=9))
        with books.database.read() as conn:
            mark = turns.last_closed(conn, 1)
        assert mark is not None
        assert (mark.closer.author, mark.text) == (Author.PHONE, "sudah kak")

    def test_history_fills_in_what_could_not_be_read(self, books: Books) -> None:
        ingest(books, arrives("A", None), HistoryReceived((old("A", "terbaca", 0),)))
        assert (books.thread(1), books.summary(1).unread) == (["terbaca"], 1)

    def test_history_takes_its_place_behind_what_is_newer(self, books: Books) -> None:
        piece = (old("B", "kemarin", -86400), old("C", "minggu lalu", -604800))
        ingest(books, arrives("A", "sekarang"), HistoryReceived(piece))
        summary = books.summary(1)
        assert books.thread(1) == ["minggu lalu", "kemarin", "sekarang"]
        assert (summary.last_text, summary.last_at) == ("sekarang", at(0))

    def test_the_newest_name_in_the_history_is_his_name(self, books: Books) -> None:
        piece = (old("B", seconds=-5, push_name="Budi Baru"), old("C", seconds=-99, push_name="Budi Lama"))
        ingest(books, HistoryReceived(piece))
        assert books.summary(1).contact_name == "Budi Baru"

    @pytest.mark.parametrize("seconds", [3 * 365 * 86400, -60 * 365 * 86400])
    def test_a_time_that_cannot_be_leads_no_list_for_ever(self, books: Books, seconds: float) -> None:
        rina = arrives("Z", "lalu", party=RINA)
        ingest(books, arrives("A", seconds=seconds), HistoryReceived((old("B", seconds=seconds),)), rina)
        now = at(1001)
        assert abs(books.summary(1).last_at - now) < timedelta(seconds=5)
        # a clock that is only not set is believed
        ingest(books, arrives("C", seconds=LARGEST_LEAD.total_seconds() / 2))
        assert books.summary(1).last_at == at(LARGEST_LEAD.total_seconds() / 2)


class TestProgress:
    def upload(self, books: Books, data: bytes, progress: int | None, kind: HistoryKind, seconds: float) -> None:
        with books.database.write() as conn:
            account = accounts.get(conn, books.account_id)
            history.keep(conn, account, HistoryUploaded(kind, data, progress), at(seconds))

    def next_part(self, books: Books, seconds: float) -> HistoryPart | None:
        with books.database.read() as conn:
            return history.next_part(conn, books.account_id, at(seconds))

    def work_off(self, books: Books, seconds: float) -> None:
        """Import what waits; each part brings two messages."""
        while part := self.next_part(books, seconds):
            name = part.data.decode()
            ingest(books, HistoryReceived((old(f"{name}1"), old(f"{name}2"))))
            with books.database.write() as conn:
                history.imported(conn, books.account_id, part, at(seconds))

    def settle(self, books: Books, seconds: float) -> None:
        with books.database.write() as conn:
            history.settle(conn, books.account_id, at(seconds))

    def seen(self, books: Books) -> tuple[HistoryState, int | None, int]:
        now = books.link_row()
        return now.history_state, now.history_percent, now.history_messages

    def test_parts_that_overtake_each_other_or_come_again_never_move_it_back(self, books: Books) -> None:
        self.upload(books, b"a", None, HistoryKind.BOOTSTRAP, 0)
        assert self.seen(books) == (HistoryState.IMPORTING, None, 0)
        self.work_off(books, 1)
        assert self.seen(books) == (HistoryState.IMPORTING, None, 2)
        for i, (data, progress) in enumerate([(b"c", 70), (b"b", 30), (b"c", 70)]):
            self.upload(books, data, progress, HistoryKind.RECENT, 2 + i)
            self.work_off(books, 2 + i)
            assert self.seen(books)[:2] == (HistoryState.IMPORTING, 70)
        self.upload(books, b"d", 100, HistoryKind.RECENT, 9)
        self.upload(books, b"e", 95, HistoryKind.RECENT, 9)
        assert self.seen(books) == (HistoryState.IMPORTING, 70, 6)
        self.work_off(books, 10)
        assert self.seen(books) == (HistoryState.DONE, 100, 10)
        # the same after a reconnect is no new import
        self.upload(books, b"c", 70, HistoryKind.RECENT, 500)
        assert self.seen(books) == (HistoryState.DONE, 100, 10)
        # older conversations count from the beginning
        self.upload(books, b"f", 20, HistoryKind.FULL, 600)
        assert self.seen(books) == (HistoryState.IMPORTING, None, 10)
        self.work_off(books, 601)
        assert self.seen(books) == (HistoryState.IMPORTING, 20, 12)

    def test_a_phone_that_stops_is_said_to_have_stopped_and_may_go_on(self, books: Books) -> None:
        self.upload(books, b"a", 40, HistoryKind.RECENT, 0)
        self.settle(books, 1000)
        # it is still to be imported
        assert self.seen(books)[0] == HistoryState.IMPORTING
        self.work_off(books, 1000)
        self.settle(books, 1001)
        assert self.seen(books)[0] == HistoryState.IMPORTING
        self.settle(books, 1000 + SILENCE.total_seconds())
        assert self.seen(books) == (HistoryState.STOPPED, 40, 2)
        self.upload(books, b"b", 100, HistoryKind.RECENT, 2000)
        self.work_off(books, 2001)
        assert self.seen(books) == (HistoryState.DONE, 100, 4)

    def test_names_wait_for_those_whom_they_name(self, books: Books) -> None:
        self.upload(books, b"n", None, HistoryKind.NAMES, 0)
        assert self.seen(books) == (HistoryState.NONE, None, 0)
        self.upload(books, b"a", 100, HistoryKind.RECENT, 1)
        first = self.next_part(books, 1)
        assert first is not None
        with books.database.write() as conn:
            history.imported(conn, books.account_id, first, at(2))
        then = self.next_part(books, 2)
        assert then is not None
        assert (first.data, then.data) == (b"a", b"n")

    def test_an_account_that_is_linked_anew_begins_anew(self, books: Books) -> None:
        self.upload(books, b"a", 40, HistoryKind.RECENT, 0)
        self.work_off(books, 1)
        with books.database.write() as conn:
            accounts.set_identity(conn, books.account_id, "62899", "118", 7, NOON)
        assert self.seen(books) == (HistoryState.NONE, None, 0)
