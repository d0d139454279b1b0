"""Is there room for one more attachment? All of them have a budget, and on the disk messages come first."""

import os
import time
from pathlib import Path

from daemon.config import Config
from daemon.domain.attachments import LARGEST_FILE
from daemon.domain.disk_space import FETCHES_FROM
from daemon.maintenance.disk_space import DiskSpace
from daemon.store.media import FOLDER

# seconds that a count of all files is good for; 100,000 files take a third of a second
RECOUNT = 60.0


class MediaRoom:
    """The room for attachments of all accounts in one data folder."""

    def __init__(self, config: Config, disk: DiskSpace) -> None:
        self._folder = config.data / FOLDER
        self._budget = config.media_budget
        self._disk = disk
        self._used = 0
        self._counted_at: float | None = None

    def is_left(self) -> bool:
        """Whether the largest file that is fetched would fit, whatever its sender says of its size."""
        return self._disk.free() >= FETCHES_FROM and self._bytes() + LARGEST_FILE <= self._budget

    def take(self, size: int) -> None:
        """Count a file that has just come."""
        self._used += size

    def _bytes(self) -> int:
        now = time.monotonic()
        if self._counted_at is None or now - self._counted_at > RECOUNT:
            self._used, self._counted_at = bytes_below(self._folder), now
        return self._used


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
