"""Replies that a device of the customer's asked for again: asked, unreadable after a while, settled."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from daemon.domain.ids import ChatKind
from daemon.domain.messages import CAN_READ, Author, OutboxState, ReceiptKind
from daemon.store.prepared_statement import Prepared
from daemon.store.receipts import OURSELVES, is_of_chat
from daemon.store.sql import by_index, changed
from daemon.store.tables.core import conversation, message, outbox, receipt

_is_open = and_(message.c.retry_asked_at.is_not(None), message.c.unreadable_at.is_not(None))


def concerns_us(conn: Connection, message_id: int) -> bool:
    """Whether a message left through our outbox: what the phone or another device sent is theirs to send again."""
    found = select(message.c.id).where(
        message.c.id == message_id,
        message.c.author.in_((Author.ADMIN.value, Author.BOT.value)),
        outbox.c.message_id == message.c.id,
        outbox.c.state == OutboxState.SENT.value,
    )
    return conn.execute(found).first() is not None


def is_asked_for(conn: Connection, message_id: int) -> bool:
    """Whether some device of the customer's asked for a message and has not shown since that it can read it.

    Only WhatsApp's times are compared, each with each, and only what comes from that chat counts. In a chat with
    one person a device may be called by either of his addresses; in a group it is the participant's.
    """
    contact_id = conn.execute(select(message.c.contact_id).where(message.c.id == message_id)).scalar_one()
    shown = receipt.alias("shown")
    is_same = (shown.c.user == receipt.c.user) | (conversation.c.kind == ChatKind.PERSON.value)
    can_read = select(shown.c.wa_id).where(
        shown.c.account_id == receipt.c.account_id,
        shown.c.wa_id == receipt.c.wa_id,
        shown.c.device == receipt.c.device,
        shown.c.user != OURSELVES,
        is_same,
        is_of_chat(contact_id, shown.c.user),
        shown.c.kind.in_([kind.value for kind in CAN_READ]),
        shown.c.at >= receipt.c.at,
    )
    asked = (
        select(receipt.c.wa_id)
        .join(message, (message.c.wa_id == receipt.c.wa_id) & (message.c.account_id == receipt.c.account_id))
        .join(conversation, conversation.c.id == message.c.conversation_id)
        .where(
            message.c.id == message_id,
            receipt.c.kind == ReceiptKind.RETRY.value,
            receipt.c.user != OURSELVES,
            is_of_chat(contact_id),
            ~can_read.exists(),
        )
    )
    return conn.execute(asked.limit(1)).first() is not None


def ask(conn: Connection, message_id: int, now: datetime) -> bool:
    """A device asked for it: begin to wait for its next receipt; False if it is known to be unreadable."""
    return changed(
        conn,
        update(message)
        .where(message.c.id == message_id, message.c.unreadable_at.is_(None))
        .values(retry_asked_at=now),
    )


def give_up(conn: Connection, message_id: int, now: datetime) -> None:
    """Nothing has followed: the customer's device can't read it."""
    conn.execute(
        update(message)
        .where(message.c.id == message_id, message.c.retry_asked_at.is_not(None))
        .values(unreadable_at=now)
    )


def clear(conn: Connection, message_id: int) -> bool:
    """It can be read after all, or does not matter any more; False if nothing was the matter."""
    is_known = or_(message.c.retry_asked_at.is_not(None), message.c.unreadable_at.is_not(None))
    return changed(
        conn,
        update(message)
        .where(message.c.id == message_id, is_known)
        .values(retry_asked_at=None, unreadable_at=None),
    )


def settle(conn: Connection, message_id: int, *, by_sending: bool) -> bool:
    """A person has decided about an unreadable reply; False if somebody, or a receipt, was faster."""
    values = {"retry_asked_at": None} if by_sending else {"retry_asked_at": None, "unreadable_at": None}
    return changed(conn, update(message).where(message.c.id == message_id, _is_open).values(values))


@dataclass(frozen=True, slots=True)
class AskedFor:
    """A reply that a device asked for; `is_revoked`: it was deleted for everyone meanwhile."""

    message_id: int
    is_revoked: bool


_asked_at = message.c.retry_asked_at
_due = select(message.c.id, message.c.revoked_at).where(
    by_index(message.c.conversation_id),
    _asked_at.is_not(None),
    message.c.unreadable_at.is_(None),
    message.c.account_id == bindparam("account_id"),
    (_asked_at <= bindparam("since", type_=_asked_at.type)) | (_asked_at > bindparam("now", type_=_asked_at.type)),
)
_first_due = Prepared(_due)


def is_any_due(conn: Connection, account_id: int, since: datetime, now: datetime) -> bool:
    """Whether `due` would give anything; asked every second."""
    return _first_due.run(conn, {"account_id": account_id, "since": since, "now": now}) is not None


def due(conn: Connection, account_id: int, since: datetime, now: datetime, limit: int) -> list[AskedFor]:
    """What was asked for at `since` or before; or after `now`, by a clock that was set back."""
    rows = conn.execute(_due.limit(limit), {"account_id": account_id, "since": since, "now": now})
    return [AskedFor(row.id, row.revoked_at is not None) for row in rows]
