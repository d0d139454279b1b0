"""A thread as it is shown: its messages with all that hangs on them, in WhatsApp's order."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    func,
    literal,
    select,
    tuple_,
    type_coerce,
)

from auth_store.tables import admin
from daemon.domain.message_changes import PendingChange
from daemon.domain.message_kinds import NOTICES, MessageKind
from daemon.domain.messages import Author, Delivery
from daemon.domain.text_cleaning import LONGEST_TEXT
from daemon.domain.transfers import Transfer
from daemon.store import group_people, message_changes, outgoing_files
from daemon.store.group_people import InGroup
from daemon.store.tables.core import message, reaction, turn
from daemon.store.tables.wire_columns import WireText

# characters shown of a message that another one quotes
_QUOTED_LENGTH = 300


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


def of_conversation(
    conn: Connection, conversation_id: int, limit: int = 100, before: tuple[datetime, int] | None = None
) -> list[Bubble]:
    """A conversation's messages in WhatsApp's order, ties by arrival; the newest `limit`, oldest first.

    `before` is (sent_at, id) of a message: only what comes before it.
    """
    return _part(conn, message.c.conversation_id == conversation_id, limit, before)


def of_contact(
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
