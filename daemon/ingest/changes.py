"""What changes a message that is there: edits, deletions, reactions; and who is typing."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.desk import contact_identity, outgoing
from daemon.desk import groups as desk_groups
from daemon.desk.conversations import reply_failed
from daemon.domain.ids import ChatKind
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import (
    DisappearingChanged,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    Origin,
    Reacted,
    TypingChanged,
)
from daemon.ingest import group_messages
from daemon.ingest.messages import judge_again
from daemon.store import contacts, conversations, disappearing, events, messages
from daemon.store.accounts import Account
from daemon.store.events import EventKind


def change(
    conn: Connection, account: Account, event: MessageEdited | MessageRevoked | Reacted, now: datetime
) -> None:
    """Mark the message an event is about; an edit of a message that never came becomes that message."""
    origin: Origin = event.origin
    contact_id = contact_identity.find(conn, account.id, origin.party, now)
    in_group = origin.party.kind == ChatKind.GROUP
    from_me = event.target_from_me if isinstance(event, Reacted) else origin.from_me
    if in_group and not isinstance(event, MessageEdited):
        from_me = desk_groups.is_us(account, event.target_writer)
    place = messages.find(conn, contact_id, from_me, event.target_wa_id) if contact_id is not None else None
    if in_group and place is not None and not group_messages.may_change(conn, place, event):
        return
    if place is None:
        if isinstance(event, MessageEdited) and event.text:
            # the original never came: the edited text is all there is
            original = MessageReceived(
                event.target_wa_id, origin, MessageKind.TEXT, event.text, is_cut=event.is_cut
            )
            group_messages.receive(conn, account, original, now)
            contact_id = contacts.find_party(conn, account.id, origin.party)
            made = messages.find(conn, contact_id, from_me, event.target_wa_id) if contact_id is not None else None
            if made:
                messages.edit(conn, made.id, event.text, origin.at, event.is_cut)
        return
    if from_me:
        outgoing.has_left(conn, account.id, place.id, now)
    match event:
        case MessageEdited():
            changed = messages.edit(conn, place.id, event.text, origin.at, event.is_cut)
            if changed:
                judge_again(conn, account, origin, place, now)
        case MessageRevoked():
            changed = messages.revoke(conn, place.id, origin.at)
            if changed and from_me:
                reply_failed(conn, place.id, now)
        case Reacted():
            # our own is one, whichever of our devices it comes from
            who = "" if origin.from_me else origin.participant or ""
            changed = messages.react(conn, place.id, origin.from_me, event.emoji, origin.at, who)
    if changed:
        events.append(conn, account.id, EventKind.MESSAGE_CHANGED, now, place.conversation_id, place.id)


def disappearing_changed(conn: Connection, account: Account, event: DisappearingChanged, now: datetime) -> None:
    """Note after how long a chat loses its messages; of a customer who is new, his first message tells it."""
    contact_id = contact_identity.find(conn, account.id, event.origin.party, now)
    if contact_id is None or event.origin.party.kind != ChatKind.PERSON:
        return
    here = conversations.current(conn, contact_id)
    if disappearing.note(conn, contact_id, event.seconds, event.origin.at) and here is not None:
        events.append(conn, account.id, EventKind.CONVERSATION_CHANGED, now, here.conversation_id)


def typing(conn: Connection, account: Account, event: TypingChanged, now: datetime) -> None:
    """Announce that a customer types or has stopped, when that is news."""
    contact_id = contacts.find(conn, account.id, event.origin.party.address)
    here = conversations.current(conn, contact_id) if contact_id is not None else None
    if here is None or event.origin.from_me:
        return
    if conversations.set_typing(conn, here.conversation_id, event.typing, now):
        kind = EventKind.TYPING if event.typing else EventKind.TYPING_STOPPED
        events.append(conn, account.id, kind, now, here.conversation_id)
