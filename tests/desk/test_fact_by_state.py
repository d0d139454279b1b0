"""A late fact reaches a reply in whatever state it is by then: each cell of `fact_by_state.md`, hand-written."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import pytest

from daemon.desk import forget, other_devices, outgoing, replies
from daemon.desk.conversations import reply_failed
from daemon.desk.forget import StillSending
from daemon.desk.outgoing import Decision
from daemon.domain.desk import THE_DESK
from daemon.domain.ids import Party
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import (
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
from daemon.store import messages, outbox, send_queue, settings, turns
from tests.support.books import Books
from tests.support.builders import at, both, lid, phone

CUSTOMER, HIS_NUMBER, STRANGER = lid("551"), phone("62811"), lid("666")
QUESTION, REPLY, PHONES, LATE = "QUESTION", "3EB0REPLY", "3APHONE", "3ALATE"
GREETING = "Selamat datang di toko kami"


class Fact(StrEnum):
    """What may come late, besides a receipt."""

    NOTHING = "nothing"
    STRANGERS_RECEIPT = "a stranger's receipt"
    PHONE_ANSWERS = "the phone answers"
    ANSWER_DELETED = "the phone's answer is deleted"
    ANSWER_AUTOMATIC = "the phone's answer was automatic"
    REPLY_DELETED = "the reply is deleted"
    REPLY_EDITED = "the reply is edited"
    REACTION = "the customer reacts"
    QUOTED = "the customer quotes it"
    REFILLED = "the question can be read at last"
    QUESTION_DELETED = "the question is deleted"
    MERGED = "two contacts are one"
    FORGOTTEN = "the customer is forgotten"
    LINKED_ANEW = "the number is linked anew"


FACTS = [*Fact, *(f"receipt: {kind}" for kind in ReceiptKind)]


def written_down() -> dict[tuple[str, str], str]:
    """The expected end of each (fact, state), as the table says."""
    lines = Path(__file__).with_name("fact_by_state.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    states = rows[0][1:]
    return {(row[0], state): cell for row in rows[2:] for state, cell in zip(states, row[1:], strict=True)}


class Case:
    """A customer whose question was answered, and how far the answer has come."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.closer = Closer(Author.ADMIN, books.admin("Sari"))
        self.ingest = Ingest(books.database, books.account_id)
        self.seconds = 10.0

    def happens(self, event: Event) -> None:
        self.seconds += 1
        self.ingest.commit(event, at(self.seconds))

    def writes(self, wa_id: str, text: str | None, **more: object) -> None:
        party, from_me = more.pop("party", CUSTOMER), bool(more.pop("from_me", False))
        assert isinstance(party, Party)
        origin = Origin(party, from_me, 0, at(self.seconds))
        kind = MessageKind.TEXT if text is not None else MessageKind.UNREADABLE
        self.happens(MessageReceived(wa_id, origin, kind, text, **more))  # type: ignore[arg-type]

    # --- how it comes to each state ---

    def comes_to(self, state: OutboxState, fact: str) -> None:
        self.writes(QUESTION, None if fact == Fact.REFILLED else "masih ada?")
        with self.books.database.write() as conn:
            row = conn.exec_driver_sql("SELECT id, conversation_id, turn_id FROM message").one()
            self.question, self.conversation, self.turn = row
            closer = Closer(Author.BOT) if state == OutboxState.CANCELLED else self.closer
            self.reply = replies.answer(conn, self.conversation, closer, "ada kak", at(15), turn_id=self.turn)
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
        self.seconds = 11
        self.writes(PHONES, None if fact == Fact.ANSWER_AUTOMATIC else "ada", from_me=True)
        if state == OutboxState.DISCARDED:
            self.decides(Decision.DISCARD)

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

    def learns(self, fact: str) -> None:
        self.seconds = 20
        ours, theirs = Origin(CUSTOMER, True, 0, at(20)), Origin(CUSTOMER, False, 0, at(20))
        facts: dict[str, Callable[[], None]] = {
            Fact.NOTHING: lambda: None,
            Fact.STRANGERS_RECEIPT: lambda: self.receipt(ReceiptKind.READ, self.stranger()),
            Fact.PHONE_ANSWERS: lambda: self.writes(LATE, "sudah dijawab", from_me=True),
            Fact.ANSWER_DELETED: lambda: self.happens(MessageRevoked(PHONES, ours)),
            Fact.ANSWER_AUTOMATIC: self.greeting_is_read,
            Fact.REPLY_DELETED: lambda: self.happens(MessageRevoked(REPLY, ours)),
            Fact.REPLY_EDITED: lambda: self.happens(MessageEdited(REPLY, ours, "ada, kak!")),
            Fact.REACTION: lambda: self.happens(Reacted(REPLY, theirs, "👍", True)),
            Fact.QUOTED: lambda: self.writes(LATE, "yang ini?", quoted_wa_id=REPLY),
            Fact.REFILLED: lambda: self.writes(QUESTION, "masih ada?"),
            Fact.QUESTION_DELETED: lambda: self.happens(MessageRevoked(QUESTION, theirs)),
            Fact.MERGED: self.is_one_with_another,
            Fact.FORGOTTEN: self.is_forgotten,
            Fact.LINKED_ANEW: self.is_linked_anew,
        }
        facts |= {f"receipt: {kind}": lambda kind=kind: self.receipt(kind) for kind in ReceiptKind}  # type: ignore[misc]
        facts[fact]()

    def receipt(self, kind: ReceiptKind, party: Party = CUSTOMER) -> None:
        self.happens(ReceiptReceived((REPLY,), Origin(party, False, 0, at(20)), kind))

    def stranger(self) -> Party:
        self.writes("OTHER", "halo", party=STRANGER)
        return STRANGER

    def greeting_is_read(self) -> None:
        with self.books.database.write() as conn:
            settings.write(conn, self.books.account_id, "automatic_texts", [GREETING])
        with self.books.database.read() as conn:
            came = conn.exec_driver_sql("SELECT count(*) FROM message WHERE wa_id = ?", (PHONES,)).scalar_one()
        if came:
            self.writes(PHONES, GREETING, from_me=True)

    def is_one_with_another(self) -> None:
        self.writes("3AOTHERHALF", "sudah dijawab", party=HIS_NUMBER, from_me=True)
        self.writes("TOLD", None, party=both("551", "62811"), from_me=False)

    def is_forgotten(self) -> None:
        with self.books.database.write() as conn:
            contact = conn.exec_driver_sql(
                "SELECT contact_id FROM message WHERE id = ?", (self.reply,)
            ).scalar_one()
            try:
                forget.forget(conn, self.books.account_id, contact, THE_DESK, at(20))
            except StillSending:
                conn.rollback()

    def is_linked_anew(self) -> None:
        with self.books.database.write() as conn:
            other_devices.device_changed(conn, self.books.account_id, at(20))

    # --- the end ---

    def end(self) -> str:
        with self.books.database.read() as conn:
            journey, bubble = outbox.by_message(conn, self.reply), messages.bubble(conn, self.reply)
            mark = turns.mark(conn, self.turn)
        if journey is None:
            return "gone"
        assert bubble is not None
        assert bubble.delivery is not None
        ticks = (Delivery.SENT, Delivery.DELIVERED, Delivery.READ, Delivery.PLAYED)
        assert journey.state == (OutboxState.SENT if bubble.delivery in ticks else bubble.delivery.value)
        if mark is None:
            return f"{bubble.delivery}, open"
        return f"{bubble.delivery}, {'ours' if mark.message_id == self.reply else 'phone' + chr(39) + 's'}"


def test_every_fact_and_state_has_its_cell() -> None:
    assert set(written_down()) == {(str(fact), state.value) for fact in FACTS for state in OutboxState}


@pytest.mark.parametrize("state", OutboxState)
@pytest.mark.parametrize("fact", FACTS)
def test_the_fact_does_what_the_table_says(books: Books, fact: str, state: OutboxState) -> None:
    case = Case(books)
    case.comes_to(state, fact)
    case.learns(fact)
    assert case.end() == written_down()[str(fact), state.value]
    case.ingest._conn.close()
