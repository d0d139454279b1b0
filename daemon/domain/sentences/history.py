"""How far the import of earlier conversations is, in words; `daemon.i18n` holds their translations."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from daemon.domain.history import HistoryState
from daemon.domain.links import LinkState

# what ended an hour ago is no news; and a process that died can't say that its import has ended
NEWS_FOR, STILL_ALIVE = timedelta(hours=24), timedelta(minutes=10)
_LINKED = {LinkState.CATCHING_UP, LinkState.ONLINE, LinkState.UNSTABLE}


def _(text: str) -> str:
    """Mark a text for translation."""
    return text


class HistoryWords(NamedTuple):
    """A sentence with its values, and whether the import goes on just now."""

    text: str
    values: Mapping[str, int]
    goes_on: bool


def history_words(
    link_state: LinkState,
    state: HistoryState,
    percent: int | None,
    messages: int,
    at: datetime | None,
    now: datetime,
) -> HistoryWords | None:
    """What is to be said of an import that last moved `at`; None if nothing."""
    if link_state not in _LINKED or at is None:
        return None
    values = {"percent": percent or 0, "messages": messages}
    if state == HistoryState.IMPORTING and abs(now - at) < STILL_ALIVE:
        if percent is None:
            return HistoryWords(_("Importing earlier conversations: %(messages)d messages"), values, True)
        return HistoryWords(
            _("Importing earlier conversations: %(percent)d %%, %(messages)d messages"), values, True
        )
    if state == HistoryState.DONE and messages and abs(now - at) < NEWS_FOR:
        return HistoryWords(_("Earlier conversations are imported: %(messages)d messages."), values, False)
    if state == HistoryState.STOPPED:
        stopped = _(
            "The phone sent earlier conversations only up to %(percent)d %%: %(messages)d messages. What it still "
            "sends is added by itself."
        )
        return HistoryWords(stopped, values, False)
    return None
