"""The room that files of messages may take together: those that come, and those that leave."""

import os
import time
from pathlib import Path

from daemon.store.media import FOLDER

# seconds that a count of all files is good for; 100,000 files take a third of a second
RECOUNT = 60.0


class MediaBudget:
    """How much is left of it, in bytes, of all accounts in one data folder."""

    def __init__(self, data: Path, budget: int) -> None:
        self._folder = data / FOLDER
        self._budget = budget
        self._used = 0
        self._counted_at: float | None = None

    def left(self) -> int:
        """What may still be written; less than nothing if the budget was made smaller."""
        now = time.monotonic()
        if self._counted_at is None or now - self._counted_at > RECOUNT:
            self._used, self._counted_at = bytes_below(self._folder), now
        return self._budget - self._used

    def take(self, size: int) -> None:
        """Count a file that has just come."""
        self._used += size


def bytes_below(folder: Path) -> int:
    """The size of all files in the folders of a folder."""
    found = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                found += os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:
                continue  # retention goes on meanwhile
    return found
