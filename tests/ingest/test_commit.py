"""What each kind of event leaves in the books."""

import pytest
from sqlalchemy.exc import IntegrityError

from daemon.domain.ids import Party
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import (
    Author,
    Delivery,
    HistoryReceived,
    MessageEdited,
    Origin,
    OutboxState,
    Reacted,
    ReceiptKind,
    ReceiptReceived,
)
from daemon.domain.turns import Closer
from daemon.store import messages, outbox, send_queue, turns
from tests.ingest.line import Line, ingest
from tests.ingest.random_events import Elsewhere
from tests.support.books import Books, dump
from tests.support.builders import BUDI, NOON, RINA, answered, arrives, at


def texts(books: Books) -> list[str | None]:
    return books.thread(1)


def test_an_edit_whose_original_never_came_is_shown_and_stays(books: Books) -> None:
    edit = MessageEdited("A", Origin(BUDI, False, 0, at(5)), "yang benar")
    ingest(books, edit, arrives("A", "yang salah"), edit)
    assert texts(books) == ["yang benar"]
    assert books.bubble(1).edited


def test_an_edit_of_an_unreadable_message_is_not_undone_by_its_resend(books: Books) -> None:
    edit = MessageEdited("A", Origin(BUDI, False, 0, at(5)), "yang benar")
    ingest(books, arrives("A", None), edit, arrives("A", "yang salah"))
    assert (texts(books), books.bubble(1).kind) == (["yang benar"], MessageKind.TEXT)


def test_an_unreadable_message_opens_a_turn_and_fills_in(books: Books) -> None:
    ingest(books, arrives("A", None))
    assert books.summary(1).waiting_since is not None
    ingest(books, arrives("A", "akhirnya"))
    assert (texts(books), books.rows("turn"), books.rows("message")) == (["akhirnya"], 1, 1)


def test_history_names_a_customer_who_has_no_name_and_renames_nobody(books: Books) -> None:
    old = (arrives("A", party=BUDI, is_history=True), arrives("B", party=RINA, is_history=True))
    names = ((BUDI, "Budi Lama"), (RINA, "Rina"))
    ingest(books, arrives("C", push_name="Budi"), HistoryReceived(old, names))
    assert (books.summary(1).contact_name, books.summary(2).contact_name) == ("Budi", "Rina")


def test_history_opens_no_work_and_is_read(books: Books) -> None:
    ingest(books, HistoryReceived((arrives("A", is_history=True), arrives("B", "dua", 1, is_history=True))))
    summary = books.summary(1)
    assert (texts(books), summary.unread, summary.waiting_since) == (["halo", "dua"], 0, None)
    assert summary.last_text == "dua"


@pytest.mark.parametrize(("device", "author"), [(0, Author.PHONE), (7, Author.COMPANION)])
def test_an_answer_from_elsewhere_closes_the_turn_in_its_writers_name(
    books: Books, device: int, author: Author
) -> None:
    answer = answered("B", device=device)
    ingest(books, arrives("A"), answer)
    with books.database.read() as conn:
        mark = turns.last_closed(conn, 1)
    assert mark is not None
    assert (mark.closer, mark.text) == (Closer(author, device=device), "sudah kak")
    assert books.summary(1).waiting_since is None


def test_receipts_that_came_before_their_message_count(books: Books) -> None:
    read = ReceiptReceived(("B",), Origin(BUDI, False, 0, at(9)), ReceiptKind.READ)
    answer = answered("B")
    ingest(books, arrives("A"), read, answer)
    assert books.bubble(2).delivery == Delivery.READ


def test_reading_on_the_phone_clears_what_is_unread(books: Books) -> None:
    seen = ReceiptReceived(("A",), Origin(BUDI, True, 0, at(9)), ReceiptKind.READ_SELF)
    ingest(books, arrives("A"), arrives("B", seconds=1), seen)
    assert books.summary(1).unread == 1


