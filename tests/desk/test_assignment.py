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
from daemon.desk import conversations as desk_conversations
from daemon.desk.settings import DeskSettings
from daemon.domain.desk import Action, Actor, Assign, Status
from daemon.domain.hours import Hours, Span
from daemon.domain.ids import Address, Party
from daemon.domain.messages import Author
from daemon.domain.turns import NotAnswerable
from daemon.store import audit, contacts, conversation_list, presence, turns
from daemon.store import claims as store_claims
from daemon.store import conversations as store_conversations
from daemon.store.engine import Database
from daemon.store.events import EventKind, read_since
from tests.support.books import Books, dump
from tests.support.builders import NOON, at, group_chat, lid

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

    def give(self, conversation_id: int, to: Actor, seconds: float = 0, by: Actor | None = None) -> bool:
        with self.books.database.write() as conn:
            return assignment.assign(conn, conversation_id, to.admin_id or 0, by or to, at(seconds))

    def give_back(self, conversation_id: int, by: Actor, seconds: float = 0) -> bool:
        with self.books.database.write() as conn:
            return assignment.give_back(conn, conversation_id, by, at(seconds))

    def tend(self, chosen: DeskSettings, seconds: float) -> bool:
        """One look of the worker; whether it found work, which must be whether it changed anything."""
        before = dump(self.books.database)
        with self.books.database.read() as conn:
            due = bool(auto_assignment.plan(conn, self.books.account_id, chosen, at(seconds), JAKARTA))
        with self.books.database.write() as conn:
            while auto_assignment.tend(conn, self.books.account_id, chosen, at(seconds), JAKARTA):
                pass
        assert (dump(self.books.database) != before) == due
        return due

    def assignee(self, conversation_id: int) -> str | None:
        return self.books.summary(conversation_id).assignee_name

    def last_line(self, conversation_id: int) -> audit.AuditEntry:
        with self.books.database.read() as conn:
            return audit.in_thread(conn, conversation_id, None, None)[-1]

    def kinds(self) -> list[EventKind]:
        with self.books.database.read() as conn:
            return [event.kind for event in read_since(conn, 0)]


@pytest.fixture
def shop(books: Books) -> Desk:
    return Desk(books)


