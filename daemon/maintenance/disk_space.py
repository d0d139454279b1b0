"""Is there room on the disk? The link is left before it is full: an acknowledged message needs a place."""

import os
from pathlib import Path

from daemon.config import Config
from daemon.domain.disk_space import GOES_ON_FROM, STOPS_BELOW
from daemon.store.engine import Database


class DiskSpace:
    """The disk, or disks, that the data folder and the database lie on."""

    def __init__(self, config: Config, database: Database) -> None:
        self._places = (config.data, Path(database.path).absolute().parent)

    def is_short(self, was_short: bool = False) -> bool:
        """Whether receiving has to stop; once it has, it goes on only with some more room than that."""
        return self.free() < (GOES_ON_FROM if was_short else STOPS_BELOW)

    def free(self) -> int:
        """Bytes that we may still write."""
        found = (os.statvfs(place) for place in self._places)
        return min(usage.f_bavail * usage.f_frsize for usage in found)
