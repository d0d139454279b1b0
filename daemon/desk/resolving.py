"""Around resolving: what is still open is asked about before, and for some seconds it can be taken back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from daemon.desk import conversations, ratings
from daemon.desk import shown as pages
from daemon.domain.desk import UNDO_TAKEN, Action, Actor, Claim, Status
from daemon.store import audit, claims, conversation_list, events, turns
from daemon.store.conversation_list import Summary
from daemon.store.events import EventKind


@dataclass(frozen=True, slots=True)
class OpenEnds:
    """What resolving would cut off: the turn whose customer waits, and the colleague who is answering."""

    turn_id: int | None = None
    claim: Claim | None = None

    def beyond(self, turn_id: int | None, admin_id: int | None) -> bool:
        """Whether there is more than this turn and this colleague, which somebody has been asked about."""
        return self.turn_id not in (None, turn_id) or (self.claim is not None and self.claim.admin_id != admin_id)


def open_ends(
    conn: Connection, conversation_id: int, actor: Actor, now: datetime, shown: int | None = None
) -> OpenEnds:
    """What there is to ask before an admin resolves a conversation; raises MoreCame if he has to look first."""
    about = conversation_list.summary(conn, conversation_id)
    if about is None or about.status == Status.RESOLVED:
        return OpenEnds()
    pages.require_all(conn, conversation_id, pages.check(conn, conversation_id, shown))
    claim = claims.holder(conn, conversation_id, now)
    theirs = claim if claim is not None and claim.admin_id != actor.admin_id else None
    return OpenEnds(turns.current(conn, conversation_id), theirs)


def can_undo(about: Summary, admin_id: int, now: datetime) -> bool:
    """Whether an admin has resolved a conversation himself, just now."""
    if about.is_forgotten:
        return False
    mine = about.status == Status.RESOLVED and about.resolved_by_id == admin_id and about.resolved_at is not None
    return mine and about.resolved_at is not None and now - about.resolved_at < UNDO_TAKEN


def undo(conn: Connection, conversation_id: int, actor: Actor, now: datetime) -> bool:
    """Take back that an admin has just resolved a conversation; False if it is not his to take back, or too late.

    Assignee, open turn and claim are as before, and a question for a rating that has not left is withdrawn.
    """
    about = conversation_list.summary(conn, conversation_id)
    if about is None or actor.admin_id is None or not can_undo(about, actor.admin_id, now):
        return False
    before = audit.newest(conn, conversation_id, Action.RESOLVED)
    if not conversations.reopen(conn, conversation_id, actor, now, about.assigned_at):
        return False
    ratings.withdraw(conn, conversation_id)
    if before is not None and (held := before.detail.get("claim")):
        _claim_again(conn, about, held, now)
    return True


def _claim_again(conn: Connection, about: Summary, held: dict[str, Any], now: datetime) -> None:
    if claims.holder(conn, about.id, now) is None and held["until"] > now.timestamp():
        claims.put(conn, about.account_id, about.id, held["admin"], held["tab"], now)
        events.append(conn, about.account_id, EventKind.CLAIM_CHANGED, now, about.id)
