"""Moves the clocks of a shop's processes under test. Only tests/support/moved_shop.py puts it on PYTHONPATH.

The program has two clocks, `utc_now` and `since_boot` of daemon.domain.time, handed on as parameters; here they
are replaced before anything imports them. The file SHOP_CLOCK is looked at each time: the seconds that have passed
on both, and those that utc_now alone is ahead of the true time. The library's own clock, the database's and the
monotonic one stay as they are.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path

_file = os.environ.get("SHOP_CLOCK", "")
if _file:
    from daemon.domain import time

    _real_now, _real_since_boot = time.utc_now, time.since_boot

    def _moved() -> tuple[float, float]:
        passed, lead = Path(_file).read_text().split()
        return float(passed), float(lead)

    def utc_now() -> datetime:
        """The current moment, as much later as the test wants."""
        return _real_now() + timedelta(seconds=sum(_moved()))

    def since_boot() -> float:
        """Time passes for this clock, but nobody sets it."""
        return _real_since_boot() + _moved()[0]

    time.utc_now, time.since_boot = utc_now, since_boot
