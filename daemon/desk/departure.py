"""The last look before a reply leaves: is it still wanted?"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from daemon.desk import conversations
from daemon.domain.messages import Author, Delivery
from daemon.store import claims, events, messages, outbox, turns
from daemon.store.events import EventKind
from daemon.store.outbox import OutboxState, Outgoing

# The bot's word comes at once or not at all: after an outage it would only surprise.
BOT_WAITS = timedelta(minutes=2)


def stop(conn: Connection, account_id: int, reply: Outgoing, now: datetime) -> bool:
    """Cancel a reply of the bot that a person, or time, has overtaken; True if it must not leave.

    Runs in the transaction that takes the reply out of the queue, so nobody can be faster unseen. An admin's
    reply is stopped where the phone's answer comes in (`desk.elsewhere`).
    """
    bubble = messages.bubble(conn, reply.message_id)
    if bubble is None or bubble.author != Author.BOT or reply.bot_key is None or _is_wanted(conn, reply, now):
        return False
    outbox.settle(conn, reply.id, OutboxState.CANCELLED, now)
    messages.set_delivery(conn, reply.message_id, Delivery.CANCELLED)
    conversations.reply_failed(conn, reply.message_id, now)
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
    return open_turn == reply.turn_id or turns.closed_by_message(conn, reply.message_id) is not None
