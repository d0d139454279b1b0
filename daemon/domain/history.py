"""The history that the phone uploads after linking: which parts it has, and how far its import is."""

from datetime import datetime, timedelta
from enum import StrEnum

# the phone that has sent nothing for so long sends no more (or is asleep: then it goes on later)
SILENCE = timedelta(minutes=2)


class HistoryKind(StrEnum):
    """The parts of a history that concern us (whatsmeow's HistorySync types; the rest holds no conversations).

    Only RECENT and FULL say how far they are; the one may come without the other, and each counts to 100.
    """

    BOOTSTRAP = "bootstrap"
    RECENT = "recent"
    FULL = "full"
    NAMES = "names"
    OTHER = "other"


class HistoryState(StrEnum):
    """How far the import is; STOPPED is one that the phone did not finish."""

    NONE = ""
    IMPORTING = "importing"
    DONE = "done"
    STOPPED = "stopped"


# what people see coming
SHOWN = {HistoryKind.BOOTSTRAP, HistoryKind.RECENT, HistoryKind.FULL}
COUNTED = {HistoryKind.RECENT, HistoryKind.FULL}


def is_silent(since: datetime | None, now: datetime) -> bool:
    """Whether nothing of a history has come for long (also when the clock was set back meanwhile)."""
    return since is None or not timedelta(0) <= now - since < SILENCE


def state_in_silence(percent: int | None) -> HistoryState:
    """What an import has come to in which nothing more arrives; `percent` is how far the phone said it was."""
    return HistoryState.DONE if percent is None or percent >= 100 else HistoryState.STOPPED
