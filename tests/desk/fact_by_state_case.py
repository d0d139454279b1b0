"""A reply that comes to a state and is told a late fact then: one cell of `fact_by_state.md`."""

from collections.abc import Callable

from daemon.desk import forget, other_devices, outgoing, replies
from daemon.desk.conversations import reply_failed
from daemon.desk.forget import StillSending
from daemon.desk.outgoing import Decision
from daemon.domain.desk import THE_DESK
from daemon.domain.ids import Party
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import (
    TICKS,
    Author,
    Delivery,
    Event,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    Origin,
    OutboxState,
    Reacted,
    ReceiptKind,
    ReceiptReceived,
)
from daemon.domain.turns import Closer
from daemon.ingest.commit import Ingest
from daemon.store import messages, outbox, send_queue, settings, threads, turns
from tests.desk.fact_by_state_cells import SENT_ANYWAY, UNREAD, Fact
from tests.support.books import Books
from tests.support.builders import at, both, lid, phone

CUSTOMER, HIS_NUMBER, STRANGER = lid("551"), phone("62811"), lid("666")
QUESTION, REPLY, PHONES, AGAIN, LATE = "QUESTION", "3EB0REPLY", "3APHONE", "3AAGAIN", "3ALATE"
GREETING = "Selamat datang di toko kami"


