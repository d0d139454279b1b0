"""A reply that the customer's device could not read: noticed after a while, shown, and settled once."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select

from daemon.desk import auto_assignment, conversations, replies, unreadable_replies
from daemon.desk.unreadable_replies import UnreadableDecision
from daemon.desk.worker import DeskWorker
from daemon.domain.desk import Actor, Box, ClaimedByAnother, Status
from daemon.domain.hours import Hours
from daemon.domain.ids import Address, Party
from daemon.domain.messages import (
    Author,
    Delivery,
    MessageRevoked,
    Origin,
    OutboxState,
    ReceiptKind,
    ReceiptReceived,
)
from daemon.domain.turns import Closer
from daemon.ingest.commit import apply
from daemon.ingest.place_cache import PlaceCache
from daemon.store import (
    claims,
    conversation_list,
    counts,
    messages,
    outbox,
    reports,
    send_queue,
    undecided,
    waiting_customers,
)
from daemon.store.tables.core import message
from tests.support.books import Books, dump
from tests.support.builders import BUDI, answered, arrives, at

WHATSAPP = timedelta(days=3)
"""WhatsApp's clock is ahead of ours by so much: the two are never compared."""


class Desk:
    """Budi's question, which Sari has answered with the reply OURS."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.sari = Actor(Author.ADMIN, books.admin("Sari"))
        self.budi = Actor(Author.ADMIN, books.admin("Budi"))
        self.hears(arrives("A", "masih ada?"), 0)
        self.conversation = 1
        self.reply = self.sent("ada", "OURS", 10)

    def sent(self, text: str, wa_id: str, seconds: float, closer: Closer | None = None) -> int:
        """A reply that has left."""
        by = closer or Closer(Author.ADMIN, self.sari.admin_id)
        with self.books.database.write() as conn:
            message_id = replies.answer(conn, self.conversation, by, text, at(seconds), follow_up=True)
            reply = send_queue.take_next(conn, self.books.account_id, at(seconds))
            assert reply is not None
            outbox.record_wa_id(conn, reply.id, wa_id)
            outbox.settle(conn, reply.id, OutboxState.SENT, at(seconds))
            messages.raise_delivery(conn, message_id, Delivery.SENT)
        return message_id

    def hears(self, what: object, seconds: float) -> None:
        with self.books.database.write() as conn:
            apply(conn, self.books.account_id, what, at(seconds), PlaceCache())  # type: ignore[arg-type]

    def receipt(
        self,
        kind: ReceiptKind,
        seconds: float,
        *,
        device: int = 0,
        wa_id: str = "OURS",
        party: Party = BUDI,
        arrives_at: float | None = None,
        from_me: bool = False,
    ) -> None:
        origin = Origin(party, from_me, device, at(seconds) + WHATSAPP)
        self.hears(ReceiptReceived((wa_id,), origin, kind), seconds if arrives_at is None else arrives_at)

    def looks(self, seconds: float) -> None:
        worker = DeskWorker(self.books.database, ZoneInfo("Asia/Jakarta"), "Toko", lambda: at(seconds))
        # a round is as long as a transaction may be: on a busy machine it takes several
        while worker.look():
            pass

    def is_unreadable(self, message_id: int | None = None) -> bool:
        return self.books.bubble(message_id or self.reply).is_unreadable

    def given_up(self) -> None:
        self.receipt(ReceiptKind.RETRY, 20)
        self.looks(51)
        assert self.is_unreadable()

    def decides(self, decision: UnreadableDecision, seconds: float, shown: int | None = None) -> bool:
        """By default the page had shown everything."""
        with self.books.database.write() as conn:
            newest = messages.newest_id(conn, self.conversation)
            return unreadable_replies.decide(
                conn,
                self.conversation,
                self.reply,
                decision,
                newest if shown is None else shown,
                at(seconds),
                self.sari,
            )

    def waits_since(self) -> object:
        return self.books.summary(self.conversation).waiting_since

    def too_long(self, seconds: float) -> int | None:
        with self.books.database.read() as conn:
            return auto_assignment.waiting_too_long(
                conn,
                self.books.account_id,
                Hours(),
                timedelta(minutes=30),
                at(seconds),
                ZoneInfo("Asia/Jakarta"),
            )


@pytest.fixture
def desk(books: Books) -> Desk:
    return Desk(books)


def test_what_nothing_follows_is_unreadable_and_its_customer_waits_again(desk: Desk) -> None:
    desk.receipt(ReceiptKind.RETRY, 20)
    desk.looks(49)
    assert not desk.is_unreadable()
    assert desk.waits_since() is None
    desk.looks(50)
    assert desk.is_unreadable()
    assert desk.waits_since() == at(0)
    about = desk.books.summary(desk.conversation)
    assert about.undecided_since == at(0)
    before = dump(desk.books.database)
    desk.looks(90)
    assert dump(desk.books.database)["message"] == before["message"]


def test_our_clock_measures_only_the_waiting(desk: Desk) -> None:
    # asked for days ago by WhatsApp's clock: it reached us now
    desk.receipt(ReceiptKind.RETRY, -86_400, arrives_at=100)
    desk.looks(129)
    assert not desk.is_unreadable()
    # set back by an hour: nobody waits an hour for that
    desk.looks(-3_500)
    assert desk.is_unreadable()


@pytest.mark.parametrize(
    "kind", [ReceiptKind.DELIVERED, ReceiptKind.INACTIVE, ReceiptKind.READ, ReceiptKind.PLAYED]
)
def test_what_the_library_could_send_again_shows_nothing(desk: Desk, kind: ReceiptKind) -> None:
    desk.receipt(ReceiptKind.RETRY, 20)
    desk.receipt(kind, 20)
    desk.looks(100)
    assert not desk.is_unreadable()
    assert desk.waits_since() is None


def test_only_the_device_that_asked_counts(desk: Desk) -> None:
    desk.receipt(ReceiptKind.DELIVERED, 15, device=0)
    desk.receipt(ReceiptKind.RETRY, 20, device=3)
    desk.receipt(ReceiptKind.READ, 30, device=0)
    desk.receipt(ReceiptKind.SENDER, 30, device=3, from_me=True)
    desk.looks(100)
    assert desk.is_unreadable()
    desk.receipt(ReceiptKind.DELIVERED, 120, device=3)
    assert not desk.is_unreadable()


def test_two_devices_ask_and_both_have_to_be_served(desk: Desk) -> None:
    desk.receipt(ReceiptKind.RETRY, 20, device=0)
    desk.receipt(ReceiptKind.RETRY, 21, device=3)
    desk.receipt(ReceiptKind.DELIVERED, 25, device=0)
    desk.looks(100)
    assert desk.is_unreadable()


def test_a_device_may_be_called_by_either_address(desk: Desk) -> None:
    desk.receipt(ReceiptKind.RETRY, 20)
    desk.receipt(ReceiptKind.DELIVERED, 25, party=Party(Address("62811", "s.whatsapp.net")))
    desk.looks(100)
    assert not desk.is_unreadable()


def test_a_delivery_before_the_asking_says_nothing_and_a_later_one_is_heard(desk: Desk) -> None:
    desk.receipt(ReceiptKind.DELIVERED, 15)
    desk.receipt(ReceiptKind.RETRY, 20)
    desk.receipt(ReceiptKind.DELIVERED, 15, arrives_at=22)  # WhatsApp's repetition
    desk.looks(100)
    assert desk.is_unreadable()
    desk.receipt(ReceiptKind.DELIVERED, 120)
    assert not desk.is_unreadable()
    # and neither repetition changes anything
    before = dump(desk.books.database)
    desk.receipt(ReceiptKind.RETRY, 20, arrives_at=130)
    desk.receipt(ReceiptKind.DELIVERED, 120, arrives_at=131)
    assert dump(desk.books.database) == before


def test_receipts_that_come_in_the_wrong_order_show_nothing(desk: Desk) -> None:
    desk.receipt(ReceiptKind.DELIVERED, 25)
    desk.receipt(ReceiptKind.RETRY, 20, arrives_at=26)
    desk.looks(100)
    assert not desk.is_unreadable()


def test_a_late_delivery_closes_the_turn_as_it_was_closed(desk: Desk) -> None:
    desk.given_up()
    desk.receipt(ReceiptKind.DELIVERED, 70)
    assert desk.waits_since() is None
    mark = desk.books.mark(1)
    assert (mark.closer.admin_id, mark.message_id) == (desk.sari.admin_id, desk.reply)
    assert desk.books.summary(desk.conversation).undecided_since is None


def test_what_the_customer_wrote_after_it_waits_on(desk: Desk) -> None:
    desk.given_up()
    desk.hears(arrives("B", "halo?", 60), 60)
    desk.receipt(ReceiptKind.DELIVERED, 70)
    assert desk.waits_since() == at(60)
    assert desk.books.mark(1).message_id == desk.reply


def test_a_late_delivery_leaves_alone_what_somebody_has_answered_meanwhile(desk: Desk) -> None:
    desk.given_up()
    newer = desk.sent("ada kak", "NEWER", 60)
    desk.receipt(ReceiptKind.DELIVERED, 70)
    assert desk.books.mark(1).message_id == newer
    assert not desk.is_unreadable()


def test_what_other_devices_of_ours_wrote_is_not_ours_to_send_again(desk: Desk) -> None:
    desk.hears(answered("PHONES", seconds=15), 15)
    desk.receipt(ReceiptKind.RETRY, 20, wa_id="PHONES")
    desk.receipt(ReceiptKind.RETRY, 20, from_me=True)  # our own phone could not read its copy
    desk.looks(100)
    with desk.books.database.read() as conn:
        assert conn.execute(select(message.c.id).where(message.c.retry_asked_at.is_not(None))).all() == []


def test_the_asking_proves_that_an_uncertain_reply_has_left(desk: Desk) -> None:
    with desk.books.database.write() as conn:
        journey = outbox.by_message(conn, desk.reply)
        assert journey is not None
        conn.exec_driver_sql("UPDATE outbox SET state = 'uncertain'")
        messages.set_delivery(conn, desk.reply, Delivery.UNCERTAIN)
    desk.receipt(ReceiptKind.RETRY, 20)
    assert desk.books.bubble(desk.reply).delivery == Delivery.SENT
    desk.looks(100)
    assert desk.is_unreadable()


@pytest.mark.parametrize("state", [OutboxState.QUEUED, OutboxState.HELD, OutboxState.FAILED])
def test_whatever_we_thought_of_it_the_asking_is_heard(desk: Desk, state: OutboxState) -> None:
    with desk.books.database.write() as conn:
        conn.exec_driver_sql("UPDATE outbox SET state = ?", (state.value,))
        messages.set_delivery(conn, desk.reply, Delivery(state.value))
    desk.receipt(ReceiptKind.RETRY, 20)
    desk.looks(100)
    assert desk.is_unreadable()
    assert desk.books.bubble(desk.reply).delivery == Delivery.SENT


def test_what_was_deleted_for_everyone_needs_no_reading(desk: Desk) -> None:
    desk.receipt(ReceiptKind.RETRY, 20)
    desk.hears(MessageRevoked("OURS", Origin(BUDI, True, 0, at(25) + WHATSAPP)), 25)
    desk.looks(100)
    assert not desk.is_unreadable()
    assert desk.books.summary(desk.conversation).undecided_since is None


def test_an_unreadable_reply_of_the_bots_makes_the_customer_wait_for_a_person(books: Books) -> None:
    desk = Desk(books)
    desk.hears(arrives("B", "jam berapa?", 30), 30)
    said = desk.sent("jam 8", "BOTS", 31, Closer(Author.BOT))
    desk.receipt(ReceiptKind.RETRY, 40, wa_id="BOTS")
    desk.looks(100)
    assert desk.is_unreadable(said)
    assert desk.waits_since() == at(30)
    desk.receipt(ReceiptKind.DELIVERED, 120, wa_id="BOTS")
    # nobody knows any more whether it had closed the turn: a person decides
    assert desk.waits_since() == at(30)


def test_a_resolved_conversation_is_taken_up_again(desk: Desk) -> None:
    desk.receipt(ReceiptKind.RETRY, 20)
    desk.books.write(lambda conn: conversations.resolve(conn, desk.conversation, desk.sari, at(25)))
    desk.looks(100)
    about = desk.books.summary(desk.conversation)
    assert (about.status, about.waiting_since) == (Status.ASSIGNED, at(0))


class TestDecisions:
    def test_sending_again_queues_one_new_reply_that_closes_the_turn(self, desk: Desk) -> None:
        desk.given_up()
        assert desk.decides(UnreadableDecision.SEND_COPY, 60)
        assert not desk.decides(UnreadableDecision.SEND_COPY, 60)
        assert not desk.decides(UnreadableDecision.SETTLE, 60)
        assert desk.books.thread(desk.conversation) == ["masih ada?", "ada", "ada"]
        old = desk.books.bubble(desk.reply)
        assert (old.is_unreadable, old.was_sent_again) == (False, True)
        assert desk.waits_since() is None
        assert desk.books.mark(1).message_id == desk.reply + 1
        assert desk.books.summary(desk.conversation).undecided_since is None
        # asked for once more, by whichever device: that is known
        desk.receipt(ReceiptKind.RETRY, 70, device=3)
        desk.looks(200)
        assert not desk.is_unreadable()

    def test_the_new_one_may_be_unreadable_too(self, desk: Desk) -> None:
        desk.given_up()
        desk.decides(UnreadableDecision.SEND_COPY, 60)
        with desk.books.database.write() as conn:
            reply = send_queue.take_next(conn, desk.books.account_id, at(61))
            assert reply is not None
            outbox.record_wa_id(conn, reply.id, "COPY")
            outbox.settle(conn, reply.id, OutboxState.SENT, at(61))
            messages.raise_delivery(conn, reply.message_id, Delivery.SENT)
        desk.receipt(ReceiptKind.RETRY, 62, wa_id="COPY")
        desk.looks(100)
        assert desk.is_unreadable(reply.message_id)
        assert desk.waits_since() == at(0)

    def test_settling_closes_the_turn_as_it_was_closed(self, desk: Desk) -> None:
        desk.given_up()
        assert desk.decides(UnreadableDecision.SETTLE, 60)
        assert not desk.decides(UnreadableDecision.SETTLE, 61)
        assert not desk.decides(UnreadableDecision.SEND_COPY, 61)
        assert desk.waits_since() is None
        assert desk.books.mark(1).message_id == desk.reply
        assert desk.books.thread(desk.conversation) == ["masih ada?", "ada"]

    def test_a_decision_about_what_has_been_read_meanwhile_changes_nothing(self, desk: Desk) -> None:
        desk.given_up()
        desk.receipt(ReceiptKind.DELIVERED, 59)
        before = dump(desk.books.database)
        assert not desk.decides(UnreadableDecision.SEND_COPY, 60)
        assert not desk.decides(UnreadableDecision.SETTLE, 60)
        assert dump(desk.books.database) == before

    def test_an_answer_that_the_page_did_not_show_is_not_doubled(self, desk: Desk) -> None:
        desk.given_up()
        desk.hears(answered("PHONES", seconds=55), 55)
        assert not desk.decides(UnreadableDecision.SEND_COPY, 60, shown=desk.reply)
        assert desk.is_unreadable()
        assert desk.decides(UnreadableDecision.SEND_COPY, 60, shown=desk.reply + 1)

    def test_what_the_customer_wrote_unseen_waits_on(self, desk: Desk) -> None:
        desk.given_up()
        desk.hears(arrives("B", "halo?", 55), 55)
        assert desk.decides(UnreadableDecision.SEND_COPY, 60, shown=desk.reply)
        assert desk.waits_since() == at(55)

    def test_a_colleague_who_is_answering_is_not_overrun(self, desk: Desk) -> None:
        desk.given_up()
        budi = desk.budi.admin_id
        assert budi is not None
        desk.books.write(lambda conn: claims.put(conn, desk.books.account_id, 1, budi, "tab", at(59)))
        with pytest.raises(ClaimedByAnother):
            desk.decides(UnreadableDecision.SEND_COPY, 60)
        assert desk.is_unreadable()

    def test_in_a_conversation_that_was_resolved_since_it_is_taken_up_again(self, desk: Desk) -> None:
        desk.given_up()
        desk.books.write(lambda conn: conversations.resolve(conn, desk.conversation, desk.sari, at(55)))
        assert desk.decides(UnreadableDecision.SEND_COPY, 60)
        assert desk.books.summary(desk.conversation).status == Status.ASSIGNED
        assert desk.books.thread(desk.conversation)[-1] == "ada"

    def test_with_a_newer_conversation_it_is_sent_there(self, desk: Desk) -> None:
        desk.given_up()
        desk.books.write(lambda conn: conversations.resolve(conn, desk.conversation, desk.sari, at(55)))
        desk.hears(arrives("B", "halo lagi", 57), 57)
        assert desk.decides(UnreadableDecision.SEND_COPY, 60)
        assert desk.books.thread(2) == ["halo lagi", "ada"]
        # it answers what was asked before: nobody has seen what waits here
        assert desk.books.open_turn(2) is not None

    def test_an_answer_in_a_newer_conversation_is_not_doubled_either(self, desk: Desk) -> None:
        desk.given_up()
        desk.books.write(lambda conn: conversations.resolve(conn, desk.conversation, desk.sari, at(55)))
        desk.hears(arrives("B", "halo lagi", 57), 57)
        desk.books.message(2, "sudah saya jawab dari HP", from_me=True, sent_at=at(58))
        assert not desk.decides(UnreadableDecision.SEND_COPY, 60)
        assert desk.books.thread(2) == ["halo lagi", "sudah saya jawab dari HP"]


def stuck(desk: Desk, state: OutboxState) -> None:
    """Sari's reply gets into a state that only a person can settle."""
    with desk.books.database.write() as conn:
        conn.exec_driver_sql("UPDATE outbox SET state = ?", (state.value,))
        messages.set_delivery(conn, desk.reply, Delivery(state.value))


