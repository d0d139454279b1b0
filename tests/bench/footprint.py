"""What the shop's processes hold over time, memory, files and threads, and whether that grows.

A role is a process that may be replaced: its lives are fitted together, with one slope for all and a level for
each life, so that a new process is neither growth nor relief. What a young process takes is no leak: samples of
its first seconds are left out. Growth that shows only from one life to the next (each successor starts bigger)
is looked for by itself, at equal age.
"""

import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psutil

from tests.support.shop import Shop

EVERY = 2.0
# Seconds that a process takes to reach its working size: code paths used once, caches filled, thread pools and
# Go's heap grown to what the traffic needs; or the first quarter of a longer life: a cache fills ever more slowly,
# a leak goes on. The supervisor's first chores (a backup) come five minutes after its start
# (daemon/supervisor/jobs.py).
YOUNG, YOUNG_SHARE = 60.0, 0.25
YOUNG_BY_ROLE = {"supervisor": 340.0}
# the shortest time of one life behind it, and of all together, that says anything about a slope
LEAST_OF_ONE, LEAST = 20.0, 60.0
# "Flat": over what was measured it grew by no more than this. Below it lies noise: a page cache that follows the
# database, a garbage collector's saw; one more pooled connection, which is three files; Go's threads, which stay
# once so many calls have blocked at the same time. MB, or a share of the size, whichever is more; files; threads.
MEMORY_MB, MEMORY_SHARE, FILES, THREADS = 4.0, 0.05, 5.0, 8.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One process at one moment: `at` in seconds since the measurement began, `age` since its own start."""

    at: float
    age: float
    pid: int
    memory_mb: float
    files: int
    threads: int


class Footprint:
    """Looks at all processes every two seconds, on a thread of its own."""

    def __init__(self, shop: Shop) -> None:
        self.samples: dict[str, list[Sample]] = defaultdict(list)
        self._shop = shop
        self._began = time.time()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="footprint")

    def __enter__(self) -> "Footprint":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            for role, process in self._shop.processes().items():
                try:
                    with process.oneshot():
                        now = time.time()
                        sample = Sample(
                            now - self._began,
                            now - process.create_time(),
                            process.pid,
                            process.memory_info().rss / 1e6,
                            process.num_fds(),
                            process.num_threads(),
                        )
                except psutil.Error:
                    continue  # it has just ended
                self.samples[role].append(sample)

    def figures(self) -> dict[str, dict[str, Any]]:
        """Each role's medians, slopes and verdict."""
        return {
            role: about(samples, YOUNG_BY_ROLE.get(role, YOUNG)) for role, samples in sorted(self.samples.items())
        }


def about(samples: Sequence[Sample], young: float = YOUNG) -> dict[str, Any]:
    """One role's lives: medians at the beginning and end of the longest, common slopes, and whether it is flat.

    `flat` is None when none lived long enough to tell.
    """
    lives: dict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        lives[sample.pid].append(sample)
    grown = [[s for s in life if s.age > max(young, YOUNG_SHARE * life[-1].age)] for life in lives.values()]
    grown = [life for life in grown if life and life[-1].at - life[0].at >= LEAST_OF_ONE]
    seconds = sum(life[-1].at - life[0].at for life in grown)
    found: dict[str, Any] = {"lives": len(lives), "measured_s": round(seconds)}
    if seconds < LEAST:
        # too short for a slope: what it holds is said all the same
        return found | {"rss_mb": round(statistics.median(s.memory_mb for s in samples), 1), "flat": None}
    flat = True
    for name, allowed in (("memory_mb", MEMORY_MB), ("files", FILES), ("threads", THREADS)):
        values = [[(s.at, float(getattr(s, name))) for s in life] for life in grown]
        slope = slope_within(values)
        longest = max(values, key=lambda life: life[-1][0] - life[0][0])
        quarter = max(1, len(longest) // 4)
        first, last = (statistics.median(y for _, y in part) for part in (longest[:quarter], longest[-quarter:]))
        if name == "memory_mb":
            allowed = max(allowed, MEMORY_SHARE * first)
        grew = slope * seconds
        found[name] = {
            "first": round(first, 1),
            "last": round(last, 1),
            "per_hour": round(slope * 3600, 1),
            "grew": round(grew, 1),
            "allowed": round(allowed, 1),
        }
        flat = flat and grew <= allowed
    return found | {"flat": flat}


def from_life_to_life(samples: Sequence[Sample], ages: tuple[float, float]) -> dict[str, Any]:
    """What successive lives hold at the same age (seconds): medians and slopes from one to the next."""
    lives: dict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        if ages[0] <= sample.age <= ages[1]:
            lives[sample.pid].append(sample)
    found: dict[str, Any] = {"lives": len(lives), "at_age_s": list(ages)}
    if len(lives) < 4:
        return found
    for name in ("memory_mb", "files", "threads"):
        points = [
            (life[0].at, statistics.median(float(getattr(s, name)) for s in life)) for life in lives.values()
        ]
        third = max(1, len(points) // 3)
        found[name] = {
            "first": round(statistics.median(y for _, y in points[:third]), 1),
            "last": round(statistics.median(y for _, y in points[-third:]), 1),
            "per_hour": round(slope_within([points]) * 3600, 1),
        }
    return found


def slope_within(lives: Sequence[Sequence[tuple[float, float]]]) -> float:
    """The least-squares slope that several series of (x, y) have in common, whatever their levels."""
    above = below = 0.0
    for life in lives:
        middle_x = statistics.fmean(x for x, _ in life)
        middle_y = statistics.fmean(y for _, y in life)
        above += sum((x - middle_x) * (y - middle_y) for x, y in life)
        below += sum((x - middle_x) ** 2 for x, _ in life)
    return above / below if below else 0.0
