"""A file of ours on its way to WhatsApp: how much of it is there, or when it is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import format_timedelta, gettext

from daemon.domain.messages import Delivery
from daemon.domain.time import from_unix
from daemon.domain.transfers import BROUGHT, BROUGHT_AT, FRESH
from daemon.store.threads import Bubble


@dataclass(frozen=True, slots=True)
class ShownTransfer:
    """One line under a message; `percent` is None if nobody knows, `is_slow` if it has failed before."""

    words: str
    percent: int | None = None
    is_slow: bool = False


def shown(bubble: Bubble, now: datetime) -> ShownTransfer | None:
    """Where a message's file is; None if it is there, or its message is not to leave."""
    found = bubble.transfer
    if found is None or bubble.delivery != Delivery.QUEUED:
        return None
    if not found.has_begun and found.failures and found.next_at > now:
        # as short as it may be, it is no time that has passed
        wait = max(found.next_at - now, timedelta(seconds=1))
        words = gettext(
            "Waits: the connection is slow, next try in %(time)s.", time=format_timedelta(wait, threshold=1)
        )
        return ShownTransfer(words, is_slow=True)
    percent = _percent(bubble, now) if found.has_begun else None
    if percent is None:
        return ShownTransfer(gettext("On its way to WhatsApp …"))
    return ShownTransfer(gettext("Being brought to WhatsApp, %(percent)s %%", percent=percent), percent)


def _percent(bubble: Bubble, now: datetime) -> int | None:
    about = bubble.media or {}
    percent, at = about.get(BROUGHT), about.get(BROUGHT_AT)
    if not isinstance(percent, int) or not isinstance(at, int) or not 0 <= percent <= 100:
        return None
    return percent if abs(now - from_unix(at)) < FRESH else None
