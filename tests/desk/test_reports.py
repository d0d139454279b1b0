"""The owner's report, of days that were counted by hand first."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, update

from auth_store.tables import admin
from daemon.desk import reports
from daemon.desk.reports import Handled, Report, ReportRow, Satisfaction, Spread, WaitingTimes
from daemon.domain.desk import Action, Actor
from daemon.domain.hours import Hours, parse_spans
from daemon.domain.messages import Author, OutboxState
from daemon.domain.turns import Closer
from daemon.store import audit, conversations, outbox, turns
from daemon.store.tables.core import conversation
from daemon.store.tables.desk import rating
from tests.support.books import Books
from tests.support.builders import group_chat, lid

ZONE = ZoneInfo("Asia/Jakarta")
NINE_TO_FIVE = Hours(tuple(parse_spans("09:00-17:00") for _ in range(7)), frozenset({date(2026, 11, 25)}))
PHONE = Closer(Author.PHONE, device=0)
WEB = Closer(Author.COMPANION, device=7)


def jakarta(text: str) -> datetime:
    """A moment of November 2026 as the shop writes it: "23 08:30"."""
    return datetime.strptime(f"2026-11-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=ZONE).astimezone(UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def spread(middle: float, p90: float) -> Spread:
    return Spread(minutes(middle), minutes(p90))


class Month:
    """A shop's November; customers ask, and somebody answers."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.sari, self.budi = (Closer(Author.ADMIN, books.admin(name)) for name in ("Sari", "Budi"))
        self._customers = 0

    def customer(self) -> int:
        """A conversation with somebody new."""
        self._customers += 1
        return self.books.conversation(lid(str(self._customers)), jakarta("01 00:00"))

    def asks(self, conversation_id: int, when: str) -> int:
        turn_id = self.books.turn(conversation_id, jakarta(when))
        self.books.message(conversation_id, turn_id=turn_id, sent_at=jakarta(when))
        return turn_id

    def writes(self, conversation_id: int, closer: Closer, when: str, **more: Any) -> int:
        values = {"author": closer.author.value, "admin_id": closer.admin_id, "sent_at": jakarta(when)}
        return self.books.message(conversation_id, "ada", **{"from_me": True, **values, **more})

    def close(self, turn_id: int, closer: Closer, when: str, message_id: int | None) -> None:
        with self.books.database.write() as conn:
            assert turns.close(conn, turn_id, closer, message_id, jakarta(when))

    def answered(self, closer: Closer, asked: str, when: str, conversation_id: int | None = None) -> int:
        """A customer asks and is answered; gives the conversation."""
        here = conversation_id or self.customer()
        turn_id = self.asks(here, asked)
        self.close(turn_id, closer, when, self.writes(here, closer, when))
        return here

    def assigned(self, conversation_id: int, closer: Closer) -> None:
        assert closer.admin_id is not None
        with self.books.database.write() as conn:
            conversations.assign(conn, conversation_id, closer.admin_id, jakarta("01 00:00"))

    def resolved(self, conversation_id: int, closer: Closer | None, when: str) -> None:
        values = {"status": "resolved", "resolved_at": jakarta(when)}
        with self.books.database.write() as conn:
            conn.execute(
                update(conversation)
                .where(conversation.c.id == conversation_id)
                .values(resolved_by_id=closer.admin_id if closer else None, **values)
            )

    def rated(self, conversation_id: int, score: int | None, closer: Closer, when: str) -> None:
        values = {"conversation_id": conversation_id, "account_id": self.books.account_id, "score": score}
        times = dict.fromkeys(("asked_at", "expires_at", "ended_at"), jakarta(when))
        about = self.books.summary(conversation_id)
        with self.books.database.write() as conn:
            conn.execute(
                insert(rating).values(contact_id=about.contact_id, admin_id=closer.admin_id, **values, **times)
            )

    def refused(self, closer: Closer, when: str) -> None:
        with self.books.database.write() as conn:
            audit.record(
                conn,
                self.books.account_id,
                Action.ANSWER_REFUSED,
                Actor(closer.author, closer.admin_id),
                jakarta(when),
            )

    def report(self, since: str = "01 00:00", until: str = "30 00:00", hours: Hours = NINE_TO_FIVE) -> Report:
        with self.books.database.read() as conn:
            return reports.report(conn, self.books.account_id, jakarta(since), jakarta(until), hours, ZONE)

    def of(self, closer: Closer, **span: str) -> ReportRow:
        """One admin's row."""
        (found,) = [one.row for one in self.report(**span).admins if one.admin_id == closer.admin_id]
        return found


@pytest.fixture
def month(books: Books) -> Month:
    return Month(books)


