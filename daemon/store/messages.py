"""Messages as they are kept and shown: written once, then only marked (edited, revoked, delivered, read)."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
    tuple_,
    type_coerce,
    update,
)

from auth_store.tables import admin
from daemon.domain.message_changes import PendingChange
from daemon.domain.message_kinds import NOTICES, PLACEHOLDERS, MessageKind
from daemon.domain.messages import DELIVERY_ORDER, Author, Delivery
from daemon.domain.text_cleaning import LONGEST_TEXT
from daemon.domain.transfers import Transfer
from daemon.store import group_people, message_changes, outgoing_files
from daemon.store.group_people import InGroup
from daemon.store.prepared_statement import Prepared
from daemon.store.sql import changed, insert_new, upsert
from daemon.store.tables.core import message, reaction, turn
from daemon.store.tables.message_changes import message_version
from daemon.store.tables.wire_columns import WireText


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message as a thread shows it."""

    id: int
    conversation_id: int
    contact_id: int
    from_me: bool
    author: Author
    admin_id: int | None
    admin_name: str | None
    device: int | None
    kind: MessageKind
    text: str | None
    media: dict[str, Any] | None
    sent_at: datetime
    delivery: Delivery | None
    edited: bool
    revoked: bool
    is_history: bool
    quoted_text: str | None
    quoted_from_me: bool | None
    reactions: tuple[str, ...] = field(default=())
    turn_id: int | None = None
    is_automatic: bool = False
    # who closed its turn, and when
    closed_by: Author | None = None
    closed_at: datetime | None = None
    # it was longer than what is kept, or shown
    is_cut: bool = False
    # a device of the customer's could not read it, and nobody has decided yet; or it was sent again as a new one
    is_unreadable: bool = False
    was_sent_again: bool = False
    # changes of ours that are not with WhatsApp yet, and the words that stood here before, oldest first
    pending: tuple[PendingChange, ...] = ()
    earlier_texts: tuple[str, ...] = ()
    quoted_message_id: int | None = None
    quoted_kind: MessageKind | None = None
    # inside a group: who wrote this, and what it quotes, by address; and all that is known of these people
    participant: str | None = None
    quoted_participant: str | None = None
    in_group: InGroup | None = None
    # its file is not with WhatsApp yet
    transfer: Transfer | None = None


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


# characters shown of a message that another one quotes
_QUOTED_LENGTH = 300
_quoted = message.alias("quoted")
_bubbles = (
    select(
        message.c.id,
        message.c.conversation_id,
        message.c.contact_id,
        message.c.from_me,
        message.c.author,
        message.c.admin_id,
        admin.c.name.label("admin_name"),
        message.c.device,
        message.c.kind,
        message.c.text,
        message.c.media,
        message.c.sent_at,
        message.c.delivery,
        message.c.edited_at,
        message.c.revoked_at,
        message.c.is_history,
        message.c.is_cut,
        message.c.participant,
        message.c.turn_id,
        message.c.is_automatic,
        message.c.retry_asked_at,
        message.c.unreadable_at,
        turn.c.closed_by,
        turn.c.closed_at,
        func.substr(_quoted.c.text, 1, _QUOTED_LENGTH, type_=WireText).label("quoted_text"),
        _quoted.c.from_me.label("quoted_from_me"),
        _quoted.c.id.label("quoted_message_id"),
        _quoted.c.kind.label("quoted_kind"),
        _quoted.c.participant.label("quoted_participant"),
        select(type_coerce(func.aggregate_strings(reaction.c.emoji, " "), WireText))
        .where(reaction.c.message_id == message.c.id, reaction.c.emoji != "")
        .scalar_subquery()
        .label("reactions"),
    )
    .outerjoin(admin, admin.c.id == message.c.admin_id)
    .outerjoin(turn, turn.c.id == message.c.turn_id)
    .outerjoin(
        _quoted,
        (_quoted.c.wa_id == message.c.quoted_wa_id) & (_quoted.c.contact_id == message.c.contact_id),
    )
)


def thread(
    conn: Connection, conversation_id: int, limit: int = 100, before: tuple[datetime, int] | None = None
) -> list[Bubble]:
    """A conversation's messages in WhatsApp's order, ties by arrival; the newest `limit`, oldest first.

    `before` is (sent_at, id) of a message: only what comes before it.
    """
    return _part(conn, message.c.conversation_id == conversation_id, limit, before)


