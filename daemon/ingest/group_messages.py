"""Messages in groups: kept only of those that are switched on, answered by people, never by the bot."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.desk import groups as desk_groups
from daemon.domain.groups import GroupMode
from daemon.domain.ids import ChatKind
from daemon.domain.messages import MessageEdited, MessageReceived, MessageRevoked, Reacted
from daemon.ingest import messages as chat_messages
from daemon.ingest.messages import fill, values_of, want_file, written_on_another_device
from daemon.ingest.place_cache import PlaceCache
from daemon.store import clock, conversations, events, forgotten_messages, groups, messages, threads, turns
from daemon.store.accounts import Account
from daemon.store.events import EventKind
from daemon.store.groups import Group


def receive(
    conn: Connection, account: Account, event: MessageReceived, now: datetime, places: PlaceCache | None = None
) -> None:
    """Store a message of whatever chat, fill its placeholder, or do nothing."""
    if event.origin.party.kind == ChatKind.GROUP:
        receive_in_group(conn, account, event, now)
    else:
        chat_messages.receive_message(conn, account, event, now, places)


def receive_in_group(conn: Connection, account: Account, event: MessageReceived, now: datetime) -> None:
    """Store a message in a group that is on; of one that is off nothing is kept but that it exists."""
    group = desk_groups.takes(conn, account.id, event.origin.party, now)
    if group is None or forgotten_messages.has(conn, account.id, event.wa_id):
        return
    desk_groups.see_writer(conn, group, event)
    waits = desk_groups.waits_for_answer(conn, account, group, event)
    known = messages.find(conn, group.contact_id, event.origin.from_me, event.wa_id)
    if known is not None:
        _come_again(conn, account, group, known, event, waits, now)
        return
    conversation_id = desk_groups.place(conn, group, waits, now)
    turn_id = _turn(conn, account, conversation_id, event, now) if waits else None
    place = {"contact_id": group.contact_id, "conversation_id": conversation_id, "turn_id": turn_id}
    message_id = messages.add(conn, values_of(account.id, event, now) | place)
    if message_id is None:
        return
    if event.origin.from_me:
        written_on_another_device(conn, account, event, group.contact_id, conversation_id, message_id, now)
    want_file(conn, account.id, event, message_id, now)
    conversations.touch(conn, conversation_id, message_id, event.origin.at)
    events.append(conn, account.id, EventKind.MESSAGE_NEW, now, conversation_id, message_id)


def _turn(conn: Connection, account: Account, conversation_id: int, event: MessageReceived, now: datetime) -> int:
    since = clock.on_ours(conn, account.id, event.origin.at, now)
    return turns.current(conn, conversation_id) or turns.open_turn(conn, account.id, conversation_id, since)


def _come_again(
    conn: Connection,
    account: Account,
    group: Group,
    known: messages.MessagePlace,
    event: MessageReceived,
    waits: bool,
    now: datetime,
) -> None:
    """Fill a placeholder of the same writer's; if its words turn out to call us, it waits from now on."""
    found = threads.bubble(conn, known.id)
    if found is None or found.participant != event.origin.participant:
        return  # nobody speaks for somebody else
    if not fill(conn, account, known, event, now) or not waits or group.mode == GroupMode.OFF:
        return
    if found.turn_id is not None:
        return
    conversation_id = desk_groups.place(conn, group, waits, now)
    messages.set_turn(conn, known.id, _turn(conn, account, conversation_id, event, now))
    events.append(conn, account.id, EventKind.CONVERSATION_CHANGED, now, conversation_id)


def may_change(
    conn: Connection, place: messages.MessagePlace, event: MessageEdited | MessageRevoked | Reacted
) -> bool:
    """Whether a change inside a group is its author's to make: anybody reacts, a writer edits what is his.

    What he wrote may also be deleted by a group's admin.
    """
    if isinstance(event, Reacted):
        return True
    found, who = threads.bubble(conn, place.id), event.origin.participant
    if found is None or who is None:
        return False
    if event.origin.from_me and found.from_me:
        # another device of ours
        return True
    if not found.from_me and _same_writer(conn, place.contact_id, found.participant, who):
        return True
    member = groups.find_member(conn, place.contact_id, who)
    return isinstance(event, MessageRevoked) and member is not None and member.is_admin


def _same_writer(conn: Connection, contact_id: int, one: str | None, other: str | None) -> bool:
    """Whether two addresses inside a group are one person's."""
    if one is None or other is None or one == other:
        return one == other and one is not None
    member = groups.find_member(conn, contact_id, one)
    return member is not None and other in member.addresses