@pytest.mark.parametrize("state", [OutboxState.UNCERTAIN, OutboxState.HELD, OutboxState.SENT])
class TestNobodyIsForgotten:
    def put(self, desk: Desk, state: OutboxState) -> None:
        if state == OutboxState.SENT:
            desk.given_up()
        else:
            stuck(desk, state)

    def test_whoever_waits_for_a_decision_is_counted_since_his_first_words(
        self, desk: Desk, state: OutboxState
    ) -> None:
        assert desk.too_long(1800) == 0
        self.put(desk, state)
        assert desk.too_long(1799) == 0
        assert desk.too_long(1800) == 1
        with desk.books.database.read() as conn:
            (count,) = counts.waiting_customers(conn).values()
        assert (count.count, count.oldest) == (1, at(0))

    def test_a_resolved_one_stays_in_the_list_until_it_is_settled(self, desk: Desk, state: OutboxState) -> None:
        self.put(desk, state)
        desk.books.write(lambda conn: conversations.resolve(conn, desk.conversation, desk.sari, at(100)))
        assert desk.too_long(1800) == 1
        sari = desk.sari.admin_id
        assert sari is not None

        def places() -> list[int]:
            with desk.books.database.read() as conn:
                boxes = (Box.ALL, Box.MINE, Box.UNASSIGNED, Box.RESOLVED)
                return [len(conversation_list.listing(conn, 1, box, sari)) for box in boxes]

        def number() -> int:
            with desk.books.database.read() as conn:
                return conversation_list.counts(conn, 1, sari)[Box.ALL]

        assert (places(), number()) == ([1, 1, 0, 1], 1)
        if state == OutboxState.SENT:
            desk.decides(UnreadableDecision.SETTLE, 110)
        else:
            stuck(desk, OutboxState.DISCARDED)
        assert (places(), number()) == ([0, 0, 0, 1], 0)
        assert desk.too_long(1800) == 0

    def test_a_follow_up_counts_since_it_was_written(self, books: Books, state: OutboxState) -> None:
        desk = Desk(books)
        desk.reply = desk.sent("dan yang biru", "OURS2", 100)
        if state == OutboxState.SENT:
            desk.receipt(ReceiptKind.RETRY, 105, wa_id="OURS2")
            desk.looks(200)
        else:
            desk.books.write(lambda conn: messages.set_delivery(conn, desk.reply, Delivery(state.value)))
        about = desk.books.summary(desk.conversation)
        assert (about.waiting_since, about.undecided_since) == (None, at(100))