def thread_of_contact(
    conn: Connection, contact_id: int, limit: int, before: tuple[datetime, int] | None = None
) -> list[Bubble]:
    """The same of all conversations of a contact, as one thread."""
    return _part(conn, message.c.contact_id == contact_id, limit, before)


def _part(
    conn: Connection, which: ColumnElement[bool], limit: int, before: tuple[datetime, int] | None
) -> list[Bubble]:
    statement = _bubbles.where(which)
    if before is not None:
        start = tuple_(literal(before[0], message.c.sent_at.type), literal(before[1]))
        statement = statement.where(tuple_(message.c.sent_at, message.c.id) < start)
    rows = conn.execute(statement.order_by(message.c.sent_at.desc(), message.c.id.desc()).limit(limit)).all()
    return _with_all(conn, [_bubble(row) for row in reversed(rows)])


def bubble(conn: Connection, message_id: int) -> Bubble | None:
    """One message as a thread shows it; None if there is none."""
    row = conn.execute(_bubbles.where(message.c.id == message_id)).first()
    return _with_all(conn, [_bubble(row)])[0] if row else None


def _with_all(conn: Connection, bubbles: list[Bubble]) -> list[Bubble]:
    people = group_people.of(conn, bubbles)
    known = [replace(one, in_group=people[one.id]) if one.id in people else one for one in bubbles]
    return with_changes(conn, known)


def with_changes(conn: Connection, bubbles: list[Bubble]) -> list[Bubble]:
    """The same with what is about to be changed in them, what was, and how far their files are."""
    ids = [bubble.id for bubble in bubbles]
    pending = message_changes.pending(conn, ids)
    edited = [bubble.id for bubble in bubbles if bubble.edited]
    earlier = message_changes.versions(conn, edited) if edited else {}
    leaving = [one.id for one in bubbles if one.delivery == Delivery.QUEUED and one.kind.info.has_file]
    transfers = outgoing_files.transfers(conn, leaving) if leaving else {}
    if not pending and not earlier and not transfers:
        return bubbles
    return [
        replace(
            bubble,
            pending=tuple(pending.get(bubble.id, ())),
            earlier_texts=tuple(earlier.get(bubble.id, ())),
            transfer=transfers.get(bubble.id),
        )
        for bubble in bubbles
    ]


def quotable(conn: Connection, contact_id: int, message_id: int) -> str | None:
    """WhatsApp's id of a message that a reply to its customer can quote; None if there is none."""
    return conn.execute(
        select(message.c.wa_id).where(
            message.c.id == message_id,
            message.c.contact_id == contact_id,
            message.c.revoked_at.is_(None),
            message.c.kind.not_in(sorted(NOTICES)),
        )
    ).scalar()


def _bubble(row: Row[*tuple[Any, ...]]) -> Bubble:
    return Bubble(
        id=row.id,
        conversation_id=row.conversation_id,
        contact_id=row.contact_id,
        from_me=row.from_me,
        author=Author(row.author),
        admin_id=row.admin_id,
        admin_name=row.admin_name,
        device=row.device,
        kind=MessageKind(row.kind),
        # an older version has kept longer ones
        text=row.text[:LONGEST_TEXT] if row.text else row.text,
        media=row.media,
        sent_at=row.sent_at,
        delivery=Delivery(row.delivery) if row.delivery else None,
        edited=row.edited_at is not None,
        revoked=row.revoked_at is not None,
        is_history=row.is_history,
        quoted_text=row.quoted_text,
        quoted_from_me=row.quoted_from_me,
        quoted_message_id=row.quoted_message_id,
        quoted_kind=MessageKind(row.quoted_kind) if row.quoted_kind else None,
        reactions=tuple(row.reactions.split(" ")) if row.reactions else (),
        participant=row.participant,
        quoted_participant=row.quoted_participant,
        turn_id=row.turn_id,
        is_automatic=row.is_automatic,
        closed_by=Author(row.closed_by) if row.closed_by else None,
        closed_at=row.closed_at,
        is_cut=row.is_cut or len(row.text or "") > LONGEST_TEXT,
        is_unreadable=row.unreadable_at is not None and row.retry_asked_at is not None and row.revoked_at is None,
        was_sent_again=row.unreadable_at is not None and row.retry_asked_at is None,
    )


def newest_id(conn: Connection, conversation_id: int) -> int:
    """The message of a conversation that arrived last, 0 if it has none."""
    statement = select(func.max(message.c.id)).where(message.c.conversation_id == conversation_id)
    return conn.execute(statement).scalar_one() or 0