class LateFact:
    """A customer whose question was answered, how far the answer has come, and what is told then."""

    def __init__(self, books: Books, fact: str, party: Party = CUSTOMER, participant: str | None = None) -> None:
        self.books, self.fact, self.party, self.participant = books, fact, party, participant
        self.admin = Closer(Author.ADMIN, books.admin("Sari"))
        if participant is not None:
            books.switch_group(party)
        self.ingest = Ingest(books.database, books.account_id)
        self.now = 10.0
        self.is_refused = False

    def close(self) -> None:
        self.ingest._conn.close()

    def happens(self, event: Event) -> None:
        self.now += 1
        self.ingest.commit(event, at(self.now))

    def origin(self, from_me: bool, sent: float, party: Party | None = None) -> Origin:
        participant = None if from_me else self.participant
        return Origin(party or self.party, from_me, 0, at(sent), participant)

    def writes(self, wa_id: str, text: str | None, origin: Origin, quoted: str | None = None) -> None:
        kind = MessageKind.TEXT if text is not None else MessageKind.UNREADABLE
        self.happens(MessageReceived(wa_id, origin, kind, text, quoted_wa_id=quoted))

    # --- how it comes to each state ---

    def comes_to(self, state: OutboxState) -> None:
        self.asks_and_is_answered(Closer(Author.BOT) if state == OutboxState.CANCELLED else self.admin)
        if self.fact in SENT_ANYWAY:
            self.phone_answers()
            self.decides(Decision.SEND_ANYWAY)
        self.leaves()
        if state == OutboxState.SENDING:
            return
        if state in (OutboxState.SENT, OutboxState.FAILED, OutboxState.UNCERTAIN):
            self.settles(state)
            return
        self.settles(OutboxState.UNCERTAIN)
        self.decides(Decision.SEND_AGAIN)
        if state == OutboxState.QUEUED:
            return
        self.phone_answers(AGAIN if self.fact in SENT_ANYWAY else PHONES)
        if state == OutboxState.DISCARDED:
            self.decides(Decision.DISCARD)

    def asks_and_is_answered(self, closer: Closer) -> None:
        question = None if self.fact == Fact.REFILLED else "masih ada?"
        self.writes(QUESTION, question, self.origin(False, 10))
        with self.books.database.write() as conn:
            row = conn.exec_driver_sql("SELECT conversation_id, turn_id FROM message").one()
            self.conversation, self.turn = row
            self.reply = replies.answer(conn, self.conversation, closer, "ada kak", at(12), turn_id=self.turn)

    def phone_answers(self, wa_id: str = PHONES) -> None:
        """By WhatsApp's time two seconds after the question, so soon that it may be a greeting."""
        self.now = 15
        is_unread = wa_id == PHONES and self.fact in UNREAD
        self.writes(wa_id, None if is_unread else "ada", self.origin(True, 12))

    def leaves(self) -> None:
        with self.books.database.write() as conn:
            row = send_queue.take_next(conn, self.books.account_id, at(16))
            assert row is not None
            outbox.record_wa_id(conn, row.id, REPLY)
            messages.set_delivery(conn, self.reply, Delivery.SENDING)

    def settles(self, state: OutboxState) -> None:
        with self.books.database.write() as conn:
            journey = outbox.by_message(conn, self.reply)
            assert journey is not None
            outbox.settle(conn, journey.id, state, at(17))
            messages.set_delivery(conn, self.reply, Delivery(state.value))
            if state == OutboxState.FAILED:
                reply_failed(conn, self.reply, at(17))

    def decides(self, decision: Decision) -> None:
        with self.books.database.write() as conn:
            assert outgoing.decide(conn, self.conversation, self.reply, decision, at(18))

    # --- facts ---

    def is_told(self) -> None:
        if self.fact in (Fact.ANSWER_DELETED, Fact.ANSWER_AUTOMATIC) and not self.is_there(PHONES):
            self.phone_answers()
        self.now = 20
        ours, theirs = self.origin(True, 20), self.origin(False, 20)
        facts: dict[str, Callable[[], None]] = {
            Fact.NOTHING: lambda: None,
            Fact.STRANGERS_RECEIPT: self.stranger_reads,
            Fact.PHONE_ANSWERS: lambda: self.writes(LATE, "sudah dijawab", ours),
            Fact.ANSWER_DELETED: self.answer_is_deleted,
            Fact.PASSED_DELETED: self.answer_is_deleted,
            Fact.ANSWER_AUTOMATIC: self.greeting_is_read,
            Fact.PASSED_AUTOMATIC: self.greeting_is_read,
            Fact.REPLY_DELETED: lambda: self.happens(MessageRevoked(REPLY, ours)),
            Fact.REPLY_EDITED: lambda: self.happens(MessageEdited(REPLY, ours, "ada, kak!")),
            Fact.REACTION: lambda: self.happens(Reacted(REPLY, theirs, "👍", True)),
            Fact.QUOTED: lambda: self.writes(LATE, "yang ini?", theirs, REPLY),
            Fact.REFILLED: lambda: self.writes(QUESTION, "masih ada?", self.origin(False, 10)),
            Fact.QUESTION_DELETED: lambda: self.happens(MessageRevoked(QUESTION, theirs)),
            Fact.MERGED: self.is_one_with_another,
            Fact.FORGOTTEN: self.is_forgotten,
            Fact.LINKED_ANEW: self.is_linked_anew,
        }
        for kind in ReceiptKind:
            # that another device of ours has its copy is what that device tells
            receipt = ReceiptReceived((REPLY,), ours if kind == ReceiptKind.SENDER else theirs, kind)
            facts[f"receipt: {kind}"] = lambda receipt=receipt: self.happens(receipt)  # type: ignore[misc]
        facts[self.fact]()

    def is_there(self, wa_id: str, condition: str = "1") -> bool:
        """Whether a message came, and (an SQL condition) what became of it."""
        with self.books.database.read() as conn:
            query = f"SELECT count(*) FROM message WHERE wa_id = ? AND {condition}"
            return bool(conn.exec_driver_sql(query, (wa_id,)).scalar_one())

    def stranger_reads(self) -> None:
        his = self.origin(False, 20, STRANGER)
        self.writes("OTHER", "halo", his)
        self.happens(ReceiptReceived((REPLY,), his, ReceiptKind.READ))

    def answer_is_deleted(self) -> None:
        self.happens(MessageRevoked(PHONES, self.origin(True, 20)))
        assert self.is_there(PHONES, "revoked_at IS NOT NULL")

    def knows_greeting(self) -> None:
        with self.books.database.write() as conn:
            settings.write(conn, self.books.account_id, "automatic_texts", [GREETING])

    def greeting_is_read(self) -> None:
        self.knows_greeting()
        self.writes(PHONES, GREETING, self.origin(True, 12))
        assert self.is_there(PHONES, "is_automatic")

    def is_one_with_another(self) -> None:
        self.writes("3AOTHERHALF", "sudah dijawab", self.origin(True, 20, HIS_NUMBER))
        self.writes("TOLD", None, self.origin(False, 20, both("551", "62811")))

    def is_forgotten(self) -> None:
        with self.books.database.write() as conn:
            query = "SELECT contact_id FROM message WHERE id = ?"
            contact_id = conn.exec_driver_sql(query, (self.reply,)).scalar_one()
            try:
                forget.forget(conn, self.books.account_id, contact_id, THE_DESK, at(20))
            except StillSending:
                conn.rollback()
                self.is_refused = True

    def is_linked_anew(self) -> None:
        with self.books.database.write() as conn:
            other_devices.device_changed(conn, self.books.account_id, at(20))

    # --- the end ---

    def end(self) -> str:
        """Where the reply is, and who has the mark of the question (none in a group: nobody waits there)."""
        with self.books.database.read() as conn:
            journey, bubble = outbox.by_message(conn, self.reply), threads.bubble(conn, self.reply)
            mark = turns.mark(conn, self.turn) if self.turn is not None else None
        if journey is None:
            assert self.fact == Fact.FORGOTTEN
            return "gone"
        assert bubble is not None
        assert bubble.delivery is not None
        is_sent = bubble.delivery in TICKS.values()
        assert journey.state == (OutboxState.SENT if is_sent else bubble.delivery.value)
        if self.turn is None:
            return bubble.delivery
        whose = "open" if mark is None else "ours" if mark.message_id == self.reply else "phone's"
        if self.is_refused:
            assert (bubble.delivery, whose) == (Delivery.SENDING, "ours")
            return "refused"
        return f"{bubble.delivery}, {whose}"
