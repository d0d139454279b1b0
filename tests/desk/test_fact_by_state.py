"""A late fact reaches a reply in whatever state it is by then: each cell of `fact_by_state.md`, hand-written."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import HistoryReceived, MessageReceived, OutboxState, ReceiptKind
from tests.desk.fact_by_state_case import GREETING, PHONES, QUESTION, LateFact
from tests.desk.fact_by_state_cells import CANNOT_BE, FACTS, Fact, can_be, written_down
from tests.desk.fact_by_state_picture import PICTURE, draw
from tests.support.books import Books
from tests.support.builders import group_chat

CELLS = written_down()


def test_every_fact_and_state_has_its_cell() -> None:
    assert set(CELLS) == {(fact, state.value) for fact in FACTS for state in OutboxState}


def test_what_cannot_be_is_said_by_name() -> None:
    cannot = {(fact, state.value) for fact in FACTS for state in OutboxState if not can_be(fact, state)}
    assert {cell for cell, end in CELLS.items() if end == CANNOT_BE} == cannot


def test_the_picture_shows_the_cells() -> None:
    """If not: `python -m tests.desk.fact_by_state_picture` draws it again."""
    assert PICTURE.read_text() == draw(CELLS)


@pytest.mark.parametrize(
    ("fact", "state"), [(fact, state) for fact in FACTS for state in OutboxState if can_be(fact, state)]
)
def test_the_fact_does_what_the_table_says(books: Books, fact: str, state: OutboxState) -> None:
    with closing(LateFact(books, fact)) as case:
        case.comes_to(state)
        case.is_told()
        assert case.end() == CELLS[fact, state.value]


@pytest.mark.parametrize("state", [state for state in OutboxState if state != OutboxState.CANCELLED])
@pytest.mark.parametrize("kind", [ReceiptKind.DELIVERED, ReceiptKind.READ, ReceiptKind.RETRY])
def test_a_participants_receipt_settles_a_groups_reply(
    books: Books, kind: ReceiptKind, state: OutboxState
) -> None:
    with closing(LateFact(books, f"receipt: {kind}", group_chat(), "551@lid")) as case:
        case.comes_to(state)
        case.is_told()
        assert case.end() == CELLS[f"receipt: {kind}", state.value]


class TestLostInACrash:
    """The phone's answer is a placeholder that nothing fills but the history."""

    @pytest.fixture
    def case(self, books: Books) -> Iterator[LateFact]:
        with closing(LateFact(books, Fact.ANSWER_AUTOMATIC)) as case:
            case.writes(QUESTION, "masih ada?", case.origin(False, 10))
            case.happens(MessageReceived(PHONES, case.origin(True, 12), MessageKind.LOST, None))
            assert books.open_turn(1) is None
            yield case

    def comes_with_the_history(self, case: LateFact, text: str) -> None:
        case.knows_greeting()
        told = MessageReceived(PHONES, case.origin(True, 12), MessageKind.TEXT, text, is_history=True)
        case.happens(HistoryReceived((told,)))
        assert case.books.thread(1) == ["masih ada?", text]

    def test_a_greeting_has_answered_nobody(self, case: LateFact) -> None:
        self.comes_with_the_history(case, GREETING)
        assert case.is_there(PHONES, "is_automatic")
        assert case.books.open_turn(1) == 1

    def test_what_a_person_has_written_stays_an_answer(self, case: LateFact) -> None:
        self.comes_with_the_history(case, "ada kak")
        assert case.books.open_turn(1) is None
