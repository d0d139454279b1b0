"""What answers nobody, and what answers after all: replies that were deleted, unreadable, or sent long before."""

from contextlib import closing
from zoneinfo import ZoneInfo

from daemon.desk import forget, message_changes, outgoing, unreadable_replies
from daemon.desk.unreadable_replies import UnreadableDecision
from daemon.desk.worker import DeskWorker
from daemon.domain.desk import THE_DESK, Actor
from daemon.domain.messages import Author, MessageRevoked, OutboxState, ReceiptKind, ReceiptReceived
from daemon.store import send_queue
from tests.desk.fact_by_state_case import PHONES, REPLY, LateFact
from tests.desk.fact_by_state_cells import Fact
from tests.support.books import Books
from tests.support.builders import at


def unreadable(case: LateFact) -> None:
    case.comes_to(OutboxState.SENT)
    case.happens(ReceiptReceived((REPLY,), case.origin(False, 20), ReceiptKind.RETRY))
    DeskWorker(case.books.database, ZoneInfo("Asia/Jakarta"), "Toko", lambda: at(100)).look()
    assert case.end() == "sent, open"


def decides(case: LateFact, decision: UnreadableDecision) -> None:
    """An admin's decision, by a page that shows the reply last."""
    sari = Actor(Author.ADMIN, case.admin.admin_id)
    case.books.write(lambda c: unreadable_replies.decide(c, 1, case.reply, decision, case.reply, at(120), sari))


def test_a_late_receipt_of_a_deleted_reply_answers_nothing(books: Books) -> None:
    with closing(LateFact(books, Fact.NOTHING)) as case:
        unreadable(case)
        case.happens(MessageRevoked(REPLY, case.origin(True, 110)))
        case.happens(ReceiptReceived((REPLY,), case.origin(False, 120), ReceiptKind.READ))
        assert case.end() == "read, open"


def test_settling_a_deleted_reply_on_an_old_page_answers_nothing(books: Books) -> None:
    with closing(LateFact(books, Fact.NOTHING)) as case:
        unreadable(case)
        case.happens(MessageRevoked(REPLY, case.origin(True, 110)))
        decides(case, UnreadableDecision.SETTLE)
        assert case.end() == "sent, open"


def test_an_unreadable_reply_is_no_other_answer(books: Books) -> None:
    with closing(LateFact(books, Fact.NOTHING)) as case:
        unreadable(case)
        case.writes(PHONES, "ada", case.origin(True, 110))
        case.happens(MessageRevoked(PHONES, case.origin(True, 115)))
        assert case.end() == "sent, open"


def test_a_forgotten_message_that_comes_again_stays_away_from_the_next_conversation(books: Books) -> None:
    with closing(LateFact(books, Fact.NOTHING)) as case:
        case.writes("OLD", "rahasia", case.origin(False, 10))
        books.write(lambda c: forget.forget(c, books.account_id, 1, THE_DESK, at(20)))
        case.writes("NEW", "halo lagi", case.origin(False, 30))
        case.writes("OLD", "rahasia", case.origin(False, 10))
        assert not case.is_there("OLD")


def test_a_copy_that_fails_opens_nothing_if_the_first_was_read_after_all(books: Books) -> None:
    with closing(LateFact(books, Fact.NOTHING)) as case:
        unreadable(case)
        decides(case, UnreadableDecision.SEND_COPY)
        case.happens(ReceiptReceived((REPLY,), case.origin(False, 130), ReceiptKind.READ))

        with books.database.write() as conn:
            copy = send_queue.take_next(conn, books.account_id, at(131))
            assert copy is not None
            outgoing.fail(conn, books.account_id, copy.id, at(132), "479")
        assert books.open_turn(1) is None


def test_a_reply_that_was_deleted_while_it_waited_and_had_left_before_answers_after_all(books: Books) -> None:
    with closing(LateFact(books, Fact.NOTHING)) as case:
        case.comes_to(OutboxState.QUEUED)  # uncertain, "send again"
        sari = Actor(Author.ADMIN, case.admin.admin_id)
        books.write(lambda c: message_changes.revoke(c, 1, case.reply, sari, False, at(20)))
        case.happens(ReceiptReceived((REPLY,), case.origin(False, 30), ReceiptKind.DELIVERED))
        assert case.end() == "delivered, ours"
