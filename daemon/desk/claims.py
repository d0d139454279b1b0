"""Claims: typing says "I am answering this" to all; it ends with the reply, with silence, or with the tab."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.desk import settings
from daemon.domain.desk import Action, Actor, Claim, ClaimedByAnother, OnlyTheAssignee, Status
from daemon.store import audit, claims, conversation_list, events
from daemon.store.conversation_list import Summary
from daemon.store.events import EventKind
from daemon.store.portions import MOST_ROWS


def check(conn: Connection, about: Summary, admin_id: int, now: datetime, take_over: bool = False) -> Claim | None:
    """Whether an admin may answer now; gives the colleague's claim that he takes over, if any.

    Raises OnlyTheAssignee in strict mode, ClaimedByAnother if a colleague is answering, unless `take_over`.
    """
    if (
        about.assignee_id not in (None, admin_id)
        and about.status == Status.ASSIGNED
        and settings.load(conn, about.account_id).strict
    ):
        raise OnlyTheAssignee(about.assignee_name or "")
    claim = claims.holder(conn, about.id, now)
    if claim is None or claim.admin_id == admin_id:
        return None
    if not take_over:
        raise ClaimedByAnother(claim)
    return claim


def take(
    conn: Connection, conversation_id: int, actor: Actor, tab: str, now: datetime, take_over: bool = False
) -> bool:
    """Claim a conversation for an admin's tab, or renew the claim; True if the others have to be told.

    Raises ClaimedByAnother or OnlyTheAssignee; an unknown or resolved conversation is silently not claimed.
    """
    about = conversation_list.summary(conn, conversation_id)
    if about is None or about.status == Status.RESOLVED or actor.admin_id is None:
        return False
    theirs = check(conn, about, actor.admin_id, now, take_over)
    if theirs is None and claims.renew(conn, conversation_id, tab, now):
        return False
    mine = claims.holder(conn, conversation_id, now)
    claims.put(conn, about.account_id, conversation_id, actor.admin_id, tab, now)
    if theirs is not None:
        log_take_over(conn, about, actor, theirs, now)
    if mine is not None and theirs is None:
        return False  # the same person in another of his tabs
    events.append(conn, about.account_id, EventKind.CLAIM_CHANGED, now, conversation_id)
    return True


def log_take_over(conn: Connection, about: Summary, actor: Actor, theirs: Claim, now: datetime) -> None:
    """Write down that somebody took over what a colleague was answering."""
    audit.record(conn, about.account_id, Action.CLAIM_TAKEN_OVER, actor, now, about.id, theirs.admin_id)


def end(conn: Connection, account_id: int, conversation_id: int, now: datetime) -> None:
    """The reply was sent, or the conversation resolved: nobody is answering any more."""
    if claims.drop(conn, conversation_id):
        events.append(conn, account_id, EventKind.CLAIM_CHANGED, now, conversation_id)


def release(conn: Connection, conversation_id: int, tab: str, now: datetime) -> None:
    """Its holder has emptied the reply field or left the conversation."""
    claim = claims.holder(conn, conversation_id, now)
    if claim is not None and claim.tab == tab:
        about = conversation_list.summary(conn, conversation_id)
        assert about is not None
        end(conn, about.account_id, conversation_id, now)


def end_of(conn: Connection, account_id: int, conversation_id: int, admin_id: int | None, now: datetime) -> None:
    """An admin has handed a conversation over: he is not answering it any more."""
    claim = claims.holder(conn, conversation_id, now)
    if claim is not None and claim.admin_id == admin_id:
        end(conn, account_id, conversation_id, now)


def end_of_tab(conn: Connection, tab: str, now: datetime) -> None:
    """The websocket is gone, and with it what it claimed."""
    for account_id, conversation_id in claims.drop_of_tab(conn, tab):
        events.append(conn, account_id, EventKind.CLAIM_CHANGED, now, conversation_id)


def sweep(conn: Connection, now: datetime) -> bool:
    """Announce the end of claims that have expired; True if there may be more of them."""
    gone = claims.drop_expired(conn, now)
    for account_id, conversation_id in gone:
        events.append(conn, account_id, EventKind.CLAIM_CHANGED, now, conversation_id)
    return len(gone) == MOST_ROWS
