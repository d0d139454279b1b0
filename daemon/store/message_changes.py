"""Changes of messages on their way out: queued → sending → sent | failed | uncertain, as replies are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Row, bindparam, func, insert, select, update

from daemon.domain.message_changes import ChangeKind, PendingChange
from daemon.domain.messages import OutboxState
from daemon.store.prepared_statement import Prepared
from daemon.store.send_queue import LONGEST_PAUSE
from daemon.store.sql import changed, written_out
from daemon.store.tables.core import message
from daemon.store.tables.message_changes import message_change, message_version

_UNSETTLED = (OutboxState.QUEUED, OutboxState.SENDING, OutboxState.UNCERTAIN)
# by the words of its index
_is_unsettled = message_change.c.state.in_([written_out(state) for state in _UNSETTLED])
_SHOWN = [state.value for state in (*_UNSETTLED, OutboxState.FAILED)]
_is_queued = message_change.c.state == written_out(OutboxState.QUEUED)
_is_of_account = message_change.c.account_id == bindparam("account_id", type_=Integer)
_due_at = message_change.c.due_at
_waits = (_due_at > bindparam("now", type_=_due_at.type)) & (_due_at <= bindparam("latest", type_=_due_at.type))
_is_due = _is_unsettled & _is_queued & _is_of_account & (_due_at.is_(None) | ~_waits)
_any_due = Prepared(select(message_change.c.id).where(_is_due))
_first_later = select(func.min(_due_at, type_=_due_at.type)).where(
    _is_unsettled & _is_queued & _is_of_account & _waits
)


@dataclass(frozen=True, slots=True)
class OutgoingChange:
    """A change on its way out, with the message that it is about."""

    id: int
    message_id: int
    conversation_id: int
    contact_id: int
    kind: ChangeKind
    text: str | None
    target_wa_id: str | None
    target_from_me: bool
    target_participant: str | None
    target_sent_at: datetime
    is_revoked: bool
    state: OutboxState
    attempts: int
    admin_id: int | None


_changes = select(
    message_change.c.id,
    message_change.c.message_id,
    message.c.conversation_id,
    message.c.contact_id,
    message_change.c.kind,
    message_change.c.text,
    message.c.wa_id.label("target_wa_id"),
    message.c.from_me.label("target_from_me"),
    message.c.participant.label("target_participant"),
    message.c.sent_at.label("target_sent_at"),
    message.c.revoked_at,
    message_change.c.state,
    message_change.c.attempts,
    message_change.c.admin_id,
).join(message, message.c.id == message_change.c.message_id)


def _when(account_id: int, now: datetime) -> dict[str, Any]:
    return {"account_id": account_id, "now": now, "latest": now + LONGEST_PAUSE}


def queue(
    conn: Connection,
    account_id: int,
    message_id: int,
    kind: ChangeKind,
    text: str | None,
    admin_id: int | None,
    now: datetime,
) -> int:
    """Queue a change of a message."""
    values: dict[str, Any] = {"account_id": account_id, "message_id": message_id, "kind": kind.value, "text": text}
    values |= {"admin_id": admin_id, "state": OutboxState.QUEUED.value, "queued_at": now}
    return conn.execute(insert(message_change).values(values).returning(message_change.c.id)).scalar_one()


def withdraw(conn: Connection, message_id: int, kinds: Sequence[ChangeKind]) -> None:
    """Take back what a newer change makes needless: queued ones leave no more, failed ones are no longer shown."""
    ended = (OutboxState.QUEUED.value, OutboxState.FAILED.value)
    conn.execute(
        update(message_change)
        .where(
            message_change.c.message_id == message_id,
            message_change.c.kind.in_([kind.value for kind in kinds]),
            message_change.c.state.in_(ended),
        )
        .values(state=OutboxState.CANCELLED.value)
    )


def has_queued(conn: Connection, account_id: int, now: datetime) -> bool:
    """Whether a change is due to be sent (asked after every commit of anybody)."""
    return _any_due.run(conn, _when(account_id, now)) is not None


def next_due(conn: Connection, account_id: int, now: datetime) -> datetime | None:
    """When the next change that did not leave at first is to be tried again."""
    return conn.execute(_first_later, _when(account_id, now)).scalar()


def take_next(conn: Connection, account_id: int, now: datetime) -> OutgoingChange | None:
    """Move the oldest change that is due to `sending`, which counts as an attempt."""
    row = conn.execute(
        _changes.where(_is_due).order_by(message_change.c.id).limit(1), _when(account_id, now)
    ).first()
    if row is None:
        return None
    values = {"state": OutboxState.SENDING.value, "sending_at": now, "attempts": row.attempts + 1}
    conn.execute(update(message_change).where(message_change.c.id == row.id).values(values))
    return _change(row)


def note_wa_id(conn: Connection, change_id: int, wa_id: str) -> bool:
    """Write WhatsApp's id of a change that is about to leave; False if it is not under way any more."""
    return changed(
        conn,
        update(message_change)
        .where(message_change.c.id == change_id, message_change.c.state == OutboxState.SENDING.value)
        .values(wa_id=wa_id),
    )


def settle(conn: Connection, change_id: int, state: OutboxState, error: str | None = None) -> bool:
    """End (or leave open as uncertain, or queue again) what is not settled; False if it was."""
    return changed(
        conn,
        update(message_change)
        .where(message_change.c.id == change_id, _is_unsettled)
        .values(state=state.value, error=error[:200] if error else None),
    )


