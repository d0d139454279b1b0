"""One WhatsApp event, one transaction: message, contact, conversation, turn and event log together.

Applying the same event again changes nothing.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from daemon.domain.ids import ChatKind, Party
from daemon.domain.messages import (
    Author,
    Delivery,
    Event,
    HistoryReceived,
    MessageEdited,
    MessageKind,
    MessageReceived,
    MessageRevoked,
    Nothing,
    Origin,
    Reacted,
    ReceiptKind,
    ReceiptReceived,
    TypingChanged,
)
from daemon.domain.turns import Closer
from daemon.spots import Spot, Spots
from daemon.store import accounts, contacts, conversations, downloads, events, messages, outbox, receipts, turns
from daemon.store.accounts import Account, own_author
from daemon.store.engine import Database
from daemon.store.events import EventKind

# bytes; a larger attachment is looked at on the phone
LARGEST_FILE = 64_000_000
WITH_FILE = {
    MessageKind.IMAGE,
    MessageKind.VIDEO,
    MessageKind.VOICE,
    MessageKind.AUDIO,
    MessageKind.DOCUMENT,
    MessageKind.STICKER,
}
_TICKS = {
    ReceiptKind.SENDER: Delivery.SENT,
    ReceiptKind.DELIVERED: Delivery.DELIVERED,
    ReceiptKind.INACTIVE: Delivery.DELIVERED,
    ReceiptKind.READ: Delivery.READ,
    ReceiptKind.PLAYED: Delivery.PLAYED,
}


class Ingest:
    """Commits the events of one account, one transaction each, on a connection of its own."""

    def __init__(self, database: Database, account_id: int) -> None:
        self._conn = database.writer()
        self._account_id = account_id
        self._spots = Spots()

    def commit(self, event: Event, now: datetime) -> None:
        """Write one event; it is on disk when this returns. `now` is the moment of its arrival."""
        try:
            with self._conn.begin():
                self._spots.check(self._conn)
                apply(self._conn, self._account_id, event, now, self._spots)
        except BaseException:
            self._spots.forget()
            raise


def apply(conn: Connection, account_id: int, event: Event, now: datetime, spots: Spots) -> None:
    """Write what an event says, in the caller's transaction."""
    if isinstance(event, MessageReceived) and _next_of_turn(conn, account_id, event, now, spots):
        return
    if not isinstance(event, MessageReceived) or event.origin.from_me:
        spots.forget()
    account = accounts.get(conn, account_id)
    match event:
        case MessageReceived():
            _message(conn, account, event, now, spots)
        case ReceiptReceived():
            _receipt(conn, account, event, now)
        case MessageEdited() | MessageRevoked() | Reacted():
            _change(conn, account, event, now)
        case TypingChanged():
            _typing(conn, account, event, now)
        case HistoryReceived():
            _history(conn, account, event, now)
        case Nothing():
            pass


def _next_of_turn(conn: Connection, account_id: int, event: MessageReceived, now: datetime, spots: Spots) -> bool:
    """The busy day's case: one more message in a turn that is open, by a customer whose place is known."""
    spot = spots.get(event.origin.party)
    if spot is None or event.origin.from_me or event.push_name not in ("", spot.name):
        return False
    message_id = messages.add(
        conn,
        _values(account_id, event, now)
        | {"contact_id": spot.contact_id, "conversation_id": spot.conversation_id, "turn_id": spot.turn_id},
    )
    if message_id is None:
        return False
    _want_file(conn, account_id, event, message_id, now)
    conversations.touch(conn, spot.conversation_id, message_id, event.origin.at)
    events.append(conn, account_id, EventKind.MESSAGE_NEW, now, spot.conversation_id, message_id)
    return True


