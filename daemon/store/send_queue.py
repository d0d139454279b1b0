"""Which reply leaves next: the oldest that is due, and none before an earlier one to the same customer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, Row, bindparam, func, select, update

from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import OutboxState, Quoted
from daemon.store.outbox import is_queued
from daemon.store.prepared_statement import Prepared
from daemon.store.sql import written_out
from daemon.store.tables.core import message, outbox
from daemon.store.tables.outgoing_files import outgoing_file

_quoted = message.alias("quoted")
# the longest pause between two attempts; a time further off is of a clock that was set back, and holds nothing up
LONGEST_PAUSE = timedelta(seconds=60)
_earlier, _earlier_message = outbox.alias("earlier"), message.alias("earlier_message")


def _waits(row: Any) -> Any:
    """Whether a reply that did not leave at first is not to be tried again yet."""
    return (row.c.due_at > bindparam("now")) & (row.c.due_at <= bindparam("latest"))


# no reply overtakes an earlier one to the same customer
_is_next = (
    is_queued
    & (outbox.c.account_id == bindparam("account_id"))
    & (outbox.c.due_at.is_(None) | ~_waits(outbox))
    # a file that is not on WhatsApp's hosts yet holds back its own message, and nobody's words
    & ~select(outgoing_file.c.message_id)
    .where(outgoing_file.c.message_id == outbox.c.message_id, outgoing_file.c.uploaded_at.is_(None))
    .exists()
    & ~select(_earlier.c.id)
    .join(_earlier_message, _earlier_message.c.id == _earlier.c.message_id)
    .where(
        _earlier.c.account_id == outbox.c.account_id,
        _earlier.c.state == written_out(OutboxState.QUEUED),
        _earlier.c.id < outbox.c.id,
        _earlier_message.c.contact_id == message.c.contact_id,
        _waits(_earlier),
    )
    .exists()
)


def _when(account_id: int, now: datetime) -> dict[str, Any]:
    return {"account_id": account_id, "now": now, "latest": now + LONGEST_PAUSE}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A queued reply with what its sender needs."""

    id: int
    message_id: int
    conversation_id: int
    contact_id: int
    kind: MessageKind
    text: str
    media: dict[str, Any]
    quoted: Quoted | None
    turn_id: int | None
    bot_key: str | None
    queued_at: datetime


def pause_after(attempts: int) -> timedelta:
    """How long what did not leave waits before it is tried again: longer each time."""
    return min(timedelta(seconds=2**attempts), LONGEST_PAUSE)


def take_next(conn: Connection, account_id: int, now: datetime) -> Outgoing | None:
    """Move the oldest reply that is due to `sending`, which counts as an attempt, and return it."""
    row = conn.execute(
        select(
            outbox.c.id,
            outbox.c.message_id,
            message.c.conversation_id,
            message.c.contact_id,
            message.c.kind.label("own_kind"),
            message.c.text,
            message.c.media.label("own_media"),
            message.c.turn_id,
            message.c.bot_key,
            outbox.c.queued_at,
            _quoted.c.wa_id,
            _quoted.c.from_me,
            _quoted.c.participant,
            _quoted.c.kind,
            _quoted.c.text.label("quoted_text"),
            _quoted.c.media,
        )
        .join(message, message.c.id == outbox.c.message_id)
        .outerjoin(
            _quoted,
            (_quoted.c.wa_id == message.c.quoted_wa_id)
            & (_quoted.c.contact_id == message.c.contact_id)
            # what was deleted for everyone is not told again
            & _quoted.c.revoked_at.is_(None),
        )
        .where(_is_next)
        .order_by(outbox.c.id)
        .limit(1),
        _when(account_id, now),
    ).first()
    if row is None:
        return None
    conn.execute(
        update(outbox)
        .where(outbox.c.id == row.id)
        .values(
            state=OutboxState.SENDING.value,
            sending_at=now,
            attempts=outbox.c.attempts + 1,
            newest_message_id=select(func.max(message.c.id)).scalar_subquery(),
        )
    )
    return Outgoing(
        row.id,
        row.message_id,
        row.conversation_id,
        row.contact_id,
        MessageKind(row.own_kind),
        row.text or "",
        row.own_media or {},
        _quoted_of(row),
        row.turn_id,
        row.bot_key,
        row.queued_at,
    )


def _quoted_of(row: Row[*tuple[Any, ...]]) -> Quoted | None:
    if row.wa_id is None:
        return None
    kind = MessageKind(row.kind)
    return Quoted(row.wa_id, row.from_me, row.participant, kind, row.quoted_text, row.media or {})


_next = select(outbox.c.id).join(message, message.c.id == outbox.c.message_id).where(_is_next)
_any_due = Prepared(_next)
_is_later = (
    (outbox.c.account_id == bindparam("account_id", type_=Integer))
    & is_queued
    & (outbox.c.due_at > bindparam("now", type_=outbox.c.due_at.type))
)
_any_later = Prepared(select(outbox.c.id).where(_is_later))
_first_later = select(func.min(outbox.c.due_at, type_=outbox.c.due_at.type)).where(_is_later)


def has_queued(conn: Connection, account_id: int, now: datetime) -> bool:
    """Whether anything is due to be sent (asked after every commit of anybody)."""
    return _any_due.run(conn, _when(account_id, now)) is not None


def next_due(conn: Connection, account_id: int, now: datetime) -> datetime | None:
    """When the next reply that did not leave at first is to be tried again; None if none waits for that."""
    values = {"account_id": account_id, "now": now}
    # asked as often as `has_queued`, and there is hardly ever one
    found = conn.execute(_first_later, values).scalar() if _any_later.run(conn, values) else None
    return None if found is None else min(found, now + LONGEST_PAUSE)
