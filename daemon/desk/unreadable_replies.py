"""A reply that a device of the customer's could not read: noticed, shown, sent again or settled by a person.

The device asks for it again (a retry receipt), and the library answers from its memory of 256 sent messages; a new
process has forgotten them, and then nothing follows.
"""

import logging
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from daemon.desk import conversations as desk_conversations
from daemon.desk import replies
from daemon.desk.conversations import reply_failed
from daemon.domain import outgoing_cards
from daemon.domain.attachments import OutgoingFile
from daemon.domain.desk import Action, Actor, Status
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import CAN_READ, Author, ReceiptKind
from daemon.domain.turns import Closer
from daemon.store import (
    audit,
    clock,
    conversation_list,
    conversations,
    events,
    other_answers,
    threads,
    turns,
)
from daemon.store import unreadable_replies as store
from daemon.store.conversation_list import Summary
from daemon.store.events import EventKind
from daemon.store.messages import MessagePlace
from daemon.store.portions import MOST_ROWS, Portion
from daemon.store.threads import Bubble

log = logging.getLogger(__name__)

# What the library can send again is delivered within seconds of the asking.
GRACE = timedelta(seconds=30)


class UnreadableDecision(StrEnum):
    """What to do with a reply that was sent and could not be read."""

    SEND_COPY = "send-copy"
    SETTLE = "settle"


def heard(conn: Connection, account_id: int, place: MessagePlace, kind: ReceiptKind, now: datetime) -> None:
    """A receipt for one of our messages has come, and is in the books: does its device still ask for it?

    `now`, by our clock, is when the waiting begins.
    """
    if kind == ReceiptKind.RETRY:
        if store.concerns_us(conn, place.id) and store.is_asked_for(conn, place.id):
            store.ask(conn, place.id, now)
    elif kind in CAN_READ and not store.is_asked_for(conn, place.id) and store.clear(conn, place.id):
        _was_read(conn, account_id, place.id, now)


def has_work(conn: Connection, account_id: int, now: datetime) -> bool:
    """Whether `tend` would find a reply that was asked for and has not come through since."""
    return store.is_any_due(conn, account_id, now - GRACE, now)


def tend(conn: Connection, account_id: int, now: datetime) -> bool:
    """Show what a device has asked for in vain: its turn opens again, and a person decides.

    A portion of it, in the caller's write transaction: True if something may be left.
    """
    portion = Portion()
    for asked in portion.of(store.due(conn, account_id, now - GRACE, now, MOST_ROWS)):
        if asked.is_revoked:
            store.clear(conn, asked.message_id)
            continue
        store.give_up(conn, asked.message_id, now)
        reply_failed(conn, asked.message_id, now)
        _changed(conn, account_id, asked.message_id, now)
        log.warning("a customer's device can't read reply %d", asked.message_id)
    return portion.is_used_up


def decide(
    conn: Connection,
    conversation_id: int,
    message_id: int,
    decision: UnreadableDecision,
    shown: int,
    now: datetime,
    actor: Actor,
) -> bool:
    """Send an unreadable reply once more, as a new one, or settle it; False if it is not unreadable any more.

    `shown` is the last message that the page had shown: what a person has written since is not doubled, what the
    customer has written since stays open. Raises what the door for replies raises.
    """
    bubble, about = threads.bubble(conn, message_id), conversation_list.summary(conn, conversation_id)
    if bubble is None or about is None or bubble.conversation_id != conversation_id:
        return False
    by_sending = decision == UnreadableDecision.SEND_COPY
    if by_sending and (
        about.is_forgotten or other_answers.came_since(conn, conversation_id, max(shown, message_id))
    ):
        return False
    if not store.settle(conn, message_id, by_sending=by_sending):
        return False
    if by_sending:
        _send_copy(conn, about, bubble, shown, now, actor)
        _changed(conn, about.account_id, message_id, now)
    else:
        _was_read(conn, about.account_id, message_id, now)
    detail = {"decision": decision.value}
    audit.record(conn, about.account_id, Action.REPLY_DECIDED, actor, now, conversation_id, detail=detail)
    return True


def _send_copy(conn: Connection, about: Summary, bubble: Bubble, shown: int, now: datetime, actor: Actor) -> None:
    here = about.id
    if about.status == Status.RESOLVED and not desk_conversations.reopen(conn, about.id, actor, now):
        newer = conversations.current(conn, about.contact_id)
        assert newer is not None  # or it would have been taken up again
        here = newer.conversation_id
    replies.answer(
        conn,
        here,
        Closer(Author.ADMIN, actor.admin_id),
        "" if bubble.kind in outgoing_cards.CARDS else bubble.text or "",
        now,
        follow_up=True,
        address=actor.address,
        # a page of another conversation has shown nothing of this one: what waits here is another question
        shown=shown if here == about.id else None,
        answers=here == about.id,
        files=_files_of(bubble),
        card=outgoing_cards.again(bubble.kind, bubble.text, bubble.media),
    )


def _files_of(bubble: Bubble) -> list[OutgoingFile]:
    about = bubble.media or {}
    if not bubble.kind.info.has_file or not about.get("file"):
        return []
    file = about["file"], about.get("mime", ""), about.get("size", 0), about.get("name", "")
    is_voice, is_sticker = bubble.kind == MessageKind.VOICE, bubble.kind == MessageKind.STICKER
    return [OutgoingFile(*file, is_voice=is_voice, is_sticker=is_sticker)]


def _was_read(conn: Connection, account_id: int, message_id: int, now: datetime) -> None:
    """The customer has had his answer: its turn closes as it was closed, unless somebody else has closed it."""
    _changed(conn, account_id, message_id, now)
    bubble = threads.bubble(conn, message_id)
    # what was deleted answers nobody; whether a word of the bot's had closed its turn nobody knows any more
    if bubble is None or bubble.revoked or bubble.author != Author.ADMIN or bubble.turn_id is None:
        return
    closer = Closer(bubble.author, bubble.admin_id)
    at = bubble.sent_at
    if turns.close(conn, bubble.turn_id, closer, message_id, clock.on_ours(conn, account_id, at, now)):
        turns.split_after(conn, account_id, bubble.conversation_id, bubble.turn_id, at, now)


def _changed(conn: Connection, account_id: int, message_id: int, now: datetime) -> None:
    bubble = threads.bubble(conn, message_id)
    if bubble is not None:
        kind = EventKind.MESSAGE_CHANGED
        events.append(conn, account_id, kind, now, bubble.conversation_id, message_id)
