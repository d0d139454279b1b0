"""Moves the clock of the processes of a shop under test. Only tests/support/moved_shop.py puts it on PYTHONPATH.

The program has one clock, `daemon.domain.time.utc_now`, handed on as a parameter; here it is replaced before
anything imports it by one that is ahead by as many seconds as the file SHOP_CLOCK says at each look. The library's
own clock, the database's and the monotonic one stay as they are.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path

_file = os.environ.get("SHOP_CLOCK", "")
if _file:
    from daemon.domain import time

    _real = time.utc_now

    def utc_now() -> datetime:
        """The current moment, as much later as the test wants."""
        return _real() + timedelta(seconds=float(Path(_file).read_text()))

    time.utc_now = utc_now
