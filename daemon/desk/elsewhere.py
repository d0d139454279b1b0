"""The phone or another linked device answered: the turn closes, the bot stops, an admin's reply waits for him."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.domain.messages import Author, Delivery
from daemon.domain.turns import Closer
from daemon.store import conversations, events, messages, outbox, turns
from daemon.store.events import EventKind
from daemon.store.outbox import OutboxState


def answered(
    conn: Connection, account_id: int, conversation_id: int, message_id: int, closer: Closer, now: datetime
) -> None:
    """Close the open turn with a reply that came from elsewhere, and stop what is still queued here.

    What the bot has queued is cancelled, what an admin has queued is held until `send_anyway` or `discard`;
    a turn that a stopped reply had closed is marked as handled by the one who was faster.
    """
    # whoever answers has read what came before
    conversations.see(conn, conversation_id, message_id)
    open_turn = turns.current(conn, conversation_id)
    if open_turn is not None:
        turns.close(conn, open_turn, closer, message_id, now)
    for journey, author in outbox.queued_in(conn, conversation_id):
        by_bot = author == Author.BOT
        state = OutboxState.CANCELLED if by_bot else OutboxState.HELD
        outbox.settle(conn, journey.id, state, now)
        messages.set_delivery(conn, journey.message_id, Delivery(state.value))
        if (turn_id := turns.closed_by_message(conn, journey.message_id)) is not None:
            turns.remark(conn, turn_id, closer, message_id, now)
        events.append(conn, account_id, EventKind.MESSAGE_CHANGED, now, conversation_id, journey.message_id)


def send_anyway(conn: Connection, conversation_id: int, message_id: int, now: datetime) -> bool:
    """Queue a held reply again, as a deliberate follow-up; False if it is not held there (any more)."""
    return _decide(conn, conversation_id, message_id, OutboxState.QUEUED, now)


def discard(conn: Connection, conversation_id: int, message_id: int, now: datetime) -> bool:
    """Never send a held reply; False if it is not held there (any more)."""
    return _decide(conn, conversation_id, message_id, OutboxState.DISCARDED, now)


def _decide(conn: Connection, conversation_id: int, message_id: int, state: OutboxState, now: datetime) -> bool:
    bubble = messages.bubble(conn, message_id)
    about = conversations.summary(conn, conversation_id)
    if bubble is None or about is None or bubble.conversation_id != conversation_id:
        return False
    if not outbox.decide(conn, message_id, state):
        return False
    messages.set_delivery(conn, message_id, Delivery(state.value))
    events.append(conn, about.account_id, EventKind.MESSAGE_CHANGED, now, conversation_id, message_id)
    return True