class TestByHand:
    def test_a_conversation_is_given_to_a_colleague(self, books: Books, shop: Desk) -> None:
        conversation_id = books.conversation(lid("1"))
        assert shop.give(conversation_id, shop.budi, 60, by=shop.sari)
        about = books.summary(conversation_id)
        assert (about.status, about.assignee_name, about.assigned_at) == (Status.ASSIGNED, "Budi", at(60))
        line = shop.last_line(conversation_id)
        assert (line.action, line.admin_name, line.subject_name) == (Action.ASSIGNED, "Sari", "Budi")
        assert line.address == "192.0.2.1"
        assert shop.kinds() == [EventKind.ACTIVITY, EventKind.CONVERSATION_CHANGED]

    def test_it_may_be_taken_from_another(self, books: Books, shop: Desk) -> None:
        conversation_id = books.conversation(lid("1"))
        shop.give(conversation_id, shop.budi)
        assert shop.give(conversation_id, shop.sari)
        assert shop.assignee(conversation_id) == "Sari"

    def test_what_cannot_be_given_changes_nothing(self, books: Books, shop: Desk) -> None:
        conversation_id, resolved = books.conversation(lid("1")), books.conversation(lid("2"))
        shop.give(conversation_id, shop.sari)
        books.resolve(resolved)
        gone = Actor(Author.ADMIN, shop.admin("Gone"))
        with books.database.write() as conn:
            conn.exec_driver_sql("UPDATE admin SET disabled_at = 1 WHERE id = ?", (gone.admin_id,))
        before = dump(books.database)
        assert not shop.give(conversation_id, shop.sari)  # is hers
        assert not shop.give(resolved, shop.sari)
        assert not shop.give(999, shop.sari)
        assert not shop.give(conversation_id, gone, by=shop.sari)
        assert not shop.give(conversation_id, Actor(Author.ADMIN, 999), by=shop.sari)
        assert not shop.give_back(resolved, shop.sari)
        assert not shop.give_back(999, shop.sari)
        assert dump(books.database) == before

    def test_handing_over_leaves_a_note(self, books: Books, shop: Desk) -> None:
        conversation_id, _ = books.waiting(lid("1"))
        shop.give(conversation_id, shop.sari)
        with books.database.write() as conn:
            to = shop.budi.admin_id or 0
            assert assignment.transfer(conn, conversation_id, to, " minta diskon, @budi ", shop.sari, at(60))
            assert not assignment.transfer(conn, conversation_id, to, "lagi", shop.sari, at(61))
            (mention,) = notes.unseen_mentions(conn, to)
        assert (mention.text, mention.by_name) == ("minta diskon, @budi", "Sari")
        line = shop.last_line(conversation_id)
        assert (line.action, line.admin_name, line.subject_name) == (Action.TRANSFERRED, "Sari", "Budi")
        assert shop.assignee(conversation_id) == "Budi"
        assert books.thread(conversation_id) == ["halo", "minta diskon, @budi"]

    def test_handing_over_without_a_word_leaves_none(self, books: Books, shop: Desk) -> None:
        conversation_id, _ = books.waiting(lid("1"))
        with books.database.write() as conn:
            assert assignment.transfer(conn, conversation_id, shop.budi.admin_id or 0, " \n", shop.sari, at(60))
        assert books.thread(conversation_id) == ["halo"]

    def test_a_note_that_is_too_long_hands_nothing_over(self, books: Books, shop: Desk) -> None:
        conversation_id, _ = books.waiting(lid("1"))
        before = dump(books.database)
        with pytest.raises(NotAnswerable), books.database.write() as conn:
            assignment.transfer(conn, conversation_id, shop.budi.admin_id or 0, "a" * 70_000, shop.sari, at(60))
        assert dump(books.database) == before

    def test_giving_back_puts_it_into_the_queue(self, books: Books, shop: Desk) -> None:
        conversation_id, _ = books.waiting(lid("1"))
        shop.give(conversation_id, shop.sari)
        assert shop.give_back(conversation_id, shop.sari, 60)
        about = books.summary(conversation_id)
        assert (about.status, about.assignee_id, about.assigned_at) == (Status.UNASSIGNED, None, None)
        line = shop.last_line(conversation_id)
        assert (line.action, line.subject_name) == (Action.RETURNED, "Sari")
        assert not shop.give_back(conversation_id, shop.sari, 61)

    def test_who_gives_it_away_is_not_answering_it_any_more(self, books: Books, shop: Desk) -> None:
        one, two = (books.waiting(lid(user))[0] for user in "12")
        with books.database.write() as conn:
            for conversation_id in (one, two):
                desk_claims.take(conn, conversation_id, shop.sari, "tab", at(50))
        shop.give(one, shop.budi, 60, by=shop.sari)
        shop.give(two, shop.sari, 60)
        with books.database.read() as conn:
            assert store_claims.holder(conn, one, at(60)) is None
            assert store_claims.holder(conn, two, at(60)) is not None


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
        conversation_id, _ = books.waiting(lid("1"))
        assert not shop.tend(DEALS, 1)
        shop.here(shop.sari, seconds=5)
        assert shop.tend(DEALS, 6)
        assert shop.assignee(conversation_id) == "Sari"

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
        conversation_ids = [books.waiting(lid(str(user)))[0] for user in range(4)]
        shop.here(shop.sari)
        shop.tend(DeskSettings(assign=Assign.ROUND_ROBIN, most_conversations=3, alarm_after=0), 1)
        assert [shop.assignee(conversation_id) for conversation_id in conversation_ids] == [
            "Sari",
            "Sari",
            "Sari",
            None,
        ]

    def test_rounds_go_on_from_one_look_to_the_next(self, books: Books, shop: Desk) -> None:
        shop.here(shop.sari, shop.budi)
        chosen = DeskSettings(assign=Assign.ROUND_ROBIN, return_after=0, alarm_after=0)
        got = []
        for look in range(3):
            conversation_ids = [books.waiting(lid(f"{look}{user}"))[0] for user in range(3)]
            shop.tend(chosen, look + 1)
            got += [shop.assignee(conversation_id) for conversation_id in conversation_ids]
        assert got == ["Sari", "Budi"] * 4 + ["Sari"]

    def test_only_customers_who_wait_are_dealt_out(self, books: Books, shop: Desk) -> None:
        books.conversation(lid("1"))
        group = books.conversation(group_chat())
        books.turn(group)
        conversation_id, _ = books.waiting(lid("2"))
        books.resolve(conversation_id)
        shop.here(shop.sari)
        assert not shop.tend(DEALS, 1)

    def test_what_somebody_is_answering_is_left_to_him(self, books: Books, shop: Desk) -> None:
        conversation_id, _ = books.waiting(lid("1"))
        shop.here(shop.budi)
        with books.database.write() as conn:
            desk_claims.take(conn, conversation_id, shop.sari, "tab", at(1))
        assert not shop.tend(DEALS, 2)
        assert shop.tend(DEALS, 40)

    def test_what_an_admin_gave_back_is_not_given_to_him_again(self, books: Books, shop: Desk) -> None:
        conversation_id, _ = books.waiting(lid("1"))
        shop.here(shop.sari)
        shop.give(conversation_id, shop.sari, 1)
        shop.give_back(conversation_id, shop.sari, 2)
        assert not shop.tend(DEALS, 3)
        shop.here(shop.budi, seconds=4)
        assert shop.tend(DEALS, 5)
        assert shop.assignee(conversation_id) == "Budi"

    def test_what_nobody_wants_dealt_stays(self, books: Books, shop: Desk) -> None:
        books.waiting(lid("1"))
        shop.here(shop.sari)
        assert not shop.tend(DeskSettings(return_after=0, alarm_after=0), 1)


