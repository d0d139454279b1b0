"""What a process tells of itself: that it lives, and how long its work takes."""

import time
from pathlib import Path

from daemon import heartbeat
from daemon.heartbeat import SILENT_AFTER, Vitals


def test_a_process_that_never_told_anything_or_has_stopped_is_silent(tmp_path: Path) -> None:
    assert heartbeat.is_silent(tmp_path, "session-1")
    teller = Vitals(tmp_path, "session-1")
    assert heartbeat.is_silent(tmp_path, "session-1")
    teller.beat()
    assert not heartbeat.is_silent(tmp_path, "session-1")
    found = heartbeat.read(tmp_path, "session-1")
    assert found is not None
    assert not found.is_silent(time.monotonic() + SILENT_AFTER - 1)
    assert found.is_silent(time.monotonic() + SILENT_AFTER + 1)
    # of an earlier start of the machine, whose clock began anew
    assert found.is_silent(found.beat - 1)
    teller.close()


def test_durations_are_counted_in_classes_and_a_successor_goes_on_counting(tmp_path: Path) -> None:
    for seconds in (0.001, 0.004, 7.0):
        teller = Vitals(tmp_path, "session-1")
        teller.took(seconds)
        teller.close()
    found = heartbeat.read(tmp_path, "session-1")
    assert found is not None
    classes = dict(found.classes)
    assert (classes["0.002"], classes["0.005"], classes["5.0"], classes["+Inf"]) == (1, 2, 2, 3)
    assert round(found.total, 3) == 7.005


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    Vitals(tmp_path, "session-1").close()
    assert (tmp_path / "vitals").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "vitals" / "session-1").stat().st_mode & 0o777 == 0o600
