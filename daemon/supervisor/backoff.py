"""How long to wait before the next attempt: exponential, capped, with jitter so that shops don't come in step."""

import random
from datetime import timedelta

FIRST = 0.5
CAP = 300.0


def delay(failures: int, rng: random.Random | None = None) -> timedelta:
    """The wait after the given number of failed attempts in a row (0: the first retry).

    Doubles from 0.5 s to at most 300 s; the jitter takes off up to half.
    """
    longest = min(CAP, FIRST * 2.0 ** min(failures, 20))
    return timedelta(seconds=longest * (rng or random).uniform(0.5, 1.0))
