"""The phone's ladder by the table, and what holds for every silence."""

from datetime import datetime, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.links import LinkReason
from daemon.domain.primary_phone import (
    ORDER,
    PhoneLimits,
    PhoneStep,
    SightingKind,
    is_back,
    ping_is_due,
    step,
    unseen,
    why_unlinked,
)
from daemon.domain.sentences.phone import PHONE_SENTENCES, SEEN_BY, STEP_TITLES
from tests.support.builders import day

LIMITS = PhoneLimits()
PHONE, AWAY, UNSEEN = LinkReason.UNLINKED_BY_PHONE, LinkReason.PHONE_AWAY, LinkReason.UNLINKED_UNSEEN


moments = st.floats(-40, 40).map(day)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, PhoneStep.FINE),
        (6.99, PhoneStep.FINE),
        (7, PhoneStep.QUIET),
        (9.99, PhoneStep.QUIET),
        (10, PhoneStep.ASK),
        (11.99, PhoneStep.ASK),
        (12, PhoneStep.WARN),
        (12.99, PhoneStep.WARN),
        (13, PhoneStep.URGENT),
        (13.99, PhoneStep.URGENT),
        (14, PhoneStep.PAST),
        (400, PhoneStep.PAST),
        # the clock went back
        (-3, PhoneStep.FINE),
    ],
)
def test_each_day_without_the_phone_has_its_step(days: float, expected: PhoneStep) -> None:
    assert step(day(0), day(-100), day(days), LIMITS) == expected


def test_a_phone_that_was_never_seen_counts_from_linking() -> None:
    assert step(None, day(0), day(12.5), LIMITS) == PhoneStep.WARN
    # sightings of the phone before this link say nothing
    assert step(day(-30), day(0), day(5), LIMITS) == PhoneStep.FINE


def test_a_phone_of_which_nothing_is_known_alarms_nobody() -> None:
    assert step(None, None, day(100), LIMITS) == PhoneStep.FINE


def test_the_limits_are_settings() -> None:
    assert step(day(0), None, day(2.5), PhoneLimits(1, 2, 3, 4, 5)) == PhoneStep.ASK
    for days in ([7, 7, 12, 13, 14], [0, 10, 12, 13, 14], [7, 10, 12, 14, 13]):
        with pytest.raises(ValueError, match="one after the other"):
            PhoneLimits(*days)


def test_after_a_long_time_off_the_phone_is_asked_before_anybody_is_alarmed() -> None:
    assert step(day(0), day(0), day(21), LIMITS, day(21)) == PhoneStep.ASK
    assert step(day(0), day(0), day(21.9), LIMITS, day(21)) == PhoneStep.ASK
    assert step(day(0), day(0), day(22), LIMITS, day(21)) == PhoneStep.PAST
    # we were there the whole time: no excuse
    assert step(day(0), day(0), day(12.5), LIMITS, day(0)) == PhoneStep.WARN


@given(moments, moments, moments, moments)
def test_time_only_makes_it_worse(seen: datetime, linked: datetime, one: datetime, other: datetime) -> None:
    earlier, later = sorted([one, other])
    first, then = (ORDER.index(step(seen, linked, now, LIMITS)) for now in (earlier, later))
    assert first <= then


@given(moments, moments, moments, moments)
def test_a_later_sighting_never_makes_it_worse(
    one: datetime, other: datetime, linked: datetime, now: datetime
) -> None:
    earlier, later = sorted([one, other])
    before, after = (ORDER.index(step(seen, linked, now, LIMITS)) for seen in (earlier, later))
    assert after <= before


@given(moments, moments, moments, moments)
def test_having_been_away_ourselves_only_delays_an_alarm(
    seen: datetime, linked: datetime, now: datetime, since: datetime
) -> None:
    assert ORDER.index(step(seen, linked, now, LIMITS, since)) <= ORDER.index(step(seen, linked, now, LIMITS))
    # and not for longer than a day
    if now - since >= timedelta(days=1):
        assert step(seen, linked, now, LIMITS, since) == step(seen, linked, now, LIMITS)


@given(st.lists(moments, max_size=2), moments)
def test_a_silence_is_never_negative(known: list[datetime], now: datetime) -> None:
    seen, linked = [*known, None, None][:2]
    assert unseen(seen, linked, now) >= timedelta(0)


@pytest.mark.parametrize(
    ("present", "pinged", "due"),
    [
        (PhoneStep.FINE, None, False),
        (PhoneStep.QUIET, None, False),
        (PhoneStep.ASK, None, True),
        (PhoneStep.ASK, day(-0.9), False),
        (PhoneStep.ASK, day(-1), True),
        (PhoneStep.PAST, day(-1), True),
        # the clock went back: a question in the future is waited for, for a day at most
        (PhoneStep.WARN, day(0.5), False),
        (PhoneStep.WARN, day(300), True),
    ],
)
def test_the_phone_is_asked_once_a_day(present: PhoneStep, pinged: datetime | None, due: bool) -> None:
    assert ping_is_due(present, pinged, day(0)) == due


@given(st.lists(st.floats(0, 0.4), max_size=60))
def test_between_two_questions_lies_a_day(pauses: list[float]) -> None:
    now, asked = day(0), []
    for pause in pauses:
        now += timedelta(days=pause)
        if ping_is_due(PhoneStep.ASK, asked[-1] if asked else None, now):
            asked.append(now)
    assert all(later - earlier >= timedelta(days=1) for earlier, later in pairwise(asked))


def test_only_a_phone_that_was_missed_is_back() -> None:
    missed = [PhoneStep.ASK, PhoneStep.WARN, PhoneStep.URGENT, PhoneStep.PAST]
    returns = [step for step in product(PhoneStep, PhoneStep) if is_back(*step)]
    assert returns == [(before, PhoneStep.FINE) for before in missed]


@pytest.mark.parametrize(
    ("seen", "heard", "ended", "reason"),
    [
        # seen within two weeks: it was a person, whether we were there or not
        (0, 5, 5, PHONE),
        (0, 13.7, 13.7, PHONE),
        (0, 0.1, 10, PHONE),
        # we listened until nearly the end and the phone was silent
        (0, 14, 14, AWAY),
        (0, 13.8, 13.8, AWAY),
        (0, 16, 16, AWAY),
        (0, 12.5, 20, AWAY),
        # we were away ourselves: both are possible
        (0, 3, 21, UNSEEN),
        (0, None, 21, UNSEEN),
    ],
)
def test_the_last_sighting_tells_a_person_from_a_fortnight(
    seen: float, heard: float | None, ended: float, reason: LinkReason
) -> None:
    heard_at = None if heard is None else day(heard)
    assert why_unlinked(day(seen), day(-50), heard_at, day(ended), LIMITS) == reason


def test_every_step_and_every_sighting_has_words() -> None:
    assert set(PHONE_SENTENCES) == set(STEP_TITLES) == set(PhoneStep)
    assert set(SEEN_BY) == set(SightingKind)
    for said in PHONE_SENTENCES.values():
        for part in (said.happened, said.works, said.todo):
            assert part[0].isupper()
            assert part.endswith(".")