class TestGivingBack:
    def test_a_silent_assignee_loses_it_after_the_chosen_minutes(self, books: Books, shop: Desk) -> None:
        conversation_id, _ = books.waiting(lid("1"))
        shop.give(conversation_id, shop.sari, 10)
        shop.here(shop.sari, seconds=15 * MINUTE)
        assert not shop.tend(RETURNS, 15 * MINUTE + 9)
        assert shop.tend(RETURNS, 15 * MINUTE + 10)
        line = shop.last_line(conversation_id)
        assert (line.action, line.actor, line.subject_name) == (Action.RETURNED, Author.BOT, "Sari")
        assert line.detail == {"why": "silent"}
        assert shop.assignee(conversation_id) is None
        assert not shop.tend(RETURNS, 60 * MINUTE)

    def test_a_note_or_any_other_deed_is_a_sign_of_life(self, books: Books, shop: Desk) -> None:
        noted, marked = (books.waiting(lid(user)) for user in "12")
        for conversation_id, _ in (noted, marked):
            shop.give(conversation_id, shop.sari)
        with books.database.write() as conn:
            notes.add(conn, noted[0], "tanya gudang", shop.sari, at(10 * MINUTE))
            no_reply_needed.mark(conn, *marked, shop.sari, at(10 * MINUTE))
            no_reply_needed.unmark(conn, *marked, shop.sari, at(10 * MINUTE))
        shop.here(shop.sari, seconds=20 * MINUTE)
        assert not shop.tend(RETURNS, 20 * MINUTE)
        shop.here(shop.sari, seconds=26 * MINUTE)
        assert shop.tend(RETURNS, 26 * MINUTE)

    def test_anothers_deeds_are_no_sign_of_his(self, books: Books, shop: Desk) -> None:
        conversation_id, _ = books.waiting(lid("1"))
        shop.give(conversation_id, shop.sari)
        with books.database.write() as conn:
            notes.add(conn, conversation_id, "di mana Sari?", shop.budi, at(14 * MINUTE))
        shop.here(shop.sari, seconds=20 * MINUTE)
        assert shop.tend(RETURNS, 20 * MINUTE)

    def test_who_is_answering_keeps_it(self, books: Books, shop: Desk) -> None:
        conversation_id, _ = books.waiting(lid("1"))
        shop.give(conversation_id, shop.sari)
        shop.here(shop.sari, seconds=20 * MINUTE)
        with books.database.write() as conn:
            desk_claims.take(conn, conversation_id, shop.sari, "tab", at(20 * MINUTE))
        assert not shop.tend(RETURNS, 20 * MINUTE)
        assert shop.tend(RETURNS, 20 * MINUTE + 31)

    def test_who_has_been_gone_for_long_loses_it_with_the_first_message(self, books: Books, shop: Desk) -> None:
        conversation_id = books.conversation(lid("1"))
        shop.give(conversation_id, shop.sari)
        shop.here(shop.sari)
        shop.leaves(shop.sari, 60)
        hours = 10 * 60 * MINUTE
        assert not shop.tend(RETURNS, hours)  # nobody waits
        turn_id = books.turn(conversation_id, at(hours))
        books.message(conversation_id, "halo", turn_id=turn_id, sent_at=at(hours))
        assert shop.tend(RETURNS, hours + 1)
        assert shop.last_line(conversation_id).detail == {"why": "offline"}

    def test_a_short_absence_is_none(self, books: Books, shop: Desk) -> None:
        conversation_id, _ = books.waiting(lid("1"))
        shop.give(conversation_id, shop.sari)
        shop.here(shop.sari, seconds=10 * MINUTE)
        with books.database.write() as conn:
            notes.add(conn, conversation_id, "sebentar", shop.sari, at(10 * MINUTE))
        shop.leaves(shop.sari, 10 * MINUTE)
        assert not shop.tend(RETURNS, 24 * MINUTE)
        assert shop.tend(RETURNS, 25 * MINUTE)

    def test_who_is_given_something_while_he_is_gone_has_his_minutes(self, books: Books, shop: Desk) -> None:
        conversation_id, _ = books.waiting(lid("1"))
        shop.give(conversation_id, shop.budi, 60 * MINUTE, by=shop.sari)
        assert not shop.tend(RETURNS, 74 * MINUTE)
        assert shop.tend(RETURNS, 75 * MINUTE)

    def test_words_that_came_late_leave_the_assignee_his_minutes(self, books: Books, shop: Desk) -> None:
        conversation_id = books.conversation(lid("1"))
        shop.give(conversation_id, shop.sari)
        turn_id = books.turn(conversation_id, at(0))
        late = at(180 * MINUTE)
        books.message(conversation_id, "halo", turn_id=turn_id, sent_at=at(0), arrived_at=late)
        shop.here(shop.sari, seconds=180 * MINUTE)
        assert not shop.tend(RETURNS, 180 * MINUTE + 1)
        shop.here(shop.sari, seconds=195 * MINUTE)
        assert shop.tend(RETURNS, 195 * MINUTE)

    def test_a_disabled_admin_keeps_nothing(self, books: Books, shop: Desk) -> None:
        conversation_id, _ = books.waiting(lid("1"))
        shop.give(conversation_id, shop.budi)
        shop.here(shop.budi, seconds=15 * MINUTE)
        with books.database.write() as conn:
            conn.exec_driver_sql("UPDATE admin SET disabled_at = 1 WHERE id = ?", (shop.budi.admin_id,))
        assert shop.tend(RETURNS, 15 * MINUTE)

    def test_nobody_waits_for_an_answered_conversation(self, books: Books, shop: Desk) -> None:
        conversation_id, turn_id = books.waiting(lid("1"))
        shop.give(conversation_id, shop.sari)
        with books.database.write() as conn:
            no_reply_needed.mark(conn, conversation_id, turn_id, shop.sari, at(1))
        assert not shop.tend(RETURNS, 60 * MINUTE)

    def test_it_comes_back_to_a_colleague_if_there_is_one(self, books: Books, shop: Desk) -> None:
        conversation_id, _ = books.waiting(lid("1"))
        shop.give(conversation_id, shop.sari)
        chosen = DeskSettings(assign=Assign.LEAST_BUSY, alarm_after=0)
        busy = books.conversation(lid("2"))
        shop.give(busy, shop.budi)
        shop.here(shop.sari, shop.budi, seconds=16 * MINUTE)
        assert shop.tend(chosen, 16 * MINUTE)
        assert shop.tend(chosen, 16 * MINUTE + 1)
        assert shop.assignee(conversation_id) == "Budi"

    def test_it_comes_back_to_him_if_he_is_alone(self, books: Books, shop: Desk) -> None:
        conversation_id, _ = books.waiting(lid("1"))
        shop.give(conversation_id, shop.sari)
        chosen = DeskSettings(assign=Assign.LEAST_BUSY, alarm_after=0)
        shop.here(shop.sari, seconds=16 * MINUTE)
        shop.tend(chosen, 16 * MINUTE)
        shop.tend(chosen, 16 * MINUTE + 1)
        assert shop.assignee(conversation_id) == "Sari"


