"""Dealing out: the least busy first or one after the other, never beyond anybody's limit."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from daemon.desk.assignment_policy import Avoided, Candidate, deal
from daemon.domain.desk import Assign
from tests.support.builders import NOON, at

LEAST, ROUND = Assign.LEAST_BUSY, Assign.ROUND_ROBIN


def candidate(admin_id: int, has: int = 0, most: int = 10, given_at: datetime | None = None) -> Candidate:
    return Candidate(admin_id, has, most, given_at)


def test_the_least_busy_gets_the_next_one() -> None:
    candidates = [candidate(1, has=2), candidate(2, has=0), candidate(3, has=1)]
    assert [admin for _, admin in deal([10, 11, 12], candidates, LEAST, {}, NOON)] == [2, 3, 2]


def test_of_the_equally_busy_the_one_who_was_given_nothing_for_longest() -> None:
    candidates = [candidate(1, given_at=at(5)), candidate(2, given_at=at(1)), candidate(3, given_at=at(9))]
    assert [admin for _, admin in deal([10, 11, 12], candidates, LEAST, {}, NOON)] == [2, 1, 3]


def test_a_round_goes_on_where_it_ended_whoever_is_busy() -> None:
    candidates = [candidate(1, has=9, given_at=at(-5)), candidate(2), candidate(3, given_at=at(-1))]
    assert [admin for _, admin in deal([10, 11, 12, 13], candidates, ROUND, {}, NOON)] == [2, 1, 3, 2]


def test_nobody_gets_more_than_he_takes() -> None:
    candidates = [candidate(1, has=1, most=2), candidate(2, has=5, most=5), candidate(3, most=0)]
    assert deal([10, 11], candidates, ROUND, {}, NOON) == [(10, 1)]
    assert deal([10], [], LEAST, {}, NOON) == []


def test_what_came_back_goes_to_somebody_else_if_it_can() -> None:
    avoided = {10: Avoided(1, strictly=False)}
    assert deal([10], [candidate(1), candidate(2, has=9)], LEAST, avoided, NOON) == [(10, 2)]
    assert deal([10], [candidate(1), candidate(2, has=10)], LEAST, avoided, NOON) == [(10, 1)]


def test_what_a_person_gave_back_never_comes_to_him_by_itself() -> None:
    assert deal([10, 11], [candidate(1)], LEAST, {10: Avoided(1, strictly=True)}, NOON) == [(11, 1)]


candidates = st.lists(
    st.builds(
        candidate,
        st.integers(1, 9),
        has=st.integers(0, 4),
        most=st.integers(0, 4),
        given_at=st.none() | st.integers(0, 50).map(at),
    ),
    unique_by=lambda one: one.admin_id,
)


@given(candidates=candidates, count=st.integers(0, 20), how=st.sampled_from([LEAST, ROUND]))
def test_everything_is_dealt_once_until_all_are_full(candidates: list[Candidate], count: int, how: Assign) -> None:
    dealt = deal(range(count), candidates, how, {}, at(100))
    room = sum(max(0, one.most - one.has) for one in candidates)
    assert [conversation_id for conversation_id, _ in dealt] == list(range(min(count, room)))
    for one in candidates:
        assert sum(1 for _, admin in dealt if admin == one.admin_id) <= max(0, one.most - one.has)


@given(count=st.integers(1, 6), cards=st.integers(0, 30))
def test_a_round_is_fair(count: int, cards: int) -> None:
    dealt = [
        admin for _, admin in deal(range(cards), [candidate(n, most=99) for n in range(count)], ROUND, {}, NOON)
    ]
    shares = [dealt.count(i) for i in range(count)]
    assert max(shares) - min(shares) <= 1
