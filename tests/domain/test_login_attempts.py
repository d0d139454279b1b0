"""However a link fails, and whoever is impatient: logins are few in any stretch of time."""

from bisect import bisect_right
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.login_attempts import IN_ALL, IN_VAIN, THEN_EVERY, LoginAttempts
from tests.support.builders import NOON

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def day_of(lives: list[timedelta | None]) -> list[datetime]:
    """The logins of a day in which one is always wanted at once; each lives so long (None: it never gets in)."""
    attempts, now, made = LoginAttempts(), NOON, []
    while now < NOON + DAY:
        if not attempts.may_go_on(now):
            assert attempts.latest is not None
            now = attempts.latest + THEN_EVERY
        attempts = attempts.tried(now)
        made.append(now)
        life = lives[len(made) % len(lives)]
        now += SECOND
        if life is not None:
            now += life
            attempts = attempts.got_in().rested(life)
    return made


def test_after_ten_logins_in_vain_there_is_one_a_minute() -> None:
    made = day_of([None])
    assert made[IN_VAIN - 1] - made[0] < timedelta(minutes=1)
    assert all(b - a >= THEN_EVERY for a, b in pairwise(made[IN_VAIN - 1 :]))


def test_a_link_that_is_up_for_eleven_seconds_at_a_time_gets_a_hundred_and_then_one_a_minute() -> None:
    made = day_of([timedelta(seconds=11)])
    assert made[IN_ALL - 1] - made[0] < timedelta(minutes=30)
    assert all(b - a >= THEN_EVERY for a, b in pairwise(made[IN_ALL - 1 :]))


def test_a_link_that_falls_every_few_minutes_never_waits() -> None:
    life = timedelta(minutes=3)
    assert all(b - a == life + SECOND for a, b in pairwise(day_of([life])))


@given(
    st.lists(
        st.one_of(st.none(), st.floats(0, 600).map(lambda seconds: timedelta(seconds=seconds))),
        min_size=1,
        max_size=40,
    )
)
def test_no_stretch_of_time_has_more_than_a_hundred_and_one_a_minute(lives: list[timedelta | None]) -> None:
    made = day_of(lives)
    for start in range(0, len(made), 97):
        for length in (timedelta(minutes=1), timedelta(hours=1), DAY):
            count = bisect_right(made, made[start] + length) - start
            assert count <= IN_ALL + length / THEN_EVERY + 1


@given(st.integers(-(10**6), 10**6))
def test_a_clock_that_was_set_forbids_nothing_for_longer_than_two_minutes(moved: int) -> None:
    attempts = LoginAttempts(in_vain=IN_VAIN, latest=NOON)
    now = NOON + timedelta(seconds=moved)
    assert attempts.may_go_on(now) or attempts.may_go_on(now + 2 * THEN_EVERY)


def test_saying_twice_that_a_login_got_in_changes_nothing() -> None:
    once = LoginAttempts().tried(NOON).got_in()
    assert (once, once.got_in()) == (LoginAttempts(0, 1, NOON), once)
