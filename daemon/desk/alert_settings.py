"""What the owner chooses about alerts: where they go and what they are about."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from daemon.domain.alerts import AlertChoices
from daemon.domain.desk import Action, Actor
from daemon.store import alerts, audit

MOST_CHANNELS = 20


class TooManyChannels(Exception):
    """Alerts go to as many addresses as they may."""


def choose(conn: Connection, account_id: int, chosen: AlertChoices, actor: Actor, now: datetime) -> list[str]:
    """Keep what alerts are about; returns what is new, each with a line in the log."""
    before = alerts.choices(conn)
    alerts.choose(conn, chosen)
    changed = [
        name for name in AlertChoices.__dataclass_fields__ if getattr(before, name) != getattr(chosen, name)
    ]
    for name in changed:
        was, became = _plain(getattr(before, name)), _plain(getattr(chosen, name))
        _record(conn, account_id, f"alert_{name}", was, became, actor, now)
    return changed


def add_channel(
    conn: Connection, account_id: int, url: str, service: str, shown: str, actor: Actor, now: datetime
) -> int:
    """Alerts go to one more address, which was checked; returns its row. Raises KnownAlready, TooManyChannels.

    The log gets what may be `shown` of it: `url` holds secrets.
    """
    if len(alerts.channels(conn)) >= MOST_CHANNELS:
        raise TooManyChannels
    channel_id = alerts.add_channel(conn, url, service, shown, now)
    _record(conn, account_id, "alert_channel", "", shown, actor, now)
    return channel_id


def remove_channel(conn: Connection, account_id: int, channel_id: int, actor: Actor, now: datetime) -> bool:
    """No more alerts to an address; False if there is no such one."""
    found = alerts.channel(conn, channel_id)
    if found is None:
        return False
    alerts.remove_channel(conn, channel_id)
    _record(conn, account_id, "alert_channel", found.shown, "", actor, now)
    return True


def _plain(value: Any) -> Any:
    """A choice as the log keeps it; nothing for what has too many words."""
    return None if isinstance(value, frozenset) else value


def _record(
    conn: Connection, account_id: int, name: str, before: Any, after: Any, actor: Actor, now: datetime
) -> None:
    detail = {"name": name, "before": before, "after": after}
    audit.record(conn, account_id, Action.SETTING_CHANGED, actor, now, detail=detail)
