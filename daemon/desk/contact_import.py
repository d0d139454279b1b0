"""Persons from a file: named, or made known with their number; nothing is sent, and no number is asked about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from daemon.desk import contacts
from daemon.desk.contacts import Customer
from daemon.domain.contact_files import FileRow
from daemon.domain.desk import Action, Actor
from daemon.domain.ids import PHONE_SERVER, Address, Party
from daemon.store import accounts, audit, contact_details, contact_names, conversations
from daemon.store import contacts as store_contacts


class Outcome(StrEnum):
    """What a row of a file does."""

    NEW = "new"
    CHANGED = "changed"
    KNOWN = "known"
    OURS = "ours"


@dataclass(frozen=True, slots=True)
class Planned:
    """A row with what it does, and the name that its customer has now."""

    row: FileRow
    outcome: Outcome
    before: str = ""


def plan(conn: Connection, account_id: int, rows: Sequence[FileRow]) -> list[Planned]:
    """What the readable rows of a file would do."""
    own = accounts.get(conn, account_id).phone
    return [_plan(conn, account_id, row, own) for row in rows if row.problem is None]


def _plan(conn: Connection, account_id: int, row: FileRow, own: str | None) -> Planned:
    if row.phone == own:
        return Planned(row, Outcome.OURS)
    contact_id = store_contacts.find(conn, account_id, Address(row.phone, PHONE_SERVER))
    card = contact_details.card(conn, contact_id) if contact_id is not None else None
    if card is None:
        return Planned(row, Outcome.NEW)
    before = card.shop_name or card.name or ""
    return Planned(row, Outcome.KNOWN if card.shop_name == row.name else Outcome.CHANGED, before)


def take(conn: Connection, account_id: int, rows: Sequence[FileRow], now: datetime) -> tuple[int, int]:
    """Take some rows of a file in: how many were new, and how many got another name. Again changes nothing."""
    new = changed = 0
    for planned in plan(conn, account_id, rows):
        if planned.outcome not in (Outcome.NEW, Outcome.CHANGED):
            continue
        party = Party(Address(planned.row.phone, PHONE_SERVER))
        contact_id = store_contacts.resolve(conn, account_id, party, now)
        if not contact_names.set_shop_name(conn, contact_id, planned.row.name):
            continue
        here = conversations.current(conn, contact_id)
        if here is not None:
            contacts.announce(conn, Customer(account_id, contact_id, here.conversation_id), now)
        new, changed = new + (planned.outcome == Outcome.NEW), changed + (planned.outcome == Outcome.CHANGED)
    return new, changed


def record(conn: Connection, account_id: int, new: int, changed: int, actor: Actor, now: datetime) -> None:
    """Note who took a file in."""
    audit.record(conn, account_id, Action.CONTACTS_IMPORTED, actor, now, detail={"new": new, "changed": changed})
