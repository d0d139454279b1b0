"""What the owner chooses about the desk: who may answer, who gets work, opening hours, what the bot says."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from daemon.domain.desk import Action, Actor, Assign
from daemon.domain.hours import Hours
from daemon.store import audit, settings


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """Every choice with its default; minutes, hours and days that are 0 switch their rule off."""

    # only the assignee may answer
    strict: bool = False
    assign: Assign = Assign.OFF
    # customers see that somebody is typing
    show_typing: bool = True
    # conversations an admin is given at most, unless his seat says otherwise
    most_conversations: int = 10
    # given back to the queue when the assignee is offline or silent for so many minutes while a turn is open
    return_after: int = 15
    # the team is told when a customer has waited for so many minutes
    alarm_after: int = 10
    hours: Hours = field(default_factory=Hours)
    bot: bool = False
    greeting: str = ""
    away: str = ""
    busy: str = ""
    # each of the bot's texts at most once per contact in so many hours
    again_after: int = 12
    # seconds before the bot speaks, so that a person may be faster
    grace: int = 20
    # minutes; the bot leaves older messages to people
    too_old: int = 30
    # texts that WhatsApp Business on the phone sends by itself
    automatic_texts: tuple[str, ...] = ()
    # days after which messages in resolved conversations are deleted
    keep_days: int = 0
    rating: bool = False
    rating_question: str = ""
    rating_thanks: str = ""
    # minutes in which a number counts as the rating
    rating_within: int = 1440


_FIELDS = {f.name: f for f in fields(DeskSettings)}


def load(conn: Connection, account_id: int) -> DeskSettings:
    """The shop's choices; what was never chosen has its default."""
    chosen = {
        name: _read(name, value) for name, value in settings.read(conn, account_id).items() if name in _FIELDS
    }
    return DeskSettings(**chosen)


def save(conn: Connection, account_id: int, changes: Mapping[str, Any], actor: Actor, now: datetime) -> list[str]:
    """Keep choices, given by field name and already checked; the log gets a line for each that is new."""
    before = load(conn, account_id)
    changed = [name for name, value in changes.items() if getattr(before, name) != value]
    for name in changed:
        value = _plain(changes[name])
        settings.write(conn, account_id, name, value)
        detail = {"name": name, "before": _plain(getattr(before, name)), "after": value}
        audit.record(conn, account_id, Action.SETTING_CHANGED, actor, now, detail=detail)
    return changed


def _plain(value: Any) -> Any:
    if isinstance(value, Hours):
        return value.to_json()
    if isinstance(value, tuple):
        return list(value)
    return value.value if isinstance(value, StrEnum) else value


def _read(name: str, value: Any) -> Any:
    if name == "hours":
        return Hours.from_json(value)
    if name == "assign":
        return Assign(value)
    return tuple(value) if isinstance(value, list) else value