def _message(
    conn: Connection, account: Account, event: MessageReceived, now: datetime, spots: Spots | None = None
) -> None:
    origin = event.origin
    if _is_ourselves(account, origin.party):
        return
    if spots is not None and contacts.is_split(conn, account.id, origin.party):
        spots.forget()  # two contacts are about to become one
    contact_id = contacts.resolve(conn, account.id, origin.party, now)
    known = messages.find(conn, contact_id, origin.from_me, event.wa_id)
    if known is not None:
        _fill(conn, account, known, event, now)
        return
    if event.push_name and not origin.from_me and origin.participant is None:
        contacts.set_name(conn, contact_id, event.push_name)
    here = conversations.current(conn, contact_id)
    conversation_id = (
        here.conversation_id if here else conversations.start(conn, account.id, contact_id, origin.party.kind, now)
    )
    turn_id = here.turn_id if here else None
    from_customer = not origin.from_me and origin.party.kind == ChatKind.PERSON
    if from_customer and turn_id is None:
        turn_id = turns.open_turn(conn, account.id, conversation_id, now)
    values = _values(account.id, event, now) | {
        "contact_id": contact_id,
        "conversation_id": conversation_id,
        "turn_id": turn_id,
    }
    message_id = messages.add(conn, values)
    if message_id is None:
        return
    if origin.from_me:
        _written_elsewhere(conn, account, event, message_id, turn_id, now)
    elif from_customer and turn_id is not None and spots is not None:
        spots.remember(origin.party, Spot(contact_id, conversation_id, turn_id, event.push_name))
    _want_file(conn, account.id, event, message_id, now)
    conversations.touch(conn, conversation_id, message_id, origin.at)
    events.append(conn, account.id, EventKind.MESSAGE_NEW, now, conversation_id, message_id)


def _written_elsewhere(
    conn: Connection,
    account: Account,
    event: MessageReceived,
    message_id: int,
    turn_id: int | None,
    now: datetime,
) -> None:
    """A reply from the phone or another linked device closes the turn."""
    # its receipts may have come first
    for kind in receipts.kinds(conn, account.id, event.wa_id):
        if tick := _TICKS.get(ReceiptKind(kind)):
            messages.raise_delivery(conn, message_id, tick)
    if turn_id is not None:
        device = event.origin.device
        turns.close(conn, turn_id, Closer(own_author(device), device=device), message_id, now)


def _values(account_id: int, event: MessageReceived, now: datetime) -> dict[str, Any]:
    origin = event.origin
    return {
        "account_id": account_id,
        "wa_id": event.wa_id,
        "from_me": origin.from_me,
        "author": (own_author(origin.device) if origin.from_me else Author.CUSTOMER).value,
        "device": origin.device,
        "participant": origin.participant,
        "kind": event.kind.value,
        "text": event.text,
        "quoted_wa_id": event.quoted_wa_id,
        "media": event.media or None,
        "raw": event.raw,
        "sent_at": origin.at,
        "arrived_at": now,
        "delivery": Delivery.SENT.value if origin.from_me else None,
        "is_history": event.is_history,
    }


def _fill(
    conn: Connection, account: Account, place: messages.Place, event: MessageReceived, now: datetime
) -> None:
    if event.kind == MessageKind.UNREADABLE:
        return
    content = {
        "kind": event.kind.value,
        "text": event.text,
        "media": event.media or None,
        "raw": event.raw,
        "quoted_wa_id": event.quoted_wa_id,
    }
    if messages.fill_unreadable(conn, place.id, content):
        _want_file(conn, account.id, event, place.id, now)
        events.append(conn, account.id, EventKind.MESSAGE_CHANGED, now, place.conversation_id, place.id)


def _want_file(conn: Connection, account_id: int, event: MessageReceived, message_id: int, now: datetime) -> None:
    """Queue an attachment, unless it is larger than anybody would want on the shop's computer."""
    size = event.media.get("size", 0)
    if event.kind in WITH_FILE and event.raw and isinstance(size, int) and size <= LARGEST_FILE:
        downloads.want(conn, account_id, message_id, now)


def _receipt(conn: Connection, account: Account, event: ReceiptReceived, now: datetime) -> None:
    origin = event.origin
    who = "me" if origin.from_me else origin.participant or str(origin.party.address)
    if not receipts.record(conn, account.id, event.wa_ids, who, origin.device, event.kind.value, origin.at):
        return
    if origin.from_me and event.kind in (ReceiptKind.READ, ReceiptKind.READ_SELF):
        _seen_elsewhere(conn, account, event, now)
        return
    delivery = _TICKS.get(event.kind)
    if delivery is None:
        return
    for place in messages.find_own(conn, account.id, event.wa_ids):
        journey = outbox.by_message(conn, place.id)
        if journey is not None and journey.state in (
            outbox.OutboxState.UNCERTAIN,
            outbox.OutboxState.SENDING,
        ):
            outbox.settle(conn, journey.id, outbox.OutboxState.SENT, now)
        if messages.raise_delivery(conn, place.id, delivery):
            events.append(conn, account.id, EventKind.MESSAGE_CHANGED, now, place.conversation_id, place.id)


