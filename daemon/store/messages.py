"""Messages as they are kept and shown: written once, then only marked (edited, revoked, delivered, read)."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
    update,
)

from daemon.domain.message_kinds import PLACEHOLDERS, MessageKind
from daemon.domain.messages import DELIVERY_ORDER, Delivery
from daemon.store.prepared_statement import Prepared
from daemon.store.sql import changed, insert_new, upsert
from daemon.store.tables.core import message, reaction
from daemon.store.tables.message_changes import message_version

_add = insert_new(message).returning(message.c.id)


@cache
def _add_with(columns: tuple[str, ...]) -> Prepared:
    return Prepared(_add, columns)


def add(conn: Connection, values: dict[str, Any]) -> int | None:
    """Store a message; None if the same (contact, direction, WhatsApp id) is already there."""
    row = _add_with(tuple(values)).run(conn, values)
    return row[0] if row else None


_find = select(message.c.id, message.c.conversation_id, message.c.contact_id, message.c.is_history).where(
    message.c.contact_id == bindparam("contact_id"),
    message.c.from_me == bindparam("from_me"),
    message.c.wa_id == bindparam("wa_id"),
)


@dataclass(frozen=True, slots=True)
class MessagePlace:
    """Where a message stands."""

    id: int
    conversation_id: int
    contact_id: int
    is_history: bool = False


def find(conn: Connection, contact_id: int, from_me: bool, wa_id: str) -> MessagePlace | None:
    """The message with WhatsApp's id in one direction of one contact's chat."""
    row = conn.execute(_find, {"contact_id": contact_id, "from_me": from_me, "wa_id": wa_id}).first()
    return MessagePlace(*row) if row else None


def find_own(conn: Connection, account_id: int, wa_ids: tuple[str, ...]) -> list[MessagePlace]:
    """Messages sent in our name, by WhatsApp's ids alone (receipts use either address form)."""
    rows = conn.execute(
        select(message.c.id, message.c.conversation_id, message.c.contact_id).where(
            message.c.account_id == account_id, message.c.from_me.is_(True), message.c.wa_id.in_(wa_ids)
        )
    )
    return [MessagePlace(*row) for row in rows]


_is_placeholder = message.c.kind.in_(sorted(PLACEHOLDERS))
_RANK = case({state.value: rank for state, rank in DELIVERY_ORDER.items()}, value=message.c.delivery, else_=-1)


def raise_delivery(conn: Connection, message_id: int, to: Delivery) -> bool:
    """Move a message up the ladder of ticks; late receipts never move it down. True if it moved."""
    return changed(
        conn,
        update(message).where(message.c.id == message_id, DELIVERY_ORDER[to] > _RANK).values(delivery=to.value),
    )


def set_delivery(conn: Connection, message_id: int, to: Delivery) -> None:
    """Set where an outgoing message stands (for its sender)."""
    conn.execute(update(message).where(message.c.id == message_id).values(delivery=to.value))


def set_sent_at(conn: Connection, message_id: int, at: datetime) -> None:
    """Set the time that WhatsApp gave a message."""
    conn.execute(update(message).where(message.c.id == message_id).values(sent_at=at))


def set_text(conn: Connection, message_id: int, text: str) -> None:
    """Replace the words of a message that nobody has had yet."""
    conn.execute(update(message).where(message.c.id == message_id).values(text=text))


def set_kind(conn: Connection, message_id: int, kind: MessageKind) -> None:
    """Say anew what a message is."""
    conn.execute(update(message).where(message.c.id == message_id).values(kind=kind.value))


def edit(conn: Connection, message_id: int, text: str, at: datetime, is_cut: bool = False) -> bool:
    """Replace a message's text, and keep what stood there; False if a newer edit is there already."""
    is_newer = (
        (message.c.id == message_id)
        & message.c.revoked_at.is_(None)
        & (message.c.edited_at.is_(None) | (message.c.edited_at < at))
    )
    before = select(message.c.id, message.c.text, literal(at, message.c.sent_at.type)).where(
        is_newer, message.c.text.is_not(None), message.c.text != text
    )
    conn.execute(insert(message_version).from_select(["message_id", "text", "until"], before))
    return changed(
        conn,
        update(message)
        .where(is_newer)
        # an edit of what could not be read is all there is to read
        .values(
            text=text,
            is_cut=is_cut,
            edited_at=at,
            kind=case((_is_placeholder, MessageKind.TEXT.value), else_=message.c.kind),
        ),
    )


def revoke(conn: Connection, message_id: int, at: datetime) -> bool:
    """Mark a message as deleted for everyone (the text stays for the shop); False if it was already."""
    return changed(
        conn,
        update(message).where(message.c.id == message_id, message.c.revoked_at.is_(None)).values(revoked_at=at),
    )


def set_turn(conn: Connection, message_id: int, turn_id: int) -> None:
    """Let a message wait for an answer with a turn."""
    conn.execute(update(message).where(message.c.id == message_id).values(turn_id=turn_id))


def react(conn: Connection, message_id: int, by_me: bool, emoji: str, at: datetime, who: str = "") -> bool:
    """Set or (with an empty emoji) take back a reaction, inside a group `who`'s; False if nothing changed.

    A reaction taken back keeps its row, so that an older one that comes late can't return.
    """
    emoji = emoji[:32]
    is_older = (reaction.c.at < at) | ((reaction.c.at == at) & (reaction.c.emoji != emoji))
    key = {"message_id": message_id, "by_me": by_me, "who": who}
    return changed(conn, upsert(reaction, key, {"emoji": emoji, "at": at}, replaces=is_older))


def fill_placeholder(conn: Connection, message_id: int, values: dict[str, Any]) -> bool:
    """Put the content into a placeholder once it has come again and could be read."""
    return changed(conn, update(message).where(message.c.id == message_id, _is_placeholder).values(values))


def come_alive(conn: Connection, message_id: int, values: dict[str, Any]) -> None:
    """A message that history had brought before has come by itself: `values` are its place now."""
    conn.execute(update(message).where(message.c.id == message_id).values(values | {"is_history": False}))


def newest_id(conn: Connection, conversation_id: int) -> int:
    """The message of a conversation that arrived last, 0 if it has none."""
    statement = select(func.max(message.c.id)).where(message.c.conversation_id == conversation_id)
    return conn.execute(statement).scalar_one() or 0
