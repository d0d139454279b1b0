"""Calls as far as WhatsApp has told of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, or_, select, update

from daemon.domain.calls import CallState, wa_id_of
from daemon.domain.ids import Party, parse_address
from daemon.store.portions import MOST_ROWS
from daemon.store.sql import changed, insert_new, written_out
from daemon.store.tables.calls import phone_call

# WhatsApp keeps nothing for a device that was away for longer
KEPT = timedelta(days=30)

_is_ringing = phone_call.c.state == written_out(CallState.RINGING)


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `at` by WhatsApp's clock."""

    call_id: str
    party: Party
    participant: str | None
    is_video: bool
    state: CallState
    at: datetime


def find(conn: Connection, account_id: int, call_id: str) -> Call | None:
    """A call that was heard of."""
    row = conn.execute(select(phone_call).where(_is(account_id, call_id))).first()
    return _call(row) if row else None


def add(conn: Connection, account_id: int, call: Call, now: datetime) -> None:
    """Keep a call that was not heard of before, and forget the old ones."""
    old = (phone_call.c.account_id == account_id) & (phone_call.c.arrived_at < now - KEPT)
    conn.execute(delete(phone_call).where(old))
    conn.execute(
        insert_new(phone_call).values(
            account_id=account_id,
            call_id=call.call_id,
            address=str(call.party.address),
            alternative=str(call.party.alternative) if call.party.alternative else None,
            participant=call.participant,
            is_video=call.is_video,
            state=call.state.value,
            at=call.at,
            arrived_at=now,
        )
    )


def settle(conn: Connection, account_id: int, call_id: str, state: CallState) -> bool:
    """Say what has become of a call; False if that was known."""
    return changed(
        conn,
        update(phone_call)
        .where(_is(account_id, call_id), phone_call.c.state != state.value)
        .values(state=state.value),
    )


def rings_since(conn: Connection, account_id: int) -> datetime | None:
    """When we heard of the first call that rings, by our clock; None if none does."""
    first = select(func.min(phone_call.c.arrived_at, type_=phone_call.c.arrived_at.type))
    return conn.execute(first.where(phone_call.c.account_id == account_id, _is_ringing)).scalar()


def ringing(conn: Connection, account_id: int, until: datetime) -> list[Call]:
    """Calls that ring and were heard of by then, the oldest first."""
    rows = select(phone_call).where(
        phone_call.c.account_id == account_id, _is_ringing, phone_call.c.arrived_at <= until
    )
    return [_call(row) for row in conn.execute(rows.order_by(phone_call.c.arrived_at).limit(MOST_ROWS))]


def wa_ids_of(conn: Connection, account_id: int, addresses: Sequence[str]) -> list[str]:
    """What stands for the ids of somebody's calls."""
    rows = conn.execute(select(phone_call.c.call_id).where(_is_by(account_id, addresses)))
    return [wa_id_of(call_id) for call_id in rows.scalars()]


def forget(conn: Connection, account_id: int, addresses: Sequence[str]) -> None:
    """Take away somebody's calls."""
    conn.execute(delete(phone_call).where(_is_by(account_id, addresses)))


def _is(account_id: int, call_id: str) -> ColumnElement[bool]:
    return (phone_call.c.account_id == account_id) & (phone_call.c.call_id == call_id)


def _is_by(account_id: int, addresses: Sequence[str]) -> ColumnElement[bool]:
    columns = phone_call.c.address, phone_call.c.alternative, phone_call.c.participant
    return (phone_call.c.account_id == account_id) & or_(*(column.in_(addresses) for column in columns))


def _call(row: Row[*tuple[Any, ...]]) -> Call:
    other = parse_address(row.alternative) if row.alternative else None
    party = Party(parse_address(row.address), other)
    return Call(row.call_id, party, row.participant, row.is_video, CallState(row.state), row.at)
