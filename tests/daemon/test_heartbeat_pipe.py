"""Signs of life through a pipe: when a child counts as silent, and when as dead."""

import os
from collections.abc import Iterator

import pytest

from daemon.heartbeat import DEAD_AFTER, LEAVING_TAKES, SILENT_AFTER, START_TAKES, Beat, Pulse


@pytest.fixture
def pulse() -> Iterator[Pulse]:
    made = Pulse(now=1000.0)
    yield made
    made.close()


def test_a_child_that_starts_has_time_for_it(pulse: Pulse) -> None:
    pulse.look(1000.0 + START_TAKES - 1)
    assert not pulse.is_silent(1000.0 + START_TAKES - 1)
    assert not pulse.is_dead(1000.0 + START_TAKES - 1)
    assert pulse.is_dead(1000.0 + START_TAKES + 1)


def test_a_child_that_beat_and_stopped_is_silent_and_then_dead(pulse: Pulse) -> None:
    Beat(pulse.writer).beat()
    pulse.look(1010.0)
    assert not pulse.is_silent(1010.0 + SILENT_AFTER)
    assert pulse.is_silent(1010.1 + SILENT_AFTER)
    assert not pulse.is_dead(1010.0 + DEAD_AFTER)
    assert pulse.is_dead(1010.1 + DEAD_AFTER)


def test_silence_is_noticed_within_five_seconds() -> None:
    assert SILENT_AFTER <= 5.0


def test_a_child_on_its_way_out_is_neither_until_it_takes_too_long(pulse: Pulse) -> None:
    beat = Beat(pulse.writer)
    beat.beat()
    beat.leave()
    pulse.look(1010.0)
    assert not pulse.is_silent(1010.0 + LEAVING_TAKES)
    assert not pulse.is_dead(1010.0 + LEAVING_TAKES)
    assert pulse.is_dead(1010.1 + LEAVING_TAKES)


def test_a_busy_loop_beats_once_a_second(pulse: Pulse) -> None:
    beat = Beat(pulse.writer)
    for _ in range(1000):
        beat.beat()
    os.set_blocking(pulse.writer, True)
    pulse.look(1001.0)
    assert not pulse.is_silent(1001.0)
    # a second look finds nothing more, so nothing was heard since
    pulse.look(1001.0 + SILENT_AFTER + 1)
    assert pulse.is_silent(1001.0 + SILENT_AFTER + 1)


def test_a_listener_that_reads_nothing_does_not_hold_the_child_up(pulse: Pulse) -> None:
    for _ in range(100_000):
        Beat(pulse.writer).beat()
    pulse.look(1001.0)
    assert not pulse.is_silent(1001.0)


def test_without_a_listener_a_beat_is_nothing() -> None:
    Beat(-1).beat()
    Beat(-1).leave()


def test_a_child_whose_supervisor_is_gone_feels_it() -> None:
    pulse = Pulse(now=1000.0)
    beat = Beat(pulse.writer)
    pulse.close()
    beat.beat()
    assert beat.is_alone