class TestAlarms:
    def test_the_team_is_told_once_that_somebody_waits_too_long(self, books: Books, shop: Desk) -> None:
        conversation_id, _ = books.waiting(lid("1"))
        assert not shop.tend(ALARMS, 10 * MINUTE - 1)
        assert shop.tend(ALARMS, 10 * MINUTE)
        assert books.summary(conversation_id).alarmed_at == at(10 * MINUTE)
        line = shop.last_line(conversation_id)
        assert (line.action, line.detail) == (Action.ALARM, {"minutes": 10})
        with books.database.read() as conn:
            last = read_since(conn, 0)[-1]
        assert (last.kind, last.conversation_id, last.audit_id) == (EventKind.ALARM, conversation_id, line.id)
        assert not shop.tend(ALARMS, 20 * MINUTE)

    def test_whether_assigned_or_not(self, books: Books, shop: Desk) -> None:
        conversation_id, _ = books.waiting(lid("1"))
        shop.give(conversation_id, shop.sari, 9 * MINUTE)
        assert shop.tend(ALARMS, 10 * MINUTE)

    def test_a_closed_shop_rings_for_nobody(self, books: Books, shop: Desk) -> None:
        # open from 08:00 to 12:05 in Jakarta, where the customer writes at noon
        hours = Hours((((Span(8 * 60, 12 * 60 + 5)),),) * 7)
        chosen = DeskSettings(return_after=0, alarm_after=10, hours=hours)
        conversation_id, _ = books.waiting(lid("1"))
        assert not shop.tend(chosen, 60 * MINUTE)
        morning = 20 * 60 * MINUTE
        assert not shop.tend(chosen, morning + 4 * MINUTE)
        # five minutes yesterday and five today
        assert shop.tend(chosen, morning + 5 * MINUTE)
        assert books.summary(conversation_id).alarmed_at is not None

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
    conversation_ids = [row[0] for row in dump(books.database)["conversation"]]
    conversation_id = conversation_ids[chat % len(conversation_ids)] if conversation_ids else 999
    now = at(count / 10)
    if step == "new":
        with books.database.write() as conn:
            here = store_conversations.current(
                conn, contacts.resolve(conn, books.account_id, lid(str(chat)), NOON)
            )
        if here is None:
            books.waiting(lid(str(chat)))
        return
    with books.database.write() as conn:
        actions: dict[str, Any] = {
            "assign": lambda: assignment.assign(conn, conversation_id, who.admin_id or 0, who, now),
            "transfer": lambda: assignment.transfer(conn, conversation_id, who.admin_id or 0, "catatan", who, now),
            "back": lambda: assignment.give_back(conn, conversation_id, who, now),
            "resolve": lambda: desk_conversations.resolve(conn, conversation_id, who, now),
            "reopen": lambda: desk_conversations.reopen(conn, conversation_id, who, now),
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
        assert [
            conversation_id for conversation_id in resolved if turns.current(conn, conversation_id) is not None
        ] == []
