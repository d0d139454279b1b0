"""Messages: where each one belongs, the turn it opens or closes, the attachment it brings."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from daemon.desk import business_auto_replies, contact_identity, other_devices, outgoing, ratings
from daemon.domain.attachments import LARGEST_FILE
from daemon.domain.ids import Party
from daemon.domain.message_kinds import PLACEHOLDERS, MessageKind
from daemon.domain.messages import TICKS, Author, Delivery, MessageReceived, Origin, ReceiptKind
from daemon.domain.turns import Closer
from daemon.ingest.place_cache import Place, PlaceCache
from daemon.store import (
    clock,
    contacts,
    conversations,
    disappearing,
    events,
    forgotten_messages,
    media,
    messages,
    receipts,
    turns,
)
from daemon.store.accounts import Account, own_author
from daemon.store.events import EventKind


def next_of_turn(
    conn: Connection, account_id: int, event: MessageReceived, now: datetime, places: PlaceCache
) -> bool:
    """The busy day's case: one more message in a turn that is open, by a customer whose place is known."""
    place = places.get(event.origin.party)
    if (
        place is None
        or event.origin.from_me
        or event.push_name not in ("", place.name)
        or event.quoted_wa_id
        or event.disappearing
        or forgotten_messages.has(conn, account_id, event.wa_id)
    ):
        return False
    message_id = messages.add(
        conn,
        values_of(account_id, event, now)
        | {"contact_id": place.contact_id, "conversation_id": place.conversation_id, "turn_id": place.turn_id},
    )
    if message_id is None:
        return False
    want_file(conn, account_id, event, message_id, now)
    conversations.touch(conn, place.conversation_id, message_id, event.origin.at)
    events.append(conn, account_id, EventKind.MESSAGE_NEW, now, place.conversation_id, message_id)
    return True


def receive_message(
    conn: Connection, account: Account, event: MessageReceived, now: datetime, places: PlaceCache | None = None
) -> None:
    """Store a person's message that is new, fill a placeholder, or do nothing (`group_messages.receive` chooses).

    One that only history has brought so far is new: what comes by itself was sent to us as well as to the phone.
    """
    origin = event.origin
    if is_ourselves(account, origin.party) or forgotten_messages.has(conn, account.id, event.wa_id):
        return
    if places is not None and contacts.is_split(conn, account.id, origin.party):
        places.forget()  # two contacts are about to become one
    is_old = event.is_history or _was_there(conn, account.id, event)
    contact_id = contact_identity.resolve(conn, account.id, origin.party, now, is_old=is_old)
    if event.disappearing and not event.is_history:
        # one that stays says nothing: not every app tells it with every message
        disappearing.note(conn, contact_id, event.disappearing, origin.at)
    known = messages.find(conn, contact_id, origin.from_me, event.wa_id)
    if known is not None and (event.is_history or not known.is_history):
        fill(conn, account, known, event, now)
        return
    if event.push_name and not origin.from_me:
        contacts.set_name(conn, contact_id, event.push_name)
    here = conversations.current(conn, contact_id)
    turn_id = here.turn_id if here else None
    from_customer = not origin.from_me
    if (
        event.quoted_wa_id
        and from_customer
        and (quoted := messages.find(conn, contact_id, True, event.quoted_wa_id))
    ):
        outgoing.has_left(conn, account.id, quoted.id, now)
    new = known is None
    if new and from_customer and turn_id is None and _rated(conn, account, event, contact_id, now):
        return
    conversation_id = (
        here.conversation_id if here else conversations.start(conn, account.id, contact_id, origin.party.kind, now)
    )
    if from_customer and turn_id is None:
        # he waits since he wrote, even if we were away
        since = clock.on_ours(conn, account.id, origin.at, now)
        turn_id = turns.open_turn(conn, account.id, conversation_id, since)
    place = {"contact_id": contact_id, "conversation_id": conversation_id, "turn_id": turn_id}
    message_id = known.id if known else messages.add(conn, values_of(account.id, event, now) | place)
    if message_id is None:
        return
    if known is not None:
        came = {"author": _author(event).value, "device": origin.device, "arrived_at": now}
        messages.come_alive(conn, message_id, place | came)
        if event.kind not in PLACEHOLDERS:
            messages.fill_placeholder(conn, message_id, _content(event))
    if origin.from_me:
        written_on_another_device(conn, account, event, contact_id, conversation_id, message_id, now)
    elif from_customer and turn_id is not None and places is not None:
        places.remember(origin.party, Place(contact_id, conversation_id, turn_id, event.push_name))
    want_file(conn, account.id, event, message_id, now)
    conversations.touch(conn, conversation_id, message_id, origin.at)
    events.append(conn, account.id, EventKind.MESSAGE_NEW, now, conversation_id, message_id)


