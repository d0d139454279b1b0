"""A turn that needs no answer ("ok, thanks"): marked as handled without a reply, and unmarked."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.desk import claims
from daemon.desk import shown as pages
from daemon.domain.desk import Action, Actor, Status
from daemon.domain.turns import Closer
from daemon.store import audit, conversation_list, conversations, events, messages, turns
from daemon.store.events import EventKind


def mark(
    conn: Connection, conversation_id: int, turn_id: int, actor: Actor, now: datetime, shown: int | None = None
) -> bool:
    """Close the open turn without a reply; False if it is not the open one (any more).

    `shown` is the last message that the page had shown (None: there is no page): what came later waits on. Raises
    MoreCame if that is all of the turn.
    """
    if turns.current(conn, conversation_id) != turn_id:
        return False
    shown = pages.check(conn, conversation_id, shown)
    pages.require_turn(conn, conversation_id, turn_id, shown)
    about = conversation_list.summary(conn, conversation_id)
    if about is None or not turns.close(conn, turn_id, Closer(actor.author, actor.admin_id), None, now):
        return False
    pages.keep_open(conn, turn_id, shown, now)
    claims.end(conn, about.account_id, conversation_id, now)
    seen = messages.newest_id(conn, conversation_id) if shown is None else shown
    conversations.see(conn, conversation_id, seen)
    _tell(conn, about.account_id, conversation_id, turn_id, Action.HANDLED, actor, now)
    return True


def unmark(conn: Connection, conversation_id: int, turn_id: int, actor: Actor, now: datetime) -> bool:
    """Open such a turn again; False if a reply closed it, another is open, or the conversation is resolved."""
    found = turns.mark(conn, turn_id) if turns.is_of(conn, turn_id, conversation_id) else None
    about = conversation_list.summary(conn, conversation_id)
    if found is None or found.message_id is not None or about is None or about.status == Status.RESOLVED:
        return False
    if not turns.reopen(conn, turn_id):
        return False
    _tell(conn, about.account_id, conversation_id, turn_id, Action.UNHANDLED, actor, now)
    return True


def _tell(
    conn: Connection,
    account_id: int,
    conversation_id: int,
    turn_id: int,
    action: Action,
    actor: Actor,
    now: datetime,
) -> None:
    audit.record(conn, account_id, action, actor, now, conversation_id, detail={"turn": turn_id})
    events.append(conn, account_id, EventKind.CONVERSATION_CHANGED, now, conversation_id)
