"""The team at the desk: who belongs to it, who is away, and how many conversations each takes by himself."""

from datetime import datetime

from sqlalchemy import Connection

from auth_store import admins
from auth_store.admins import Admin, Role
from daemon.desk import assignment
from daemon.desk.settings import MOST_CONVERSATIONS
from daemon.domain.desk import Action, Actor, Box, FieldError
from daemon.store import accounts, audit, conversation_list, events, presence
from daemon.store.assignment import works_here
from daemon.store.events import EventKind


class AccountRefused(Exception):
    """An account stays as it is; `reason` is own, last_owner or closed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def add(
    conn: Connection, username: str, name: str, password: str, role: Role, actor: Actor, now: datetime
) -> Admin:
    """Make an account for somebody; raises AccountError."""
    made = admins.create(conn, username, name, password, role, now)
    _record(conn, "added_owner" if made.is_owner else "added", made, actor, now)
    return made


def invite(conn: Connection, role: Role, actor: Actor, now: datetime) -> str:
    """The token of a link with which somebody new makes his account; the last unused one stops working."""
    token = admins.new_setup_link(conn, role, now)
    _record(conn, "invited_owner" if role == Role.OWNER else "invited", None, actor, now)
    return token


def new_password_link(conn: Connection, admin_id: int, actor: Actor, now: datetime) -> str:
    """The token of a link with which an admin chooses a new password; raises AccountRefused."""
    found = _open_account(conn, admin_id)
    if found is None:
        raise AccountRefused("closed")
    token = admins.new_setup_link(conn, found.role, now, found.id)
    _record(conn, "link", found, actor, now)
    return token


def disable(conn: Connection, admin_id: int, actor: Actor, now: datetime) -> bool:
    """Close an account: its admin is out at once, his conversations go back to the queue.

    False if there is no such account, or it is closed. Raises AccountRefused.
    """
    found = _open_account(conn, admin_id)
    if found is None:
        return False
    if admin_id == actor.admin_id:
        raise AccountRefused("own")
    owners = [one.id for one in admins.everyone(conn) if one.is_owner and one.disabled_at is None]
    if owners == [admin_id]:
        raise AccountRefused("last_owner")
    admins.set_disabled(conn, admin_id, now)
    _record(conn, "disabled", found, actor, now)
    for account in accounts.every(conn):
        for about in conversation_list.listing(conn, account.id, Box.MINE, admin_id, limit=100_000):
            assignment.give_back(conn, about.id, actor, now)
    return True


def enable(conn: Connection, admin_id: int, actor: Actor, now: datetime) -> bool:
    """Open a closed account again, with its old password; False if there is no such account, or it is open."""
    found = admins.by_id(conn, admin_id)
    if found is None or not admins.set_disabled(conn, admin_id, None):
        return False
    _record(conn, "enabled", found, actor, now)
    return True


def _open_account(conn: Connection, admin_id: int) -> Admin | None:
    found = admins.by_id(conn, admin_id)
    return found if found is not None and found.disabled_at is None else None


def _record(conn: Connection, what: str, about: Admin | None, actor: Actor, now: datetime) -> None:
    subject_id, detail = about.id if about else None, {"what": what}
    audit.record(conn, None, Action.ADMIN_CHANGED, actor, now, subject_id=subject_id, detail=detail)


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
    """How many conversations an admin is given at most, None for the shop's usual limit; False if that is known.

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
