"""Is there room on the disk? The link is left before it is full: an acknowledged message needs a place."""

import os
from pathlib import Path

from daemon.config import Config
from daemon.store.engine import Database

# bytes; what is in flight, both databases' logs and the state of the link still fit in
STOPS_BELOW = 48 * 1024**2
GOES_ON_ABOVE = 64 * 1024**2


class DiskSpace:
    """The disk, or disks, that the data folder and the database lie on."""

    def __init__(self, config: Config, database: Database) -> None:
        self._places = (config.data, Path(database.path).absolute().parent)

    def is_short(self, was_short: bool = False) -> bool:
        """Whether receiving has to stop; once it has, it goes on only with some more room than that."""
        return self.free() < (GOES_ON_ABOVE if was_short else STOPS_BELOW)

    def free(self) -> int:
        """Bytes that we may still write."""
        found = (os.statvfs(place) for place in self._places)
        return min(usage.f_bavail * usage.f_frsize for usage in found)
