"""What people change in messages that are there: edit and delete what the shop wrote, react to anything.

What has not left yet is changed where it lies. The rest is a send of its own, with an id and a journey
(`store.message_changes`); until that is sent the message stays as the customer has it. None of it answers anybody.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from daemon.desk import group_mentions, replies
from daemon.desk.conversations import reply_failed
from daemon.desk.outgoing import MOST_ATTEMPTS
from daemon.domain.desk import Action, Actor
from daemon.domain.emoji import is_emoji
from daemon.domain.ids import Party
from daemon.domain.message_changes import (
    EDIT_WINDOW,
    LATEST_EDIT,
    REVOKE_WINDOW,
    ChangeKind,
    ChangeRefused,
)
from daemon.domain.message_kinds import NOTICES, PLACEHOLDERS, MessageKind
from daemon.domain.messages import REACHED_WHATSAPP, Delivery, OutboxState
from daemon.domain.turns import NotAnswerable
from daemon.store import audit, clock, contacts, conversation_list, events, messages, outbox, threads
from daemon.store import message_changes as store
from daemon.store.conversation_list import Summary
from daemon.store.events import EventKind
from daemon.store.message_changes import OutgoingChange
from daemon.store.send_queue import pause_after
from daemon.store.threads import Bubble

# nothing that the customer has under this id
_NO_MESSAGES = PLACEHOLDERS | NOTICES | {MessageKind.NOTE, MessageKind.LOST_CHANGE}
_UNSENT = (OutboxState.QUEUED, OutboxState.HELD)


def edit(
    conn: Connection, conversation_id: int, message_id: int, text: str, actor: Actor, is_owner: bool, now: datetime
) -> None:
    """Replace the words of a message of ours. Raises ChangeRefused."""
    about, bubble = _ours(conn, conversation_id, message_id, actor, is_owner)
    if bubble.kind != MessageKind.TEXT:
        raise ChangeRefused("not_ours")
    try:
        words = replies.check_text(text)
    except NotAnswerable as error:
        raise ChangeRefused(error.reason) from None
    if about.group is not None:
        words = group_mentions.in_digits(conn, about.contact_id, words)
    if words == bubble.text:
        return
    state = _state(conn, message_id)
    if state in _UNSENT:
        messages.set_text(conn, message_id, words)
    else:
        _check_window(conn, about, bubble, state, EDIT_WINDOW, now)
        store.withdraw(conn, message_id, [ChangeKind.EDIT])
        store.queue(conn, about.account_id, message_id, ChangeKind.EDIT, words, actor.admin_id, now)
    _done(conn, about, message_id, Action.REPLY_EDITED, actor, now)


def revoke(
    conn: Connection, conversation_id: int, message_id: int, actor: Actor, is_owner: bool, now: datetime
) -> None:
    """Delete a message of ours for everyone; what it had answered waits again. Raises ChangeRefused."""
    about, bubble = _ours(conn, conversation_id, message_id, actor, is_owner)
    state = _state(conn, message_id)
    if state in _UNSENT and outbox.decide(conn, message_id, state, OutboxState.DISCARDED):
        messages.set_delivery(conn, message_id, Delivery.DISCARDED)
        reply_failed(conn, message_id, now)
    else:
        _check_window(conn, about, bubble, state, REVOKE_WINDOW, now)
        store.withdraw(conn, message_id, list(ChangeKind))
        store.queue(conn, about.account_id, message_id, ChangeKind.REVOKE, None, actor.admin_id, now)
    _done(conn, about, message_id, Action.REPLY_DELETED, actor, now)


def react(
    conn: Connection, conversation_id: int, message_id: int, emoji: str, actor: Actor, now: datetime
) -> None:
    """Put the shop's reaction to a message, or take it back with an empty emoji. Raises ChangeRefused."""
    about, bubble = _found(conn, conversation_id, message_id)
    emoji = emoji.strip()
    if emoji and not is_emoji(emoji):
        raise ChangeRefused("no_emoji")
    has_left = not bubble.from_me or bubble.delivery is None or bubble.delivery in REACHED_WHATSAPP
    if not has_left or bubble.kind in _NO_MESSAGES:
        raise ChangeRefused("not_sent")
    store.withdraw(conn, message_id, [ChangeKind.REACTION])
    store.queue(conn, about.account_id, message_id, ChangeKind.REACTION, emoji, actor.admin_id, now)
    _announce(conn, about.account_id, bubble.conversation_id, message_id, now)


def decide(
    conn: Connection,
    conversation_id: int,
    change_id: int,
    again: bool,
    actor: Actor,
    is_owner: bool,
    now: datetime,
) -> bool:
    """Send a failed or uncertain change once more, or let it be; False if it is neither any more.

    Raises ChangeRefused as a new one would.
    """
    change = store.find(conn, change_id)
    if change is None or not _is_of_the_thread(conn, conversation_id, change.contact_id):
        return False
    if not again:
        if not store.drop(conn, change_id):
            return False
    else:
        if change.kind != ChangeKind.REACTION:
            about, bubble = _ours(conn, conversation_id, change.message_id, actor, is_owner)
            window = EDIT_WINDOW if change.kind == ChangeKind.EDIT else REVOKE_WINDOW
            _check_window(conn, about, bubble, OutboxState.SENT, window, now)
        if not store.try_again(conn, change_id, now):
            return False
    about, bubble = _found(conn, conversation_id, change.message_id)
    _announce(conn, about.account_id, bubble.conversation_id, change.message_id, now)
    return True