def proved(conn: Connection, change_id: int) -> None:
    """Something shows that a change has reached WhatsApp, whatever its state says."""
    values = {"state": OutboxState.SENT.value, "error": None}
    conn.execute(update(message_change).where(message_change.c.id == change_id).values(values))


def postpone(conn: Connection, change_id: int, due_at: datetime) -> None:
    """A queued change is not to be tried again before this."""
    conn.execute(update(message_change).where(message_change.c.id == change_id).values(due_at=due_at))


def put_back(conn: Connection, change_id: int) -> None:
    """It was the link: a change waits again, and the attempt does not count."""
    conn.execute(
        update(message_change)
        .where(message_change.c.id == change_id, message_change.c.state == OutboxState.SENDING.value)
        .values(state=OutboxState.QUEUED.value, attempts=message_change.c.attempts - 1)
    )


def try_again(conn: Connection, change_id: int, now: datetime) -> bool:
    """A person wants an uncertain or failed change sent once more; False if it is neither any more."""
    undone = (OutboxState.UNCERTAIN.value, OutboxState.FAILED.value)
    values = {"state": OutboxState.QUEUED.value, "queued_at": now, "due_at": None, "attempts": 0, "error": None}
    return changed(
        conn,
        update(message_change)
        .where(message_change.c.id == change_id, message_change.c.state.in_(undone))
        .values(values),
    )


def drop(conn: Connection, change_id: int) -> bool:
    """A person lets an uncertain or failed change be; False if it is neither any more."""
    undone = (OutboxState.UNCERTAIN.value, OutboxState.FAILED.value)
    return changed(
        conn,
        update(message_change)
        .where(message_change.c.id == change_id, message_change.c.state.in_(undone))
        .values(state=OutboxState.DISCARDED.value),
    )


def find(conn: Connection, change_id: int) -> OutgoingChange | None:
    """A change by its id."""
    return _first(conn, message_change.c.id == change_id)


def under_way(conn: Connection, account_id: int) -> list[tuple[OutgoingChange, bool]]:
    """What was left in `sending` by a session that ended in the middle, and whether it had got its id."""
    is_sending = message_change.c.state == OutboxState.SENDING.value
    rows = conn.execute(
        _changes.add_columns(message_change.c.wa_id.is_not(None).label("has_id")).where(
            message_change.c.account_id == account_id, _is_unsettled, is_sending
        )
    )
    return [(_change(row), bool(row.has_id)) for row in rows]


def queued(conn: Connection, account_id: int) -> list[OutgoingChange]:
    """All changes of an account that have not left yet, oldest first."""
    here = (message_change.c.account_id == account_id) & _is_unsettled & _is_queued
    return [_change(row) for row in conn.execute(_changes.where(here).order_by(message_change.c.id))]


def with_wa_ids(conn: Connection, account_id: int, wa_ids: Sequence[str]) -> list[OutgoingChange]:
    """The changes that left with some of WhatsApp's ids."""
    here = (message_change.c.account_id == account_id) & message_change.c.wa_id.in_(wa_ids)
    return [_change(row) for row in conn.execute(_changes.where(here))]


def pending(conn: Connection, message_ids: Sequence[int]) -> dict[int, list[PendingChange]]:
    """What some messages show beside what they are, oldest first."""
    columns = message_change.c.id, message_change.c.message_id, message_change.c.kind, message_change.c.text
    rows = conn.execute(
        select(*columns, message_change.c.state).where(
            message_change.c.message_id.in_(message_ids), message_change.c.state.in_(_SHOWN)
        )
    )
    found: dict[int, list[PendingChange]] = {}
    for row in sorted(rows, key=lambda row: row.id):
        one = PendingChange(row.id, row.message_id, ChangeKind(row.kind), row.text, OutboxState(row.state))
        found.setdefault(row.message_id, []).append(one)
    return found


def keep_version(conn: Connection, message_id: int, text: str | None, until: datetime) -> None:
    """Keep the words that an edit replaces."""
    conn.execute(insert(message_version).values(message_id=message_id, text=text, until=until))


def versions(conn: Connection, message_ids: Sequence[int]) -> dict[int, list[str]]:
    """The words that stood in some messages before, oldest first."""
    rows = conn.execute(
        select(message_version.c.id, message_version.c.message_id, message_version.c.text).where(
            message_version.c.message_id.in_(message_ids)
        )
    )
    found: dict[int, list[str]] = {}
    for row in sorted(rows, key=lambda row: row.id):
        found.setdefault(row.message_id, []).append(row.text or "")
    return found


def _first(conn: Connection, condition: ColumnElement[bool]) -> OutgoingChange | None:
    row = conn.execute(_changes.where(condition)).first()
    return _change(row) if row else None


def _change(row: Row[*tuple[Any, ...]]) -> OutgoingChange:
    return OutgoingChange(
        row.id,
        row.message_id,
        row.conversation_id,
        row.contact_id,
        ChangeKind(row.kind),
        row.text,
        row.target_wa_id,
        row.target_from_me,
        row.target_participant,
        row.target_sent_at,
        row.revoked_at is not None,
        OutboxState(row.state),
        row.attempts,
        row.admin_id,
    )