def test_where_nothing_happened_nothing_is_a_number(month: Month) -> None:
    report = month.report()
    assert report.team == ReportRow()
    assert report.handled == Handled()
    assert report.handled.turns == 0
    assert report.messages == {}
    assert [(one.name, one.row) for one in report.admins] == [("Budi", ReportRow()), ("Sari", ReportRow())]
    assert (report.team.resolution_rate, report.team.satisfaction.mean) == (None, None)
    assert (report.team.response.clock.median, report.team.response.open.p90) == (None, None)


def test_waiting_by_the_clock_and_in_business_hours(month: Month) -> None:
    # in the middle of the day
    month.answered(month.sari, "23 10:00", "23 10:06")
    # over a night: ten minutes in the evening, five in the morning
    month.answered(month.sari, "23 16:50", "24 09:05")
    # over a holiday (the 25th), from the evening before to the morning after
    month.answered(month.sari, "24 16:00", "26 10:00")
    # while the shop is closed: nobody has waited
    month.answered(month.sari, "26 20:00", "26 20:30")
    waiting = month.report().team.response
    assert waiting == WaitingTimes(4, spread((30 + 16 * 60 + 15) / 2, 42 * 60), spread((6 + 15) / 2, 120))
    assert month.of(month.sari).response == waiting
    assert month.of(month.budi).response == WaitingTimes()


def test_without_opening_hours_every_minute_counts(month: Month) -> None:
    month.answered(month.sari, "23 23:50", "24 00:10")
    waiting = month.report(hours=Hours()).team.response
    assert waiting.clock == waiting.open == spread(20, 20)


def test_nine_in_ten_did_not_wait_longer(month: Month) -> None:
    for i in range(1, 11):
        month.answered(month.sari, "23 10:00", f"23 10:{i:02d}")
    assert month.report().team.response.clock == spread(5.5, 9)
    month.answered(month.sari, "23 10:00", "23 10:11")
    assert month.report().team.response.clock == spread(6, 10)


def test_the_first_response_is_the_one_to_a_conversations_first_turn(month: Month) -> None:
    here = month.answered(month.sari, "22 10:00", "22 10:02")
    month.answered(month.budi, "23 10:00", "23 10:30", here)
    assert month.of(month.sari).first_response.clock == spread(2, 2)
    assert month.of(month.budi).first_response == WaitingTimes()
    assert month.of(month.budi).response.clock == spread(30, 30)
    # the first turn stays the first, even when it is before the span
    assert month.report(since="23 00:00").team.first_response == WaitingTimes()


def test_each_turn_is_counted_for_the_one_who_closed_it(month: Month) -> None:
    month.answered(month.sari, "23 10:00", "23 10:10")
    month.answered(month.budi, "23 10:00", "23 10:20")
    month.answered(PHONE, "23 10:00", "23 10:30")
    month.answered(PHONE, "23 10:00", "23 10:40")
    month.answered(WEB, "23 10:00", "23 10:50")
    month.answered(Closer(Author.BOT), "23 10:00", "23 10:00")
    month.close(month.asks(month.customer(), "23 10:00"), month.sari, "23 10:01", None)
    month.asks(month.customer(), "23 10:00")
    report = month.report()
    assert report.handled == Handled(2, 1, 2, 1, 1, 1)
    assert report.handled.turns == 8
    assert report.team.answered == report.team.response.count == 6
    assert [one.row.answered for one in report.admins] == [1, 1]
    # the phone's replies are nobody else's
    assert report.messages == {Author.ADMIN: 2, Author.PHONE: 2, Author.COMPANION: 1, Author.BOT: 1}
    assert report.team.messages == 2
    assert sum(one.row.messages for one in report.admins) == 2


def test_a_turn_belongs_to_the_day_on_which_it_was_opened(month: Month) -> None:
    month.answered(month.sari, "23 23:59", "24 00:05")
    month.answered(month.sari, "24 00:00", "24 00:05")
    assert month.report("23 00:00", "24 00:00").handled.turns == 1
    assert month.report("24 00:00", "25 00:00").handled.turns == 1
    assert month.report("25 00:00", "26 00:00").team == ReportRow()


def test_conversations_are_those_he_answered_or_has(month: Month) -> None:
    here = month.answered(month.sari, "23 10:00", "23 10:10")
    month.answered(month.sari, "23 11:00", "23 11:10", here)
    month.answered(PHONE, "23 12:00", "23 12:10", here)
    waiting = month.customer()
    month.asks(waiting, "23 10:00")
    month.assigned(waiting, month.sari)
    month.customer()  # said nothing in the span
    assert month.of(month.sari).conversations == month.report().team.conversations == 2
    assert month.of(month.budi).conversations == 0