def test_the_team_is_told_once(desk: Desk) -> None:
    stuck(desk, OutboxState.UNCERTAIN)
    for seconds in (1801, 1802, 1900):
        desk.looks(seconds)
    kinds = [row[2] for row in dump(desk.books.database)["event_log"]]
    assert kinds.count("alarm") == 1
    assert desk.books.summary(desk.conversation).alarmed_at == at(1801)


def test_a_question_for_a_rating_makes_nobody_wait(desk: Desk) -> None:
    with desk.books.database.write() as conn:
        conn.exec_driver_sql(
            "UPDATE message SET author = 'bot', turn_id = NULL, delivery = 'uncertain' WHERE id = 2"
        )
    assert desk.books.summary(desk.conversation).undecided_since is None
    assert desk.too_long(3600) == 0


def test_the_figures_leave_out_what_was_not_read(desk: Desk) -> None:
    desk.given_up()
    desk.decides(UnreadableDecision.SEND_COPY, 60)
    with desk.books.database.read() as conn:
        assert sum(reports.messages_sent(conn, 1, at(-100), at(1000)).values()) == 1


def test_who_waits_is_found_by_index_alone(desk: Desk) -> None:
    seen: list[tuple[str, int]] = []
    with desk.books.database.read() as conn:
        event.listen(
            conn, "before_cursor_execute", lambda c, cur, sql, args, ctx, many: seen.append((sql, sql.count("?")))
        )
        waiting_customers.is_anybody_waiting(conn, 1)
        waiting_customers.left_lying(conn, 1, at(0), [], at(0))
        waiting_customers.unalarmed(conn, 1, at(0))
        waiting_customers.unassigned(conn, 1, at(0))
        waiting_customers.count_waiting(conn, 1, at(0))
        undecided.resolved_conversations(conn, 1)
        unreadable_replies.tend(conn, 1, at(0))
        conversation_list.summary(conn, 1)
        for sql, values in list(seen):
            if "conversation_tag" in sql or "message" not in sql:
                continue
            plan = [row[3] for row in conn.exec_driver_sql("EXPLAIN QUERY PLAN " + sql, (1,) * values)]
            assert any("ix_message_undecided" in step for step in plan), sql
            assert not [step for step in plan if step.startswith("SCAN message")], plan
