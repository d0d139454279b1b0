"""What a receipt says about one of our messages: it has left, was delivered, was read, or can't be read there."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.desk import outgoing, unreadable_replies
from daemon.domain.messages import TICKS, ReceiptKind
from daemon.store import events, messages, receipts
from daemon.store.events import EventKind
from daemon.store.messages import MessagePlace


def apply(conn: Connection, account_id: int, place: MessagePlace, kind: ReceiptKind, now: datetime) -> None:
    """Settle a message by a receipt of its chat that is in the books, whatever state it is in."""
    if (tick := TICKS.get(kind)) is None:
        return
    left = outgoing.has_left(conn, account_id, place.id, now)
    if messages.raise_delivery(conn, place.id, tick) and not left:
        events.append(conn, account_id, EventKind.MESSAGE_CHANGED, now, place.conversation_id, place.id)
    unreadable_replies.heard(conn, account_id, place, kind, now)


def apply_again(conn: Connection, account_id: int, contact_id: int, now: datetime) -> None:
    """Settle a contact's messages by receipts of an address that nobody knew to be his when they came."""
    for place, kind in receipts.of_contact(conn, account_id, contact_id):
        apply(conn, account_id, place, ReceiptKind(kind), now)