def stop(conn: Connection, account_id: int, change: OutgoingChange, now: datetime) -> bool:
    """The last look before a change leaves: True if it must not, because there is nothing to change any more.

    Runs in the transaction that takes it out of the queue.
    """
    age = clock.on_whatsapps(conn, account_id, now) - change.target_sent_at
    if change.target_wa_id is None or change.is_revoked:
        store.settle(conn, change.id, OutboxState.CANCELLED)
    elif change.kind == ChangeKind.EDIT and age > LATEST_EDIT:
        store.settle(conn, change.id, OutboxState.FAILED, "too late")
    else:
        return False
    _announce(conn, account_id, change.conversation_id, change.message_id, now)
    return True


def sent(conn: Connection, account_id: int, change: OutgoingChange, at: datetime, now: datetime) -> bool:
    """A change has reached WhatsApp, at its time `at`: from now on the message is so. False if that was known."""
    if not store.settle(conn, change.id, OutboxState.SENT):
        return False
    _apply(conn, account_id, change, at, now)
    return True


def arrived(
    conn: Connection, account_id: int, wa_ids: tuple[str, ...], by: Party, at: datetime, now: datetime
) -> None:
    """A receipt of the customer's names these ids: the changes among them have arrived, whatever we thought."""
    for change in store.with_wa_ids(conn, account_id, wa_ids):
        if change.state != OutboxState.SENT and contacts.may_be(conn, account_id, change.contact_id, by):
            store.proved(conn, change.id)
            _apply(conn, account_id, change, at, now)


def _apply(conn: Connection, account_id: int, change: OutgoingChange, at: datetime, now: datetime) -> None:
    match change.kind:
        case ChangeKind.EDIT:
            messages.edit(conn, change.message_id, change.text or "", at)
        case ChangeKind.REVOKE:
            if messages.revoke(conn, change.message_id, at):
                reply_failed(conn, change.message_id, now)
        case ChangeKind.REACTION:
            messages.react(conn, change.message_id, True, change.text or "", at)
    _announce(conn, account_id, change.conversation_id, change.message_id, now)


def uncertain(conn: Connection, account_id: int, change: OutgoingChange, now: datetime) -> None:
    """Nobody knows whether a change has left: a receipt or a person says it."""
    if store.settle(conn, change.id, OutboxState.UNCERTAIN):
        _announce(conn, account_id, change.conversation_id, change.message_id, now)


def try_later(
    conn: Connection, account_id: int, change: OutgoingChange, now: datetime, error: str | None = None
) -> None:
    """A change that did not leave waits longer each time, and fails in the end."""
    attempts = change.attempts + 1
    if attempts >= MOST_ATTEMPTS:
        fail(conn, account_id, change, now, error)
    elif store.settle(conn, change.id, OutboxState.QUEUED, error):
        store.postpone(conn, change.id, now + pause_after(attempts))


def fail(conn: Connection, account_id: int, change: OutgoingChange, now: datetime, error: str | None) -> None:
    """A change will never leave: its message says so."""
    if store.settle(conn, change.id, OutboxState.FAILED, error):
        _announce(conn, account_id, change.conversation_id, change.message_id, now)


def device_changed(conn: Connection, account_id: int, now: datetime) -> None:
    """The account was linked anew: nothing leaves unasked."""
    for change in store.queued(conn, account_id):
        fail(conn, account_id, change, now, "linked anew")


def _found(conn: Connection, conversation_id: int, message_id: int) -> tuple[Summary, Bubble]:
    bubble, about = threads.bubble(conn, message_id), conversation_list.summary(conn, conversation_id)
    # an earlier conversation of the same customer stands in the same thread
    if bubble is None or about is None or bubble.contact_id != about.contact_id or about.is_forgotten:
        raise ChangeRefused("unknown")
    if bubble.revoked:
        raise ChangeRefused("unknown")
    return about, bubble


def _is_of_the_thread(conn: Connection, conversation_id: int, contact_id: int) -> bool:
    about = conversation_list.summary(conn, conversation_id)
    return about is not None and about.contact_id == contact_id


def _ours(
    conn: Connection, conversation_id: int, message_id: int, actor: Actor, is_owner: bool
) -> tuple[Summary, Bubble]:
    about, bubble = _found(conn, conversation_id, message_id)
    if not bubble.from_me or bubble.kind in _NO_MESSAGES:
        raise ChangeRefused("not_ours")
    if not is_owner and (bubble.admin_id is None or bubble.admin_id != actor.admin_id):
        raise ChangeRefused("not_yours")
    return about, bubble


def _state(conn: Connection, message_id: int) -> OutboxState:
    journey = outbox.by_message(conn, message_id)
    # what another device sent is with WhatsApp
    return journey.state if journey else OutboxState.SENT


def _check_window(
    conn: Connection, about: Summary, bubble: Bubble, state: OutboxState, window: timedelta, now: datetime
) -> None:
    if state != OutboxState.SENT:
        raise ChangeRefused("not_sent")
    if clock.on_whatsapps(conn, about.account_id, now) - bubble.sent_at > window:
        raise ChangeRefused("too_late")


def _done(conn: Connection, about: Summary, message_id: int, action: Action, actor: Actor, now: datetime) -> None:
    audit.record(conn, about.account_id, action, actor, now, about.id)
    where = threads.bubble(conn, message_id)
    _announce(conn, about.account_id, where.conversation_id if where else about.id, message_id, now)


def _announce(conn: Connection, account_id: int, conversation_id: int, message_id: int, now: datetime) -> None:
    events.append(conn, account_id, EventKind.MESSAGE_CHANGED, now, conversation_id, message_id)
