"""The team at the desk: who is away, and how many conversations each takes by himself."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.domain.desk import Action, Actor, FieldError
from daemon.store import audit, events, presence
from daemon.store.assignment import works_here
from daemon.store.events import EventKind

# the most that anybody may be given, as his own limit or as the shop's usual one
MOST_CONVERSATIONS = 500


def set_away(conn: Connection, account_id: int, actor: Actor, away: bool, now: datetime) -> bool:
    """An admin goes away (he is given nothing) or comes back; False if that is known."""
    if actor.admin_id is None or not presence.set_away(conn, actor.admin_id, now if away else None):
        return False
    audit.record(conn, account_id, Action.AWAY if away else Action.BACK, actor, now)
    events.append(conn, account_id, EventKind.PRESENCE_CHANGED, now)
    return True


def set_most(
    conn: Connection, account_id: int, admin_id: int, most: int | None, actor: Actor, now: datetime
) -> bool:
    """How many conversations an admin is given at most, None for the shop's usual number; False if that is known.

    Who may say so is the caller's to check. Raises FieldError for `most`: range (0 to MOST_CONVERSATIONS).
    """
    if most is not None and not 0 <= most <= MOST_CONVERSATIONS:
        raise FieldError("most", "range")
    if not works_here(conn, admin_id):
        return False
    before = presence.most(conn, admin_id)
    if before == most:
        return False
    presence.set_most(conn, admin_id, most)
    detail = {"name": "most_conversations", "before": before, "after": most}
    audit.record(conn, account_id, Action.SETTING_CHANGED, actor, now, subject_id=admin_id, detail=detail)
    events.append(conn, account_id, EventKind.PRESENCE_CHANGED, now)
    return True
