"""The phone or another linked device answered: the turn closes, the bot stops, an admin's reply waits for him.

And back: its answer was deleted again, or the devices themselves have changed.
"""

from datetime import datetime

from sqlalchemy import Connection

from daemon.desk import claims
from daemon.desk.conversations import reply_failed
from daemon.domain.messages import Author, Delivery, OutboxState
from daemon.domain.turns import Closer
from daemon.store import clock, conversations, events, messages, other_answers, outbox, turns
from daemon.store.events import EventKind


def answered(
    conn: Connection,
    account_id: int,
    conversation_id: int,
    message_id: int,
    closer: Closer,
    now: datetime,
    sent_at: datetime | None = None,
) -> None:
    """Close the open turn with a reply that another device sent, and stop what is still queued here.

    What the bot has queued is cancelled, what an admin has queued is held for a decision (`desk.outgoing`);
    a turn that a stopped reply had closed is marked as handled by the one who was faster. `sent_at` is
    WhatsApp's time of the reply (`now` if not given), compared with WhatsApp's times of what the customer has
    said: what he has written after it waits on.
    """
    at = sent_at or now
    # whoever answers has read what came before
    conversations.see(conn, conversation_id, message_id)
    open_turn = turns.current(conn, conversation_id)
    if open_turn is not None and turns.has_message_until(conn, open_turn, at):
        turns.close(conn, open_turn, closer, message_id, clock.on_ours(conn, account_id, at, now))
        turns.split_after(conn, account_id, conversation_id, open_turn, at, now)
        claims.end(conn, account_id, conversation_id, now)
    _stop_queued(conn, account_id, conversation_id, message_id, closer, at, now)


def put_back(
    conn: Connection,
    account_id: int,
    outbox_id: int,
    now: datetime,
    error: str | None = None,
    due_at: datetime | None = None,
) -> None:
    """A reply that surely did not leave waits again, unless the phone has answered while it was under way.

    Until `due_at` it keeps back what comes after it to the same customer, and nobody else's.
    """
    answer = other_answers.answered_meanwhile(conn, outbox_id)
    if not outbox.settle(conn, outbox_id, OutboxState.QUEUED, now, error):
        return  # a receipt was faster
    if due_at is not None:
        outbox.postpone(conn, outbox_id, due_at)
    message_id, conversation_id = outbox.message_of(conn, outbox_id)
    messages.set_delivery(conn, message_id, Delivery.QUEUED)
    events.append(conn, account_id, EventKind.MESSAGE_CHANGED, now, conversation_id, message_id)
    if answer is not None:
        _stop_queued(conn, account_id, conversation_id, answer.message_id, answer.closer, answer.sent_at, now)


def _stop_queued(
    conn: Connection,
    account_id: int,
    conversation_id: int,
    message_id: int,
    closer: Closer,
    at: datetime,
    now: datetime,
) -> None:
    for journey, author in outbox.queued_for(conn, conversation_id):
        closed = turns.closed_by_message(conn, journey.message_id)
        answered_too = [turn_id for turn_id in closed if turns.has_message_until(conn, turn_id, at)]
        if closed and not answered_too:
            continue  # it came late, and is older than the question
        _stop(conn, journey, author, now)
        for turn_id in answered_too:
            turns.remark(conn, turn_id, closer, message_id, clock.on_ours(conn, account_id, at, now))
            if journey.conversation_id == conversation_id:
                turns.split_after(conn, account_id, conversation_id, turn_id, at, now)
        _tell(conn, account_id, journey, now)


def device_changed(conn: Connection, account_id: int, now: datetime) -> None:
    """The account was linked anew: nobody knows what the phone has answered meanwhile, so nothing leaves unasked.

    Those answers come as history, which closes no turn. The bot's replies are cancelled, people's are held for
    their decision; until then the customers wait.
    """
    for journey, author in outbox.queued(conn, account_id):
        _stop(conn, journey, author, now)
        reply_failed(conn, journey.message_id, now)
        _tell(conn, account_id, journey, now)


def _stop(conn: Connection, journey: outbox.Journey, author: Author, now: datetime) -> None:
    state = OutboxState.CANCELLED if author == Author.BOT else OutboxState.HELD
    outbox.settle(conn, journey.id, state, now)
    messages.set_delivery(conn, journey.message_id, Delivery(state.value))


def _tell(conn: Connection, account_id: int, journey: outbox.Journey, now: datetime) -> None:
    kind = EventKind.MESSAGE_CHANGED
    events.append(conn, account_id, kind, now, journey.conversation_id, journey.message_id)


def seen(
    conn: Connection,
    account_id: int,
    conversation_id: int,
    message_id: int,
    by: Author,
    at: datetime,
    now: datetime,
) -> None:
    """The customer's message was looked at on the phone or another linked device: shown, but no answer."""
    news = conversations.see(conn, conversation_id, message_id)
    if conversations.note(conn, conversation_id, message_id, by, at) or news:
        events.append(conn, account_id, EventKind.CONVERSATION_CHANGED, now, conversation_id)
