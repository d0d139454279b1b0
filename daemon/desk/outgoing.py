"""A reply on its way out: the last look before it leaves, and what only a person can decide about it."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from daemon.desk import other_devices
from daemon.desk.conversations import reply_failed
from daemon.domain.desk import Action, Actor
from daemon.domain.messages import Author, Delivery, OutboxState
from daemon.domain.turns import Closer
from daemon.store import (
    audit,
    claims,
    conversation_list,
    events,
    messages,
    other_answers,
    outbox,
    outgoing_files,
    send_queue,
    threads,
    turns,
)
from daemon.store.events import EventKind
from daemon.store.send_queue import Outgoing
from daemon.store.threads import Bubble

# The bot's word comes at once or not at all: after an outage it would only surprise.
BOT_WAITS = timedelta(minutes=2)
# attempts after which a reply that does not leave has failed, some three minutes after the first
MOST_ATTEMPTS = 8


def stop(conn: Connection, account_id: int, reply: Outgoing, now: datetime) -> bool:
    """Cancel a reply of the bot that a person, or time, has overtaken; True if it must not leave.

    Runs in the transaction that takes the reply out of the queue, so nobody can be faster unseen. An admin's
    reply is stopped where the phone's answer comes in (`desk.other_devices`).
    """
    bubble = threads.bubble(conn, reply.message_id)
    if bubble is None or bubble.author != Author.BOT or reply.bot_key is None or _is_wanted(conn, reply, now):
        return False
    outbox.settle(conn, reply.id, OutboxState.CANCELLED, now)
    messages.set_delivery(conn, reply.message_id, Delivery.CANCELLED)
    reply_failed(conn, reply.message_id, now)
    kind = EventKind.MESSAGE_CHANGED
    events.append(conn, account_id, kind, now, reply.conversation_id, reply.message_id)
    return True


def _is_wanted(conn: Connection, reply: Outgoing, now: datetime) -> bool:
    if now - reply.queued_at > BOT_WAITS:
        return False
    if reply.turn_id is None:
        return True  # the question for a rating answers no turn
    if claims.holder(conn, reply.conversation_id, now) is not None:
        return False
    open_turn = turns.current(conn, reply.conversation_id)
    return open_turn == reply.turn_id or bool(turns.closed_by_message(conn, reply.message_id))


def has_left(conn: Connection, account_id: int, message_id: int, now: datetime) -> bool:
    """Something came that only a reply that WhatsApp has can bring (a receipt, a reaction, its own deletion).

    Whatever we thought of it, it is sent, and leaves no second time; a turn that had opened again because it
    seemed to have failed is answered after all, unless the customer has written more since. False, and nothing
    changes, if that was known.
    """
    if outbox.settle_by_proof(conn, message_id, now) is None:
        return False
    messages.raise_delivery(conn, message_id, Delivery.SENT)
    bubble = threads.bubble(conn, message_id)
    assert bubble is not None  # it is in the outbox
    _answers_after_all(conn, bubble, now)
    events.append(conn, account_id, EventKind.MESSAGE_CHANGED, now, bubble.conversation_id, message_id)
    return True


def _answers_after_all(conn: Connection, bubble: Bubble, now: datetime) -> None:
    """Close the turn that a reply was for, if it is open again and the customer has written nothing since."""
    if bubble.turn_id is None:
        return
    if bubble.author == Author.BOT and turns.is_acknowledged(conn, bubble.turn_id):
        # a polite word of the bot's answers nobody, however late it is known to have left
        return
    last = turns.last_message(conn, bubble.conversation_id, bubble.turn_id)
    if last is not None and last < bubble.id:
        turns.close(conn, bubble.turn_id, Closer(bubble.author, bubble.admin_id), bubble.id, now)


def try_later(conn: Connection, account_id: int, outbox_id: int, now: datetime, error: str | None = None) -> None:
    """A reply that did not leave for a reason of its own waits longer each time, and fails in the end."""
    attempts = outbox.attempts(conn, outbox_id)
    if attempts >= MOST_ATTEMPTS:
        fail(conn, account_id, outbox_id, now, error)
        return
    due_at = now + send_queue.pause_after(attempts)
    other_devices.put_back(conn, account_id, outbox_id, now, error, due_at=due_at)


def fail(conn: Connection, account_id: int, outbox_id: int, now: datetime, error: str | None) -> None:
    """A reply will never leave: its place in the thread says so, and what it answered is open again."""
    message_id, conversation_id = outbox.message_of(conn, outbox_id)
    if not outbox.settle(conn, outbox_id, OutboxState.FAILED, now, error):
        return  # a receipt was faster
    messages.set_delivery(conn, message_id, Delivery.FAILED)
    reply_failed(conn, message_id, now)
    events.append(conn, account_id, EventKind.MESSAGE_CHANGED, now, conversation_id, message_id)


class Decision(StrEnum):
    """What to do with a reply; each decision fits one state."""

    SEND_ANYWAY = "send-anyway"
    DISCARD = "discard"
    ARRIVED = "arrived"
    SEND_AGAIN = "send-again"
    TRY_AGAIN = "try-again"
    TAKE_BACK = "take-back"


_MOVES = {
    Decision.SEND_ANYWAY: (OutboxState.HELD, OutboxState.QUEUED),
    Decision.DISCARD: (OutboxState.HELD, OutboxState.DISCARDED),
    Decision.ARRIVED: (OutboxState.UNCERTAIN, OutboxState.SENT),
    Decision.SEND_AGAIN: (OutboxState.UNCERTAIN, OutboxState.QUEUED),
    # a file that could not be sent: nobody wants to look for it anew
    Decision.TRY_AGAIN: (OutboxState.FAILED, OutboxState.QUEUED),
    # a file that is long on its way
    Decision.TAKE_BACK: (OutboxState.QUEUED, OutboxState.DISCARDED),
}


def decide(
    conn: Connection,
    conversation_id: int,
    message_id: int,
    decision: Decision,
    now: datetime,
    actor: Actor | None = None,
    shown: int | None = None,
) -> bool:
    """Carry out a person's decision; False, and nothing changes, if the reply is not in that state any more.

    So it is with sending if somebody has answered since `shown`, the last message that the page had shown.
    """
    bubble = threads.bubble(conn, message_id)
    about = conversation_list.summary(conn, conversation_id)
    if bubble is None or about is None or bubble.conversation_id != conversation_id:
        return False
    before, after = _MOVES[decision]
    if after == OutboxState.QUEUED and about.is_blocked:
        return False
    unseen = after == OutboxState.QUEUED and shown is not None
    if unseen and other_answers.came_since(conn, conversation_id, max(shown or 0, message_id)):
        return False
    if not outbox.decide(conn, message_id, before, after):
        return False
    if after == OutboxState.QUEUED:
        outgoing_files.bring_anew(conn, message_id, now)
    if decision in (Decision.SEND_ANYWAY, Decision.TRY_AGAIN):
        # its turn waits if it was not another answer that had held it, but a new link
        _answers_after_all(conn, bubble, now)
    messages.set_delivery(conn, message_id, Delivery(after.value))
    if decision == Decision.TAKE_BACK:
        # what it had answered waits again
        reply_failed(conn, message_id, now)
    events.append(conn, about.account_id, EventKind.MESSAGE_CHANGED, now, conversation_id, message_id)
    if actor is not None:
        detail = {"decision": decision.value}
        audit.record(conn, about.account_id, Action.REPLY_DECIDED, actor, now, conversation_id, detail=detail)
    return True
