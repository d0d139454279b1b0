"""What only a person can decide: about a reply that is held, or one that may or may not have left."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from daemon.domain.desk import Action, Actor
from daemon.domain.messages import Delivery
from daemon.store import audit, conversations, events, messages, outbox
from daemon.store.events import EventKind
from daemon.store.outbox import OutboxState


class Decision(StrEnum):
    """What to do with a reply; each decision fits one state."""

    SEND_ANYWAY = "send-anyway"
    DISCARD = "discard"
    ARRIVED = "arrived"
    SEND_AGAIN = "send-again"


_MOVES = {
    Decision.SEND_ANYWAY: (OutboxState.HELD, OutboxState.QUEUED),
    Decision.DISCARD: (OutboxState.HELD, OutboxState.DISCARDED),
    Decision.ARRIVED: (OutboxState.UNCERTAIN, OutboxState.SENT),
    Decision.SEND_AGAIN: (OutboxState.UNCERTAIN, OutboxState.QUEUED),
}


def decide(
    conn: Connection,
    conversation_id: int,
    message_id: int,
    decision: Decision,
    now: datetime,
    actor: Actor | None = None,
) -> bool:
    """Carry out a person's decision; False, and nothing changes, if the reply is not in that state any more."""
    bubble = messages.bubble(conn, message_id)
    about = conversations.summary(conn, conversation_id)
    if bubble is None or about is None or bubble.conversation_id != conversation_id:
        return False
    before, after = _MOVES[decision]
    if not outbox.decide(conn, message_id, before, after):
        return False
    messages.set_delivery(conn, message_id, Delivery(after.value))
    events.append(conn, about.account_id, EventKind.MESSAGE_CHANGED, now, conversation_id, message_id)
    if actor is not None:
        detail = {"decision": decision.value}
        audit.record(conn, about.account_id, Action.REPLY_DECIDED, actor, now, conversation_id, detail=detail)
    return True
