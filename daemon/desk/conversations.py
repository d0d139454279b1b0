"""What becomes of a conversation as a whole: resolved, taken up again, how urgent it is, its tags."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from daemon.desk import claims, ratings
from daemon.desk import shown as pages
from daemon.desk import tags as desk_tags
from daemon.domain.desk import THE_DESK, Action, Actor, Priority, Status
from daemon.domain.turns import Closer
from daemon.store import (
    audit,
    clock,
    conversation_list,
    conversations,
    events,
    messages,
    other_answers,
    tags,
    turns,
)
from daemon.store import claims as store_claims
from daemon.store.events import EventKind


def resolve(conn: Connection, conversation_id: int, actor: Actor, now: datetime, shown: int | None = None) -> bool:
    """End a conversation; False if it has ended already.

    An open turn closes as handled without a reply; replies that wait to leave still leave. If the shop wants
    to know, the customer is asked how it was. `shown` is the last message that the page had shown (None: there is
    no page). Raises MoreCame if the customer has written since.
    """
    about = conversation_list.summary(conn, conversation_id)
    if about is None or about.status == Status.RESOLVED:
        return False
    shown = pages.check(conn, conversation_id, shown)
    pages.require_all(conn, conversation_id, shown)
    if not conversations.resolve(conn, conversation_id, actor.admin_id, now):
        return False
    open_turn = turns.current(conn, conversation_id)
    if open_turn is not None:
        turns.close(conn, open_turn, Closer(actor.author, actor.admin_id), None, now)
    # whoever ends it has read it
    seen = messages.newest_id(conn, conversation_id) if shown is None else shown
    conversations.see(conn, conversation_id, seen)
    detail: dict[str, Any] = {"turn": open_turn} if open_turn is not None else {}
    if (claim := store_claims.holder(conn, conversation_id, now)) is not None:
        detail["claim"] = {"admin": claim.admin_id, "tab": claim.tab, "until": claim.expires_at.timestamp()}
    claims.end(conn, about.account_id, conversation_id, now)
    audit.record(conn, about.account_id, Action.RESOLVED, actor, now, conversation_id, detail=detail)
    _changed(conn, about.account_id, conversation_id, now)
    ratings.ask(conn, conversation_id, actor, now)
    return True


def reopen(
    conn: Connection, conversation_id: int, actor: Actor, now: datetime, assigned_at: datetime | None = None
) -> bool:
    """Take up a resolved conversation again; False unless it is resolved and its customer has no other open one.

    A turn that only resolving had closed waits again. Whoever had it has it since `assigned_at`, else since now.
    """
    about = conversation_list.summary(conn, conversation_id)
    if about is None or not conversations.reopen(conn, conversation_id, assigned_at or now):
        return False
    ratings.stop_waiting(conn, about.account_id, about.contact_id, now)
    mark = turns.last_closed(conn, conversation_id)
    if mark is not None and mark.message_id is None and mark.closed_at == about.resolved_at:
        turns.reopen(conn, mark.turn_id)
    audit.record(conn, about.account_id, Action.REOPENED, actor, now, conversation_id)
    _changed(conn, about.account_id, conversation_id, now)
    return True


def reply_failed(conn: Connection, message_id: int, now: datetime) -> int | None:
    """Open the turns again that a reply had closed which did not reach the customer, or was deleted for everyone.

    A turn that another answer came to has that one's mark; else this gives the open turn.

    If the conversation was resolved meanwhile, it is taken up again; if the customer has a newer one, the turn
    goes on there, with its messages. If he has written again, both turns become one. None if the reply had
    closed no turn.
    """
    opened = None
    for turn_id in turns.closed_by_message(conn, message_id):
        opened = _open_again(conn, turn_id, now)
    return opened


def _open_again(conn: Connection, turn_id: int, now: datetime) -> int | None:
    """Open one turn again, unless another answer came after it: that has the mark then. Gives the open turn."""
    # not the reply's: the phone may have answered an earlier conversation's question in the next one
    about = conversation_list.summary(conn, turns.conversation_of(conn, turn_id))
    mark = turns.mark(conn, turn_id)
    assert about is not None
    assert mark is not None
    if mark.message_id is not None and (another := other_answers.answer_after(conn, turn_id, mark.message_id)):
        at = clock.on_ours(conn, about.account_id, another.sent_at, now)
        turns.remark(conn, turn_id, another.closer, another.message_id, at)
        return None
    here = about.id
    if about.status == Status.RESOLVED and not reopen(conn, about.id, THE_DESK, now):
        newer = conversations.current(conn, about.contact_id)
        assert newer is not None  # or it would have been taken up again
        here = newer.conversation_id
        turns.move(conn, turn_id, here)
        conversations.lead(conn, about.id)
        _changed(conn, about.account_id, here, now)
    if not turns.reopen(conn, turn_id):
        turns.join_open(conn, turn_id)
    return turns.current(conn, here)


def set_priority(conn: Connection, conversation_id: int, priority: Priority, actor: Actor, now: datetime) -> bool:
    """Say how urgent a conversation is; False if it is that urgent, or resolved."""
    about = conversation_list.summary(conn, conversation_id)
    if about is None or not conversations.set_priority(conn, conversation_id, priority):
        return False
    detail = {"before": about.priority.value, "after": priority.value}
    audit.record(conn, about.account_id, Action.PRIORITY_CHANGED, actor, now, conversation_id, detail=detail)
    _changed(conn, about.account_id, conversation_id, now)
    return True


def mark_unread(conn: Connection, conversation_id: int, now: datetime) -> bool:
    """Let the customer's last message stand out in the list again; False if it does, or if it is resolved.

    What the customer waits for does not change.
    """
    about = conversation_list.summary(conn, conversation_id)
    if about is None or about.status == Status.RESOLVED or not conversations.unsee(conn, conversation_id):
        return False
    _changed(conn, about.account_id, conversation_id, now)
    return True


def tag(conn: Connection, conversation_id: int, name: str, actor: Actor, now: datetime) -> bool:
    """Tag a conversation, making the tag if it is new; False if it has that tag, or there is no conversation.

    Upper and lower case are the same tag. Raises FieldError for `tag`: empty, too_long, too_many.
    """
    about = conversation_list.summary(conn, conversation_id)
    found = desk_tags.find_or_make(conn, about.account_id, name) if about else None
    if about is None or found is None:
        return False
    if not tags.put(conn, conversation_id, found.id):
        return False
    audit.record(conn, about.account_id, Action.TAGGED, actor, now, conversation_id, detail={"tag": found.name})
    _changed(conn, about.account_id, conversation_id, now)
    return True


def untag(conn: Connection, conversation_id: int, tag_id: int, actor: Actor, now: datetime) -> bool:
    """Take a tag off a conversation; False if it has not that tag."""
    about = conversation_list.summary(conn, conversation_id)
    found = next((one for one in about.tags if one.id == tag_id), None) if about else None
    if about is None or found is None:
        return False
    tags.take_off(conn, conversation_id, tag_id)
    audit.record(conn, about.account_id, Action.UNTAGGED, actor, now, conversation_id, detail={"tag": found.name})
    _changed(conn, about.account_id, conversation_id, now)
    return True


def _changed(conn: Connection, account_id: int, conversation_id: int, now: datetime) -> None:
    events.append(conn, account_id, EventKind.CONVERSATION_CHANGED, now, conversation_id)
