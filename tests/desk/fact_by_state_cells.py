"""The cells of `fact_by_state.md`: which facts come late, and what is written down about each, by hand."""

from enum import StrEnum
from pathlib import Path

from daemon.domain.messages import OutboxState, ReceiptKind

TABLE = Path(__file__).with_name("fact_by_state.md")
# what stands where a fact can't meet a reply in that state
CANNOT_BE = "can't be"
# (fact, state): the expected end
Cells = dict[tuple[str, str], str]


class Fact(StrEnum):
    """What may come late, besides a receipt."""

    NOTHING = "nothing"
    STRANGERS_RECEIPT = "a stranger's receipt"
    PHONE_ANSWERS = "the phone answers"
    ANSWER_DELETED = "the phone's answer is deleted"
    ANSWER_AUTOMATIC = "the phone's answer was automatic"
    PASSED_DELETED = "the phone's answer is deleted, ours sent anyway"
    PASSED_AUTOMATIC = "the phone's answer was automatic, ours sent anyway"
    REPLY_DELETED = "the reply is deleted"
    REPLY_EDITED = "the reply is edited"
    REACTION = "the customer reacts"
    QUOTED = "the customer quotes it"
    REFILLED = "the question can be read at last"
    QUESTION_DELETED = "the question is deleted"
    MERGED = "two contacts are one"
    FORGOTTEN = "the customer is forgotten"
    LINKED_ANEW = "the number is linked anew"


FACTS = [*map(str, Fact), *(f"receipt: {kind}" for kind in ReceiptKind)]
# the phone's answer had held the reply, and somebody has sent it all the same
SENT_ANYWAY = (Fact.PASSED_DELETED, Fact.PASSED_AUTOMATIC)
# the phone's answer can't be read at first: it is a greeting
UNREAD = (Fact.ANSWER_AUTOMATIC, Fact.PASSED_AUTOMATIC)


def can_be(fact: str, state: OutboxState) -> bool:
    """Whether a fact can meet a reply in that state: what is cancelled was the bot's: nobody sends it anyway."""
    return not (fact in SENT_ANYWAY and state == OutboxState.CANCELLED)


def written_down() -> Cells:
    """The expected end of each (fact, state), as the table says."""
    lines = [line for line in TABLE.read_text().splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    states = rows[0][1:]
    return {(row[0], state): cell for row in rows[2:] for state, cell in zip(states, row[1:], strict=True)}
