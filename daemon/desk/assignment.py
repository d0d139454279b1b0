"""Whose a conversation is: given by a person, handed over, put back; `auto_assignment` does it by itself."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.desk import claims, notes
from daemon.desk.replies import check_text
from daemon.domain.desk import Action, Actor, Status
from daemon.store import audit, conversation_list, conversations, events, handovers
from daemon.store.assignment import works_here
from daemon.store.conversation_list import Summary
from daemon.store.events import EventKind


def assign(conn: Connection, conversation_id: int, to_admin_id: int, actor: Actor, now: datetime) -> bool:
    """Give a conversation to an admin (or take it oneself), whoever had it.

    False if it is his already, or resolved, or there is no such admin (any more).
    """
    about = conversation_list.summary(conn, conversation_id)
    if about is None or not works_here(conn, to_admin_id):
        return False
    if not conversations.give(conn, conversation_id, to_admin_id, now):
        return False
    _tell(conn, about, Action.ASSIGNED, to_admin_id, actor, now)
    return True


def transfer(
    conn: Connection, conversation_id: int, to_admin_id: int, note: str, actor: Actor, now: datetime
) -> bool:
    """Hand a conversation over to a colleague, with an internal note if there is something to say.

    False as for `assign`. Raises NotAnswerable for a note that is too long.
    """
    said = check_text(note) if note.strip() else ""
    about = conversation_list.summary(conn, conversation_id)
    if about is None or not works_here(conn, to_admin_id):
        return False
    if not conversations.give(conn, conversation_id, to_admin_id, now):
        return False
    if said:
        notes.add(conn, conversation_id, said, actor, now)
    _tell(conn, about, Action.TRANSFERRED, to_admin_id, actor, now)
    return True


def give_back(conn: Connection, conversation_id: int, actor: Actor, now: datetime) -> bool:
    """Put a conversation back into the queue; False if nobody has it."""
    about = conversation_list.summary(conn, conversation_id)
    if about is None or about.status != Status.ASSIGNED or about.assignee_id is None:
        return False
    if not conversations.release(conn, conversation_id, about.assignee_id):
        return False
    _tell(conn, about, Action.RETURNED, about.assignee_id, actor, now)
    return True


def is_new_to(conn: Connection, about: Summary, admin_id: int) -> bool:
    """Whether an admin was given a conversation and has not looked yet."""
    return about.assignee_id == admin_id and about.id in handovers.unseen(conn, [about.id])


def look(conn: Connection, conversation_id: int, actor: Actor, now: datetime) -> bool:
    """An admin opens a conversation; True if it was given to him and this is his first look."""
    about = conversation_list.summary(conn, conversation_id)
    if about is None or actor.admin_id is None or not is_new_to(conn, about, actor.admin_id):
        return False
    audit.record(conn, about.account_id, Action.LOOKED_AT_WHAT_WAS_GIVEN, actor, now, conversation_id)
    events.append(conn, about.account_id, EventKind.CONVERSATION_CHANGED, now, conversation_id)
    return True


def _tell(conn: Connection, about: Summary, action: Action, admin_id: int, actor: Actor, now: datetime) -> None:
    if admin_id != actor.admin_id or action == Action.RETURNED:
        # what he had begun to write is the other's to answer now
        claims.end_of(conn, about.account_id, about.id, actor.admin_id, now)
    audit.record(conn, about.account_id, action, actor, now, about.id, admin_id)
    events.append(conn, about.account_id, EventKind.CONVERSATION_CHANGED, now, about.id)