def test_a_resolved_conversation_is_counted_for_the_one_who_resolved_it(month: Month) -> None:
    first, second, third, fourth = (month.answered(month.sari, "23 10:00", "23 10:10") for _ in range(4))
    month.resolved(first, month.budi, "23 12:00")
    month.resolved(second, month.sari, "23 12:00")
    month.resolved(third, month.sari, "29 12:00")
    month.resolved(month.customer(), None, "23 12:00")  # emptied by a merge
    report = month.report(until="25 00:00")
    assert report.team.resolved == 2
    assert (month.of(month.sari, until="25 00:00").resolved, month.of(month.budi, until="25 00:00").resolved) == (
        1,
        1,
    )
    # three of his four conversations are resolved by now, whoever did it
    assert report.team.resolution_rate == month.of(month.sari).resolution_rate == 0.75
    assert month.of(month.budi).resolution_rate is None
    assert fourth


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (OutboxState.QUEUED, True),
        (OutboxState.SENDING, True),
        (OutboxState.SENT, True),
        (OutboxState.UNCERTAIN, True),
        (OutboxState.HELD, False),
        (OutboxState.FAILED, False),
        (OutboxState.DISCARDED, False),
        (OutboxState.CANCELLED, False),
    ],
)
def test_what_never_left_is_no_message_sent(month: Month, state: OutboxState, counts: bool) -> None:
    here = month.customer()
    message_id = month.writes(here, month.sari, "23 10:00", wa_id=None)
    with month.books.database.write() as conn:
        outbox_id = outbox.queue(conn, month.books.account_id, message_id, None, jakarta("23 10:00"))
        outbox.settle(conn, outbox_id, state, jakarta("23 10:00"))
    assert month.of(month.sari).messages == month.report().team.messages == int(counts)


def test_notes_history_groups_and_automatic_texts_are_no_messages_sent(month: Month) -> None:
    here = month.customer()
    month.writes(here, month.sari, "23 10:00", kind="note", wa_id=None, delivery=None)
    month.writes(here, PHONE, "23 10:00", is_history=True)
    month.writes(here, PHONE, "23 10:00", is_automatic=True)
    group = month.books.conversation(group_chat())
    month.writes(group, PHONE, "23 10:00")
    assert month.report().messages == {}


def test_ratings_are_his_who_resolved(month: Month) -> None:
    for score, closer in ((5, month.sari), (4, month.sari), (1, month.budi), (None, month.budi)):
        month.rated(month.customer(), score, closer, "23 10:00")
    month.rated(month.customer(), 1, month.sari, "29 10:00")
    report = month.report(until="24 00:00")
    assert report.team.satisfaction == Satisfaction((1, 0, 0, 1, 1))
    assert (report.team.satisfaction.count, report.team.satisfaction.mean) == (3, 10 / 3)
    assert month.of(month.sari, until="24 00:00").satisfaction.mean == 4.5
    assert month.of(month.budi, until="24 00:00").satisfaction == Satisfaction((1, 0, 0, 0, 0))


def test_prevented_duplicates_are_counted_for_the_one_who_was_refused(month: Month) -> None:
    month.refused(month.sari, "23 10:00")
    month.refused(month.sari, "23 11:00")
    month.refused(Closer(Author.BOT), "23 11:00")
    month.refused(month.budi, "29 10:00")
    assert month.report(until="24 00:00").team.refused == 3
    assert month.of(month.sari).refused == 2


def test_somebody_who_has_left_is_listed_where_he_worked(month: Month) -> None:
    month.answered(month.budi, "23 10:00", "23 10:10")
    with month.books.database.write() as conn:
        conn.execute(
            update(admin).where(admin.c.id == month.budi.admin_id).values(disabled_at=jakarta("24 00:00"))
        )
    assert [one.name for one in month.report().admins] == ["Budi", "Sari"]
    assert [one.name for one in month.report(since="24 00:00").admins] == ["Sari"]


def test_a_clock_that_was_set_back_makes_nobody_wait_less_than_nothing(month: Month) -> None:
    month.answered(month.sari, "23 10:00", "23 09:30")
    assert month.report().team.response == WaitingTimes(1, spread(0, 0), spread(0, 0))


def test_another_account_is_another_shop(month: Month, books: Books) -> None:
    month.answered(month.sari, "23 10:00", "23 10:10")
    with books.database.read() as conn:
        other = reports.report(conn, 99, jakarta("01 00:00"), jakarta("30 00:00"), Hours(), ZONE)
    assert (other.team, other.handled, other.messages) == (ReportRow(), Handled(), {})
