"""Whose a conversation is: by hand, by itself, and back into the queue; counts are what a recount gives."""

import shutil
import tempfile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.desk import assignment, auto_assignment, no_reply_needed, notes
from daemon.desk import claims as desk_claims
from daemon.desk import conversations as desk
from daemon.desk.settings import DeskSettings
from daemon.domain.desk import Action, Actor, Assign, Status
from daemon.domain.hours import Hours, Span
from daemon.domain.ids import Address, Party
from daemon.domain.messages import Author
from daemon.domain.turns import NotAnswerable
from daemon.store import audit, claims, contacts, conversation_list, conversations, presence, turns
from daemon.store.engine import Database
from daemon.store.events import EventKind, read_since
from tests.support.books import NOON, Books, at, dump, lid

JAKARTA = ZoneInfo("Asia/Jakarta")
MINUTE = 60.0
# each rule alone
DEALS = DeskSettings(assign=Assign.LEAST_BUSY, return_after=0, alarm_after=0)
RETURNS = DeskSettings(return_after=15, alarm_after=0)
ALARMS = DeskSettings(return_after=0, alarm_after=10)


class Desk:
    """A shop's desk: colleagues with open tabs, and the worker at given times."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.sari = Actor(Author.ADMIN, self.admin("Sari"), "192.0.2.1")
        self.budi = Actor(Author.ADMIN, self.admin("Budi"))

    def admin(self, name: str) -> int:
        return self.books.admin(name)

    def here(self, *who: Actor, seconds: float = 0) -> None:
        with self.books.database.write() as conn:
            for actor in who:
                presence.join(conn, f"tab{actor.admin_id}", actor.admin_id or 0, at(seconds))

    def leaves(self, who: Actor, seconds: float) -> None:
        with self.books.database.write() as conn:
            presence.leave(conn, f"tab{who.admin_id}", at(seconds))

    def give(self, number: int, to: Actor, seconds: float = 0, by: Actor | None = None) -> bool:
        with self.books.database.write() as conn:
            return assignment.assign(conn, number, to.admin_id or 0, by or to, at(seconds))

    def give_back(self, number: int, by: Actor, seconds: float = 0) -> bool:
        with self.books.database.write() as conn:
            return assignment.give_back(conn, number, by, at(seconds))

    def tend(self, chosen: DeskSettings, seconds: float) -> bool:
        """One look of the worker; whether it found work, which must be whether it changed anything."""
        before = dump(self.books.database)
        with self.books.database.read() as conn:
            due = auto_assignment.has_work(conn, self.books.account_id, chosen, at(seconds), JAKARTA)
        with self.books.database.write() as conn:
            auto_assignment.tend(conn, self.books.account_id, chosen, at(seconds), JAKARTA)
        assert (dump(self.books.database) != before) == due
        return due

    def assignee(self, number: int) -> str | None:
        return self.books.summary(number).assignee_name

    def last_line(self, number: int) -> audit.AuditEntry:
        with self.books.database.read() as conn:
            return audit.in_thread(conn, number, None, None)[-1]

    def kinds(self) -> list[EventKind]:
        with self.books.database.read() as conn:
            return [event.kind for event in read_since(conn, 0)]


@pytest.fixture
def shop(books: Books) -> Desk:
    return Desk(books)


class TestByHand:
    def test_a_conversation_is_given_to_a_colleague(self, books: Books, shop: Desk) -> None:
        number = books.conversation(lid("1"))
        assert shop.give(number, shop.budi, 60, by=shop.sari)
        about = books.summary(number)
        assert (about.status, about.assignee_name, about.assigned_at) == (Status.ASSIGNED, "Budi", at(60))
        line = shop.last_line(number)
        assert (line.action, line.admin_name, line.subject_name) == (Action.ASSIGNED, "Sari", "Budi")
        assert line.address == "192.0.2.1"
        assert shop.kinds() == [EventKind.ACTIVITY, EventKind.CONVERSATION_CHANGED]

    def test_it_may_be_taken_from_another(self, books: Books, shop: Desk) -> None:
        number = books.conversation(lid("1"))
        shop.give(number, shop.budi)
        assert shop.give(number, shop.sari)
        assert shop.assignee(number) == "Sari"

    def test_what_cannot_be_given_changes_nothing(self, books: Books, shop: Desk) -> None:
        number, resolved = books.conversation(lid("1")), books.conversation(lid("2"))
        shop.give(number, shop.sari)
        books.resolve(resolved)
        gone = Actor(Author.ADMIN, shop.admin("Gone"))
        with books.database.write() as conn:
            conn.exec_driver_sql("UPDATE admin SET disabled_at = 1 WHERE id = ?", (gone.admin_id,))
        before = dump(books.database)
        assert not shop.give(number, shop.sari)  # is hers
        assert not shop.give(resolved, shop.sari)
        assert not shop.give(999, shop.sari)
        assert not shop.give(number, gone, by=shop.sari)
        assert not shop.give(number, Actor(Author.ADMIN, 999), by=shop.sari)
        assert not shop.give_back(resolved, shop.sari)
        assert not shop.give_back(999, shop.sari)
        assert dump(books.database) == before

    def test_handing_over_leaves_a_note(self, books: Books, shop: Desk) -> None:
        number, _ = books.waiting(lid("1"))
        shop.give(number, shop.sari)
        with books.database.write() as conn:
            to = shop.budi.admin_id or 0
            assert assignment.transfer(conn, number, to, " minta diskon, @budi ", shop.sari, at(60))
            assert not assignment.transfer(conn, number, to, "lagi", shop.sari, at(61))
            (mention,) = notes.unseen_mentions(conn, to)
        assert (mention.text, mention.by_name) == ("minta diskon, @budi", "Sari")
        line = shop.last_line(number)
        assert (line.action, line.admin_name, line.subject_name) == (Action.TRANSFERRED, "Sari", "Budi")
        assert shop.assignee(number) == "Budi"
        assert books.thread(number) == ["halo", "minta diskon, @budi"]

    def test_handing_over_without_a_word_leaves_none(self, books: Books, shop: Desk) -> None:
        number, _ = books.waiting(lid("1"))
        with books.database.write() as conn:
            assert assignment.transfer(conn, number, shop.budi.admin_id or 0, " \n", shop.sari, at(60))
        assert books.thread(number) == ["halo"]

    def test_a_note_that_is_too_long_hands_nothing_over(self, books: Books, shop: Desk) -> None:
        number, _ = books.waiting(lid("1"))
        before = dump(books.database)
        with pytest.raises(NotAnswerable), books.database.write() as conn:
            assignment.transfer(conn, number, shop.budi.admin_id or 0, "a" * 70_000, shop.sari, at(60))
        assert dump(books.database) == before

    def test_giving_back_puts_it_into_the_queue(self, books: Books, shop: Desk) -> None:
        number, _ = books.waiting(lid("1"))
        shop.give(number, shop.sari)
        assert shop.give_back(number, shop.sari, 60)
        about = books.summary(number)
        assert (about.status, about.assignee_id, about.assigned_at) == (Status.UNASSIGNED, None, None)
        line = shop.last_line(number)
        assert (line.action, line.subject_name) == (Action.RETURNED, "Sari")
        assert not shop.give_back(number, shop.sari, 61)

    def test_who_gives_it_away_is_not_answering_it_any_more(self, books: Books, shop: Desk) -> None:
        one, two = (books.waiting(lid(user))[0] for user in "12")
        with books.database.write() as conn:
            for number in (one, two):
                desk_claims.take(conn, number, shop.sari, "tab", at(50))
        shop.give(one, shop.budi, 60, by=shop.sari)
        shop.give(two, shop.sari, 60)
        with books.database.read() as conn:
            assert claims.holder(conn, one, at(60)) is None
            assert claims.holder(conn, two, at(60)) is not None


class TestDealing:
    def test_whoever_waits_longest_goes_to_the_least_busy_colleague_who_is_here(
        self, books: Books, shop: Desk
    ) -> None:
        busy = books.conversation(lid("0"))
        shop.give(busy, shop.sari)
        first, second = (books.waiting(lid(user))[0] for user in "12")
        shop.here(shop.sari, shop.budi)
        assert shop.tend(DEALS, 1)
        assert (shop.assignee(first), shop.assignee(second)) == ("Budi", "Sari")
        line = shop.last_line(first)
        assert (line.action, line.actor, line.admin_id) == (Action.ASSIGNED_AUTOMATICALLY, Author.BOT, None)
        assert line.subject_name == "Budi"
        assert not shop.tend(DEALS, 2)

    def test_nothing_is_dealt_while_nobody_is_here_and_all_of_it_once_somebody_comes(
        self, books: Books, shop: Desk
    ) -> None:
        number, _ = books.waiting(lid("1"))
        assert not shop.tend(DEALS, 1)
        shop.here(shop.sari, seconds=5)
        assert shop.tend(DEALS, 6)
        assert shop.assignee(number) == "Sari"

    def test_who_is_away_or_full_is_given_nothing(self, books: Books, shop: Desk) -> None:
        books.waiting(lid("1"))
        second, _ = books.waiting(lid("2"))
        shop.here(shop.sari, shop.budi)
        with books.database.write() as conn:
            presence.set_away(conn, shop.budi.admin_id or 0, NOON)
            presence.set_most(conn, shop.sari.admin_id or 0, 1)
        assert shop.tend(DEALS, 1)
        assert not shop.tend(DEALS, 2)
        assert shop.assignee(second) is None
        with books.database.write() as conn:
            presence.set_away(conn, shop.budi.admin_id or 0, None)
        assert shop.tend(DEALS, 3)
        assert shop.assignee(second) == "Budi"

    def test_the_shops_limit_holds_for_who_has_none_of_his_own(self, books: Books, shop: Desk) -> None:
        numbers = [books.waiting(lid(str(user)))[0] for user in range(4)]
        shop.here(shop.sari)
        shop.tend(DeskSettings(assign=Assign.ROUND_ROBIN, most_conversations=3, alarm_after=0), 1)
        assert [shop.assignee(number) for number in numbers] == ["Sari", "Sari", "Sari", None]

    def test_rounds_go_on_from_one_look_to_the_next(self, books: Books, shop: Desk) -> None:
        shop.here(shop.sari, shop.budi)
        chosen = DeskSettings(assign=Assign.ROUND_ROBIN, return_after=0, alarm_after=0)
        got = []
        for look in range(3):
            numbers = [books.waiting(lid(f"{look}{user}"))[0] for user in range(3)]
            shop.tend(chosen, look + 1)
            got += [shop.assignee(number) for number in numbers]
        assert got == ["Sari", "Budi"] * 4 + ["Sari"]

    def test_only_customers_who_wait_are_dealt_out(self, books: Books, shop: Desk) -> None:
        books.conversation(lid("1"))
        group = books.conversation(Party(Address("120363", "g.us")))
        books.turn(group)
        number, _ = books.waiting(lid("2"))
        books.resolve(number)
        shop.here(shop.sari)
        assert not shop.tend(DEALS, 1)

    def test_what_somebody_is_answering_is_left_to_him(self, books: Books, shop: Desk) -> None:
        number, _ = books.waiting(lid("1"))
        shop.here(shop.budi)
        with books.database.write() as conn:
            desk_claims.take(conn, number, shop.sari, "tab", at(1))
        assert not shop.tend(DEALS, 2)
        assert shop.tend(DEALS, 40)

    def test_what_an_admin_gave_back_is_not_given_to_him_again(self, books: Books, shop: Desk) -> None:
        number, _ = books.waiting(lid("1"))
        shop.here(shop.sari)
        shop.give(number, shop.sari, 1)
        shop.give_back(number, shop.sari, 2)
        assert not shop.tend(DEALS, 3)
        shop.here(shop.budi, seconds=4)
        assert shop.tend(DEALS, 5)
        assert shop.assignee(number) == "Budi"

    def test_what_nobody_wants_dealt_stays(self, books: Books, shop: Desk) -> None:
        books.waiting(lid("1"))
        shop.here(shop.sari)
        assert not shop.tend(DeskSettings(return_after=0, alarm_after=0), 1)


class TestGivingBack:
    def test_a_silent_assignee_loses_it_after_the_chosen_minutes(self, books: Books, shop: Desk) -> None:
        number, _ = books.waiting(lid("1"))
        shop.give(number, shop.sari, 10)
        shop.here(shop.sari, seconds=15 * MINUTE)
        assert not shop.tend(RETURNS, 15 * MINUTE + 9)
        assert shop.tend(RETURNS, 15 * MINUTE + 10)
        line = shop.last_line(number)
        assert (line.action, line.actor, line.subject_name) == (Action.RETURNED, Author.BOT, "Sari")
        assert line.detail == {"why": "silent"}
        assert shop.assignee(number) is None
        assert not shop.tend(RETURNS, 60 * MINUTE)

    def test_a_note_or_any_other_deed_is_a_sign_of_life(self, books: Books, shop: Desk) -> None:
        noted, marked = (books.waiting(lid(user)) for user in "12")
        for number, _ in (noted, marked):
            shop.give(number, shop.sari)
        with books.database.write() as conn:
            notes.add(conn, noted[0], "tanya gudang", shop.sari, at(10 * MINUTE))
            no_reply_needed.mark(conn, *marked, shop.sari, at(10 * MINUTE))
            no_reply_needed.unmark(conn, *marked, shop.sari, at(10 * MINUTE))
        shop.here(shop.sari, seconds=20 * MINUTE)
        assert not shop.tend(RETURNS, 20 * MINUTE)
        shop.here(shop.sari, seconds=26 * MINUTE)
        assert shop.tend(RETURNS, 26 * MINUTE)

    def test_anothers_deeds_are_no_sign_of_his(self, books: Books, shop: Desk) -> None:
        number, _ = books.waiting(lid("1"))
        shop.give(number, shop.sari)
        with books.database.write() as conn:
            notes.add(conn, number, "di mana Sari?", shop.budi, at(14 * MINUTE))
        shop.here(shop.sari, seconds=20 * MINUTE)
        assert shop.tend(RETURNS, 20 * MINUTE)

    def test_who_is_answering_keeps_it(self, books: Books, shop: Desk) -> None:
        number, _ = books.waiting(lid("1"))
        shop.give(number, shop.sari)
        shop.here(shop.sari, seconds=20 * MINUTE)
        with books.database.write() as conn:
            desk_claims.take(conn, number, shop.sari, "tab", at(20 * MINUTE))
        assert not shop.tend(RETURNS, 20 * MINUTE)
        assert shop.tend(RETURNS, 20 * MINUTE + 31)

    def test_who_has_been_gone_for_long_loses_it_with_the_first_message(self, books: Books, shop: Desk) -> None:
        number = books.conversation(lid("1"))
        shop.give(number, shop.sari)
        shop.here(shop.sari)
        shop.leaves(shop.sari, 60)
        hours = 10 * 60 * MINUTE
        assert not shop.tend(RETURNS, hours)  # nobody waits
        turn_id = books.turn(number, at(hours))
        books.message(number, "halo", turn_id=turn_id, sent_at=at(hours))
        assert shop.tend(RETURNS, hours + 1)
        assert shop.last_line(number).detail == {"why": "offline"}

    def test_a_short_absence_is_none(self, books: Books, shop: Desk) -> None:
        number, _ = books.waiting(lid("1"))
        shop.give(number, shop.sari)
        shop.here(shop.sari, seconds=10 * MINUTE)
        with books.database.write() as conn:
            notes.add(conn, number, "sebentar", shop.sari, at(10 * MINUTE))
        shop.leaves(shop.sari, 10 * MINUTE)
        assert not shop.tend(RETURNS, 24 * MINUTE)
        assert shop.tend(RETURNS, 25 * MINUTE)

    def test_who_is_given_something_while_he_is_gone_has_his_minutes(self, books: Books, shop: Desk) -> None:
        number, _ = books.waiting(lid("1"))
        shop.give(number, shop.budi, 60 * MINUTE, by=shop.sari)
        assert not shop.tend(RETURNS, 74 * MINUTE)
        assert shop.tend(RETURNS, 75 * MINUTE)

    def test_words_that_came_late_leave_the_assignee_his_minutes(self, books: Books, shop: Desk) -> None:
        number = books.conversation(lid("1"))
        shop.give(number, shop.sari)
        turn_id = books.turn(number, at(0))
        late = at(180 * MINUTE)
        books.message(number, "halo", turn_id=turn_id, sent_at=at(0), arrived_at=late)
        shop.here(shop.sari, seconds=180 * MINUTE)
        assert not shop.tend(RETURNS, 180 * MINUTE + 1)
        shop.here(shop.sari, seconds=195 * MINUTE)
        assert shop.tend(RETURNS, 195 * MINUTE)

    def test_a_disabled_admin_keeps_nothing(self, books: Books, shop: Desk) -> None:
        number, _ = books.waiting(lid("1"))
        shop.give(number, shop.budi)
        shop.here(shop.budi, seconds=15 * MINUTE)
        with books.database.write() as conn:
            conn.exec_driver_sql("UPDATE admin SET disabled_at = 1 WHERE id = ?", (shop.budi.admin_id,))
        assert shop.tend(RETURNS, 15 * MINUTE)

    def test_nobody_waits_for_an_answered_conversation(self, books: Books, shop: Desk) -> None:
        number, turn_id = books.waiting(lid("1"))
        shop.give(number, shop.sari)
        with books.database.write() as conn:
            no_reply_needed.mark(conn, number, turn_id, shop.sari, at(1))
        assert not shop.tend(RETURNS, 60 * MINUTE)

    def test_it_comes_back_to_a_colleague_if_there_is_one(self, books: Books, shop: Desk) -> None:
        number, _ = books.waiting(lid("1"))
        shop.give(number, shop.sari)
        chosen = DeskSettings(assign=Assign.LEAST_BUSY, alarm_after=0)
        busy = books.conversation(lid("2"))
        shop.give(busy, shop.budi)
        shop.here(shop.sari, shop.budi, seconds=16 * MINUTE)
        assert shop.tend(chosen, 16 * MINUTE)
        assert shop.tend(chosen, 16 * MINUTE + 1)
        assert shop.assignee(number) == "Budi"

    def test_it_comes_back_to_him_if_he_is_alone(self, books: Books, shop: Desk) -> None:
        number, _ = books.waiting(lid("1"))
        shop.give(number, shop.sari)
        chosen = DeskSettings(assign=Assign.LEAST_BUSY, alarm_after=0)
        shop.here(shop.sari, seconds=16 * MINUTE)
        shop.tend(chosen, 16 * MINUTE)
        shop.tend(chosen, 16 * MINUTE + 1)
        assert shop.assignee(number) == "Sari"


class TestAlarms:
    def test_the_team_is_told_once_that_somebody_waits_too_long(self, books: Books, shop: Desk) -> None:
        number, _ = books.waiting(lid("1"))
        assert not shop.tend(ALARMS, 10 * MINUTE - 1)
        assert shop.tend(ALARMS, 10 * MINUTE)
        assert books.summary(number).alarmed_at == at(10 * MINUTE)
        line = shop.last_line(number)
        assert (line.action, line.detail) == (Action.ALARM, {"minutes": 10})
        with books.database.read() as conn:
            last = read_since(conn, 0)[-1]
        assert (last.kind, last.conversation_id, last.audit_id) == (EventKind.ALARM, number, line.id)
        assert not shop.tend(ALARMS, 20 * MINUTE)

    def test_whether_assigned_or_not(self, books: Books, shop: Desk) -> None:
        number, _ = books.waiting(lid("1"))
        shop.give(number, shop.sari, 9 * MINUTE)
        assert shop.tend(ALARMS, 10 * MINUTE)

    def test_a_closed_shop_rings_for_nobody(self, books: Books, shop: Desk) -> None:
        # open from 08:00 to 12:05 in Jakarta, where the customer writes at noon
        hours = Hours((((Span(8 * 60, 12 * 60 + 5)),),) * 7)
        chosen = DeskSettings(return_after=0, alarm_after=10, hours=hours)
        number, _ = books.waiting(lid("1"))
        assert not shop.tend(chosen, 60 * MINUTE)
        morning = 20 * 60 * MINUTE
        assert not shop.tend(chosen, morning + 4 * MINUTE)
        # five minutes yesterday and five today
        assert shop.tend(chosen, morning + 5 * MINUTE)
        assert books.summary(number).alarmed_at is not None

    def test_without_alarms_nothing_rings(self, books: Books, shop: Desk) -> None:
        books.waiting(lid("1"))
        assert not shop.tend(DeskSettings(return_after=0, alarm_after=0), 600 * MINUTE)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["new", "assign", "transfer", "back", "resolve", "reopen", "deal", "merge"]),
        st.integers(0, 5),
        st.integers(0, 2),
    ),
    max_size=30,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_counts_are_what_a_recount_gives(migrated_file: Path, steps: list[tuple[str, int, int]]) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        shutil.copy(migrated_file, Path(folder) / "balas.db")
        database = Database(f"sqlite:///{Path(folder) / 'balas.db'}")
        books = Books(database)
        who = [Actor(Author.ADMIN, books.admin(name)) for name in ("Sari", "Budi", "Citra")]
        with database.write() as conn:
            for actor in who[:2]:
                presence.join(conn, f"tab{actor.admin_id}", actor.admin_id or 0, NOON)
        for count, (step, chat, admin) in enumerate(steps):
            _do(books, step, chat, who[admin], count)
            _recount(books, [actor.admin_id or 0 for actor in who])
        database.close()


def _do(books: Books, step: str, chat: int, who: Actor, count: int) -> None:
    numbers = [row[0] for row in dump(books.database)["conversation"]]
    number = numbers[chat % len(numbers)] if numbers else 999
    now = at(count / 10)
    if step == "new":
        with books.database.write() as conn:
            here = conversations.current(conn, contacts.resolve(conn, books.account_id, lid(str(chat)), NOON))
        if here is None:
            books.waiting(lid(str(chat)))
        return
    with books.database.write() as conn:
        actions: dict[str, Any] = {
            "assign": lambda: assignment.assign(conn, number, who.admin_id or 0, who, now),
            "transfer": lambda: assignment.transfer(conn, number, who.admin_id or 0, "catatan", who, now),
            "back": lambda: assignment.give_back(conn, number, who, now),
            "resolve": lambda: desk.resolve(conn, number, who, now),
            "reopen": lambda: desk.reopen(conn, number, who, now),
            "deal": lambda: auto_assignment.tend(conn, books.account_id, DEALS, now, JAKARTA),
            "merge": lambda: None,
        }
        actions[step]()
    if step == "merge":
        books.contact(Party(Address("0", "lid"), Address(str(chat), "lid")))


def _recount(books: Books, admins: list[int]) -> None:
    with books.database.read() as conn:
        rows = conn.exec_driver_sql(
            "SELECT id, status, assignee_id, contact_id FROM conversation WHERE status <> 'resolved'"
        ).all()
        assert all((row[1] == "assigned") == (row[2] is not None) for row in rows)
        assert len({row[3] for row in rows}) == len(rows)
        by_hand: dict[int | None, int] = {}
        for row in rows:
            by_hand[row[2]] = by_hand.get(row[2], 0) + 1
        assert conversation_list.counts_by_admin(conn, books.account_id) == by_hand
        for admin_id in admins:
            counted = conversation_list.counts(conn, books.account_id, admin_id)
            for box, count in counted.items():
                assert count == len(conversation_list.listing(conn, books.account_id, box, admin_id))
        resolved = conn.exec_driver_sql("SELECT id FROM conversation WHERE status = 'resolved'").scalars()
        assert [number for number in resolved if turns.current(conn, number) is not None] == []
