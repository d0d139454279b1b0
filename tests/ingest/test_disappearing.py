"""How long a chat's messages last: the newest word on it by WhatsApp's clock holds, in whatever order it comes."""

from dataclasses import replace
from itertools import permutations

import pytest

from daemon.domain.messages import DisappearingChanged, HistoryReceived, MessageReceived, Origin
from daemon.ingest.commit import Ingest
from daemon.store import contact_merge
from tests.support.books import Books
from tests.support.builders import BUDI, RINA, arrives, at

DAY, WEEK = 86_400, 604_800


def setting(seconds: int, when: float, from_me: bool = False) -> DisappearingChanged:
    return DisappearingChanged(Origin(BUDI, from_me, 0, at(when)), seconds)


def message(wa_id: str, seconds: int, when: float) -> MessageReceived:
    return arrives(wa_id, "halo", when, disappearing=seconds)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_late_word_turns_nothing_back(books: Books, order: tuple[int, ...]) -> None:
    events = [message("A", WEEK, 10), setting(DAY, 20), message("B", DAY, 30), setting(0, 40, from_me=True)]
    ingest = Ingest(books.database, books.account_id)
    ingest.commit(arrives("0", "pertama", 0), at(0))
    for n in order:
        # the last to come twice, as after a crash
        ingest.commit(events[n], at(100))
        ingest.commit(events[n], at(100))
    ingest._conn.close()
    assert books.summary(1).disappearing == 0


def test_one_message_is_enough_and_one_that_stays_says_nothing(books: Books) -> None:
    ingest = Ingest(books.database, books.account_id)
    # a setting of somebody who never wrote makes nobody
    ingest.commit(setting(WEEK, 0), at(0))
    ingest.commit(message("A", WEEK, 1), at(1))
    ingest.commit(arrives("B", "dari komputer", 2), at(2))
    assert books.summary(1).disappearing == WEEK
    # history is older than what is known
    ingest.commit(HistoryReceived((replace(message("H", DAY, 3), is_history=True),)), at(3))
    assert books.summary(1).disappearing == WEEK
    # what can be read only later tells it, too
    ingest.commit(arrives("R", None, 5, party=RINA), at(5))
    ingest.commit(arrives("R", "sekarang terbaca", 5, party=RINA, disappearing=DAY), at(6))
    assert books.summary(2).disappearing == DAY
    ingest._conn.close()
    # of two who become one, the newest word holds
    kept, gone = books.summary(1).contact_id, books.summary(2).contact_id
    books.write(lambda conn: contact_merge.merge(conn, books.account_id, kept, gone, at(9)))
    assert books.summary(1).disappearing == DAY