def test_a_receipt_from_an_address_that_nobody_knew_counts_once_it_is_known(books: Books) -> None:
    assert BUDI.alternative is not None
    by_lid, by_phone = Party(BUDI.address), Party(BUDI.alternative)
    # one person, of whom nobody knows yet that he is: he is answered by his number
    ingest(books, arrives("A", party=by_lid), arrives("B", party=by_phone))
    outbox_id, message_id = books.queued(2)
    with books.database.write() as conn:
        send_queue.take_next(conn, 1, NOON)
        outbox.record_wa_id(conn, outbox_id, "3EB0X")
        outbox.settle(conn, outbox_id, OutboxState.UNCERTAIN, NOON)
        messages.set_delivery(conn, message_id, Delivery.UNCERTAIN)
    read = ReceiptReceived(("3EB0X",), Origin(by_lid, False, 0, at(60)), ReceiptKind.DELIVERED)
    ingest(books, read)
    assert books.bubble(message_id).delivery == Delivery.UNCERTAIN
    ingest(books, arrives("C", party=BUDI))
    assert books.bubble(message_id).delivery == Delivery.DELIVERED
    assert books.journey(message_id).state == OutboxState.SENT


@pytest.mark.parametrize("state", [OutboxState.SENDING, OutboxState.UNCERTAIN])
@pytest.mark.parametrize("kind", [ReceiptKind.SENDER, ReceiptKind.DELIVERED, ReceiptKind.READ])
def test_a_receipt_settles_what_nobody_knew(books: Books, state: OutboxState, kind: ReceiptKind) -> None:
    ingest(books, arrives("A"))
    outbox_id, message_id = books.queued(1)
    with books.database.write() as conn:
        send_queue.take_next(conn, 1, NOON)
        outbox.record_wa_id(conn, outbox_id, "OURS")
        outbox.settle(conn, outbox_id, state, NOON)
    ingest(books, ReceiptReceived(("OURS",), Origin(BUDI, kind == ReceiptKind.SENDER, 0, at(9)), kind))
    with books.database.read() as conn:
        journey = outbox.by_message(conn, message_id)
    assert journey is not None
    assert journey.state == OutboxState.SENT
    assert books.bubble(message_id).delivery not in (None, Delivery.QUEUED)


def test_a_reaction_to_our_own_message_lands_there(books: Books) -> None:
    ours = answered("A", "dari kita", 1)
    ingest(books, arrives("A"), ours, Reacted("A", Origin(BUDI, False, 0, at(2)), "👍", target_from_me=True))
    assert [books.bubble(n).reactions for n in (1, 2)] == [(), ("👍",)]


def test_an_event_that_fails_leaves_nothing_and_the_next_one_works(books: Books) -> None:
    line = Line(books.database)
    line.apply(arrives("A"))
    before = dump(books.database)
    broken = arrives("B", "x", media={"size": object()})  # type: ignore[dict-item]
    with pytest.raises(TypeError):
        line.apply(broken)
    assert dump(books.database) == before
    line.apply(arrives("C", "lagi"))
    line.close()
    assert texts(books) == ["halo", "lagi"]


class TestRememberedPlaces:
    """Where a customer's next message goes is remembered, until somebody changes it."""

    def test_a_conversation_resolved_by_another_process_is_not_written_to(self, books: Books) -> None:
        line = Line(books.database)
        for step in (arrives("A"), arrives("B", "dua"), Elsewhere("resolve", BUDI), arrives("C", "lagi")):
            line.apply(step)
        line.close()
        assert (books.thread(1), books.thread(2)) == (["halo", "dua"], ["lagi"])
        assert books.summary(2).waiting_since is not None

    def test_a_turn_closed_by_another_process_is_not_written_to(self, books: Books) -> None:
        line = Line(books.database)
        for step in (arrives("A"), arrives("B"), Elsewhere("close", BUDI), arrives("C")):
            line.apply(step)
        line.close()
        assert books.summary(1).waiting_since is not None
        assert books.rows("turn") == 2

    def test_after_a_merge_both_addresses_lead_to_the_same_conversation(self, books: Books) -> None:
        assert BUDI.alternative is not None
        by_lid, by_phone = Party(BUDI.address), Party(BUDI.alternative)
        parties = (by_lid, by_phone, BUDI, by_phone, by_lid)
        ingest(books, *(arrives(str(n), str(n), n, party=party) for n, party in enumerate(parties)))
        assert books.thread(1) == ["0", "1", "2", "3", "4"]

    def test_a_place_that_was_never_committed_is_forgotten(self, books: Books) -> None:
        with books.database.write() as conn:
            first = int(at(1001).timestamp() * 1000)
            conn.exec_driver_sql(
                f"CREATE TRIGGER full BEFORE INSERT ON event_log WHEN NEW.at = {first}"
                " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            )
        line = Line(books.database)
        with pytest.raises(IntegrityError, match="disk full"):
            line.apply(arrives("A"))
        assert books.rows("contact") == 0
        line.apply(arrives("A"))
        line.close()
        assert texts(books) == ["halo"]