def _was_there(conn: Connection, account_id: int, event: MessageReceived) -> bool:
    """Whether a message that names two contacts comes again: the number may have moved since it was written."""
    if not contacts.is_split(conn, account_id, event.origin.party):
        return False
    owners = [contacts.find(conn, account_id, address) for address in event.origin.party.addresses]
    return any(
        messages.find(conn, owner, event.origin.from_me, event.wa_id) for owner in owners if owner is not None
    )


def _rated(conn: Connection, account: Account, event: MessageReceived, contact_id: int, now: datetime) -> bool:
    """Keep a message that is the customer's rating with the conversation that it is about: it opens no work."""
    text = event.text if event.kind == MessageKind.TEXT else None
    rated = ratings.take(conn, account.id, contact_id, text, event.origin.at, now)
    if rated is None:
        return False
    place = {"contact_id": contact_id, "conversation_id": rated.conversation_id}
    message_id = messages.add(conn, values_of(account.id, event, now) | place)
    assert message_id is not None  # it was looked for before
    conversations.touch(conn, rated.conversation_id, message_id, event.origin.at)
    conversations.see(conn, rated.conversation_id, message_id)
    events.append(conn, account.id, EventKind.MESSAGE_NEW, now, rated.conversation_id, message_id)
    ratings.thank(conn, rated, now)
    return True


def written_on_another_device(
    conn: Connection,
    account: Account,
    event: MessageReceived,
    contact_id: int,
    conversation_id: int,
    message_id: int,
    now: datetime,
) -> None:
    """A reply from the phone or another linked device, with the receipts that came before it."""
    # its receipts may have come first
    for kind in receipts.kinds(conn, account.id, event.wa_id, contact_id):
        if tick := TICKS.get(ReceiptKind(kind)):
            messages.raise_delivery(conn, message_id, tick)
    device, at = event.origin.device, event.origin.at
    by = own_author(device)
    if by == Author.PHONE and business_auto_replies.recognise(
        conn, account.id, conversation_id, message_id, at, now
    ):
        return
    closer = Closer(by, device=device)
    other_devices.answered(conn, account.id, conversation_id, message_id, closer, now, at)


def values_of(account_id: int, event: MessageReceived, now: datetime) -> dict[str, Any]:
    """The columns of a message that its event alone decides."""
    origin = event.origin
    return {
        "account_id": account_id,
        "wa_id": event.wa_id,
        "from_me": origin.from_me,
        "author": _author(event).value,
        "device": origin.device,
        "participant": origin.participant,
        **_content(event),
        "sent_at": origin.at,
        "arrived_at": now,
        "delivery": Delivery.SENT.value if origin.from_me else None,
        "is_history": event.is_history,
    }


def _author(event: MessageReceived) -> Author:
    return own_author(event.origin.device) if event.origin.from_me else Author.CUSTOMER


def fill(
    conn: Connection, account: Account, place: messages.MessagePlace, event: MessageReceived, now: datetime
) -> bool:
    """Put the content of a message into its placeholder; False if none is there."""
    if event.kind in PLACEHOLDERS or not messages.fill_placeholder(conn, place.id, _content(event)):
        return False
    judge_again(conn, account, event.origin, place, now)
    want_file(conn, account.id, event, place.id, now)
    events.append(conn, account.id, EventKind.MESSAGE_CHANGED, now, place.conversation_id, place.id)
    return True


def judge_again(
    conn: Connection, account: Account, origin: Origin, place: messages.MessagePlace, now: datetime
) -> None:
    """Its content is here now: what the phone sent by itself answers nobody, though it closed a turn unread."""
    if origin.from_me and not origin.device and not place.is_history:
        business_auto_replies.recognise_late(conn, account.id, place.conversation_id, place.id, origin.at, now)


def _content(event: MessageReceived) -> dict[str, Any]:
    return {
        "kind": event.kind.value,
        "text": event.text,
        "is_cut": event.is_cut,
        "media": _details(event) or None,
        "raw": event.raw,
        "quoted_wa_id": event.quoted_wa_id,
    }


def _details(event: MessageReceived) -> dict[str, Any]:
    """What is shown of an attachment, and who is named inside a group."""
    return {**event.media, "mentions": " ".join(event.mentions)} if event.mentions else {**event.media}


def want_file(conn: Connection, account_id: int, event: MessageReceived, message_id: int, now: datetime) -> None:
    """Queue an attachment, unless it is larger than anybody would want on the shop's computer."""
    size = event.media.get("size", 0)
    if event.kind.info.has_file and event.raw and isinstance(size, int) and size <= LARGEST_FILE:
        media.want(conn, account_id, message_id, now)


def is_ourselves(account: Account, party: Party) -> bool:
    """Who writes to himself is no customer."""
    return (account.lid is not None and party.lid == account.lid) or (
        account.phone is not None and party.phone == account.phone
    )
