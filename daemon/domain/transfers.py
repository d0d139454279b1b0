"""How far a file of ours is on its way to WhatsApp's media hosts, as its message shows it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# in a message's media while its file is brought: how much of it is there (percent), and since when (Unix seconds)
BROUGHT, BROUGHT_AT = "brought", "brought_at"
# what was told longer ago is not true any more: the process has died, or the line stands still
FRESH = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Transfer:
    """A file that is not there yet: whether it is being brought, how often that failed, when it is tried again."""

    has_begun: bool
    failures: int
    next_at: datetime
