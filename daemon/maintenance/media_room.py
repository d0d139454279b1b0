"""Is there room for one more attachment? All of them have a budget, and on the disk messages come first."""

from daemon.config import Config
from daemon.desk.media_budget import MediaBudget
from daemon.domain.attachments import LARGEST_FILE
from daemon.domain.disk_space import FETCHES_FROM
from daemon.maintenance.disk_space import DiskSpace


class MediaRoom:
    """The room for attachments of all accounts in one data folder."""

    def __init__(self, config: Config, disk: DiskSpace) -> None:
        self._budget = MediaBudget(config.data, config.media_budget)
        self._disk = disk

    def is_left(self) -> bool:
        """Whether the largest file that is fetched would fit, whatever its sender says of its size."""
        return self._disk.free() >= FETCHES_FROM and self._budget.left() >= LARGEST_FILE

    def take(self, size: int) -> None:
        """Count a file that has just come."""
        self._budget.take(size)
