"""What the soak calls flat, and how it mixes its faults: a measurement that can't fail would prove nothing."""

import random
from collections import Counter

from tests.bench.faults import GENTLE, HARD
from tests.bench.footprint import Sample, about, slope_within
from tests.bench.soak import schedule


def life(pid: int, begins: float, seconds: float, memory_mb: float, per_minute: float) -> list[Sample]:
    """A process that grows steadily, looked at every two seconds."""
    return [
        Sample(begins + age, age, pid, memory_mb + per_minute * age / 60 + age % 6 * 0.2, 20, 5)
        for age in range(0, round(seconds), 2)
    ]


def test_a_process_that_keeps_its_size_is_flat() -> None:
    assert about(life(1, 0, 600, 80, 0))["flat"] is True


def test_a_leak_of_one_megabyte_a_minute_is_none_that_is_overlooked() -> None:
    found = about(life(1, 0, 600, 80, 1))
    assert found["flat"] is False
    assert 59 < found["memory_mb"]["per_hour"] < 61


def test_a_leak_shows_in_several_short_lives_together() -> None:
    lives = [life(n, 200.0 * n, 180, 80, 1.5) for n in range(4)]
    assert about([sample for one in lives for sample in one])["flat"] is False


def test_a_bigger_successor_is_no_growth_within_a_life() -> None:
    assert about([*life(1, 0, 200, 80, 0), *life(2, 200, 200, 95, 0)])["flat"] is True


def test_what_a_young_process_takes_is_no_leak() -> None:
    young = [Sample(float(age), age, 1, 20 + age, 20, 5) for age in range(0, 60, 2)]
    grown = [Sample(float(age), age, 1, 80, 20, 5) for age in range(60, 400, 2)]
    assert about([*young, *grown])["flat"] is True


def test_files_that_stay_open_are_growth() -> None:
    leaking = [Sample(float(age), age, 1, 80, 20 + age // 60, 5) for age in range(0, 600, 2)]
    assert about(leaking)["flat"] is False


def test_a_process_that_was_seen_too_briefly_gets_no_verdict() -> None:
    assert about(life(1, 0, 90, 80, 10))["flat"] is None


def test_a_slope_is_that_of_all_lives_whatever_their_levels() -> None:
    assert slope_within([[(0, 10), (1, 12)], [(5, 100), (6, 102)]]) == 2


def test_every_fault_comes_and_the_seed_decides_when() -> None:
    faults = [*GENTLE, *HARD]
    plan = schedule(random.Random(1), 120, faults)
    times = Counter(fault.name for stretch in plan for group in stretch for fault in group)
    assert len(times) == len(faults)
    assert sum(times.values()) == 120
    assert plan == schedule(random.Random(1), 120, faults) != schedule(random.Random(2), 120, faults)