def _seen_elsewhere(conn: Connection, account: Account, event: ReceiptReceived, now: datetime) -> None:
    contact_id = contacts.resolve(conn, account.id, event.origin.party, now)
    for wa_id in event.wa_ids:
        place = messages.find(conn, contact_id, False, wa_id)
        if place and conversations.see(conn, place.conversation_id, place.id):
            events.append(conn, account.id, EventKind.CONVERSATION_CHANGED, now, place.conversation_id)


def _change(
    conn: Connection, account: Account, event: MessageEdited | MessageRevoked | Reacted, now: datetime
) -> None:
    origin: Origin = event.origin
    contact_id = contacts.resolve(conn, account.id, origin.party, now)
    from_me = event.target_from_me if isinstance(event, Reacted) else origin.from_me
    place = messages.find(conn, contact_id, from_me, event.target_wa_id)
    if place is None:
        if isinstance(event, MessageEdited) and event.text:
            # the original never came: the edited text is all there is
            original = MessageReceived(event.target_wa_id, origin, MessageKind.TEXT, event.text)
            _message(conn, account, original, now)
            if made := messages.find(conn, contact_id, from_me, event.target_wa_id):
                messages.edit(conn, made.id, event.text, origin.at)
        return
    match event:
        case MessageEdited():
            changed = messages.edit(conn, place.id, event.text, origin.at)
        case MessageRevoked():
            changed = messages.revoke(conn, place.id, origin.at)
        case Reacted():
            changed = messages.react(conn, place.id, origin.from_me, event.emoji, origin.at)
    if changed:
        events.append(conn, account.id, EventKind.MESSAGE_CHANGED, now, place.conversation_id, place.id)


def _typing(conn: Connection, account: Account, event: TypingChanged, now: datetime) -> None:
    contact_id = contacts.find(conn, account.id, event.origin.party.address)
    here = conversations.current(conn, contact_id) if contact_id is not None else None
    if here is None or event.origin.from_me:
        return
    if conversations.set_typing(conn, here.conversation_id, event.typing, now):
        kind = EventKind.TYPING if event.typing else EventKind.TYPING_STOPPED
        events.append(conn, account.id, kind, now, here.conversation_id)


def _history(conn: Connection, account: Account, event: HistoryReceived, now: datetime) -> None:
    touched: set[int] = set()
    for message in sorted(event.messages, key=lambda m: m.origin.at):
        if _is_ourselves(account, message.origin.party):
            continue
        contact_id = contacts.resolve(conn, account.id, message.origin.party, now)
        here = conversations.current(conn, contact_id)
        conversation_id = (
            here.conversation_id
            if here
            else conversations.start(conn, account.id, contact_id, message.origin.party.kind, message.origin.at)
        )
        values = _values(account.id, message, now) | {
            "contact_id": contact_id,
            "conversation_id": conversation_id,
        }
        message_id = messages.add(conn, values)
        if message_id is None:
            continue
        if message.push_name and not message.origin.from_me:
            contacts.set_name(conn, contact_id, message.push_name)
        conversations.touch_history(conn, conversation_id, message_id, message.origin.at)
        touched.add(conversation_id)
    for party, name in event.names:
        known = contacts.find(conn, account.id, party.address)
        if known is not None:
            contacts.set_first_name(conn, known, name)
    for conversation_id in touched:
        events.append(conn, account.id, EventKind.CONVERSATION_CHANGED, now, conversation_id)


def _is_ourselves(account: Account, party: Party) -> bool:
    """A note to our own number is no customer."""
    return (account.lid is not None and party.lid == account.lid) or (
        account.phone is not None and party.phone == account.phone
    )
