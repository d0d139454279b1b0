"""After a crash: what had reached the library but not our books gets a place where a person sees it."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from daemon.domain.ids import Address, ChatKind, Party
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import MessageReceived, Origin, ReceiptReceived
from daemon.domain.time import Clock, believable
from daemon.ingest import receipts
from daemon.ingest.calls import receive_call
from daemon.ingest.group_messages import receive
from daemon.ingest.lines import place_line
from daemon.ingest.messages import is_ourselves
from daemon.logs import without_words
from daemon.store import (
    accounts,
    contacts,
    forgotten_messages,
    messages,
)
from daemon.store import clock as clocks
from daemon.store.accounts import Account
from daemon.store.busy import is_busy
from daemon.store.engine import Database
from daemon.store.portions import write_in_portions
from daemon.whatsapp.arrival_journal import ArrivalJournal
from daemon.whatsapp.arrivals import Arrival, ArrivedReceipt
from daemon.whatsapp.wire_text import moment

T = TypeVar("T")
log = logging.getLogger(__name__)

# notes that can't be read, as many as the log names
_MOST_NAMED = 20


def recover(database: Database, account_id: int, arrivals: ArrivalJournal, clock: Clock) -> int:
    """Put a placeholder for each lost message into its conversation, and apply lost receipts and calls.

    Gives the count of the former.

    Runs before connecting. A reply that was written on the phone closes its turn, as it would have: somebody has
    answered, even if nobody here has seen what. A message that WhatsApp sends once more fills its placeholder
    in; doing this twice changes nothing, and so it goes a portion a transaction: only then it is forgotten. What
    can't be read or placed is counted, and stops nothing else. Lost reactions are not missed.
    """
    now = clock()
    with database.read() as conn:
        account = accounts.get(conn, account_id)
    is_linked = account.device is not None
    placed = _place_all(database, account, arrivals.read() if is_linked else [], MessageKind.LOST, now)
    write_in_portions(
        database,
        arrivals.read_receipts() if is_linked else [],
        lambda conn, found: _apart(conn, partial(_apply, conn, account, found, now)),
    )
    write_in_portions(
        database,
        arrivals.read_calls() if is_linked else [],
        lambda conn, found: _apart(conn, partial(receive_call, conn, account, found, now)),
    )
    lost, failed = placed.count(True), placed.count(None)
    if arrivals.unreadable or failed:
        log.error(
            "%d notes about lost messages could not be read (%s), %d could not be placed",
            len(arrivals.unreadable),
            ", ".join(arrivals.unreadable[:_MOST_NAMED]) or "none",
            failed,
        )
    arrivals.start_anew()
    if lost:
        log.warning("%d messages were lost in a crash and are shown as placeholders", lost)
    return lost


def place_unhandled(
    database: Database, account_id: int, arrivals: ArrivalJournal, clock: Clock, silence: float
) -> int:
    """Put a placeholder for each message that the library acknowledged but never handed over; gives their count.

    So it does with content that it can't parse or decrypt in no way it knows: there is no event. Asked again and
    again: the next message that is handed over tells it, or `silence` seconds without any.
    """
    with arrivals.passed_over(silence) as found:
        if not found:
            return 0
        with database.read() as conn:
            account = accounts.get(conn, account_id)
            found = [arrival for arrival in found if not _is_known(conn, account, arrival)]
        if not found or account.device is None:
            return 0
        if count := _place_all(database, account, found, MessageKind.UNREADABLE, clock()).count(True):
            log.warning("%d messages could not be read by the library and are shown as placeholders", count)
        return count


def _place_all(
    database: Database, account: Account, arrivals: Sequence[Arrival], kind: MessageKind, now: datetime
) -> list[bool | None]:
    """Whether each was placed, None for what failed."""
    placed: list[bool | None] = []
    write_in_portions(
        database,
        arrivals,
        lambda conn, arrival: placed.append(_apart(conn, partial(_place, conn, account, arrival, kind, now))),
    )
    return placed


def _apart(conn: Connection, change: Callable[[], T]) -> T | None:
    """Do one thing so that its failure undoes nothing else; None if it failed."""
    try:
        with conn.begin_nested():
            return change()
    except Exception as error:
        if is_busy(error):
            # the database itself: the next life tries all of it again
            raise
        log.error("something that arrived could not be placed: %s", without_words(error))
        return None


def _place(conn: Connection, account: Account, arrival: Arrival, kind: MessageKind, now: datetime) -> bool:
    """Put the placeholder in; False if there is nothing to be put."""
    if arrival.writer and not _is_own(account, arrival.writer):
        return False
    if _is_known(conn, account, arrival) or is_ourselves(account, arrival.party):
        return False
    if forgotten_messages.has(conn, account.id, arrival.wa_id):
        return False
    whatsapps_now = clocks.on_whatsapps(conn, account.id, now)
    at = believable(moment(arrival.at), whatsapps_now) if arrival.at is not None else whatsapps_now
    device = arrival.writer.device if arrival.writer else 0
    origin = Origin(arrival.party, arrival.writer is not None, device, at, arrival.participant)
    if arrival.is_change:
        return place_line(
            conn, account, MessageReceived(arrival.wa_id, origin, MessageKind.LOST_CHANGE, None), now
        )
    receive(conn, account, MessageReceived(arrival.wa_id, origin, kind, None, arrival.push_name), now)
    return True


def _is_known(conn: Connection, account: Account, arrival: Arrival) -> bool:
    for address in (arrival.party.address, arrival.party.alternative):
        contact_id = contacts.find(conn, account.id, address) if address else None
        if contact_id is not None and messages.find(conn, contact_id, arrival.writer is not None, arrival.wa_id):
            return True
    return False


def _apply(conn: Connection, account: Account, found: ArrivedReceipt, now: datetime) -> None:
    from_me = _is_own(account, found.sender)
    is_group = found.chat is not None and found.chat.kind == ChatKind.GROUP
    chat = found.chat if found.chat is not None and (from_me or is_group) else found.sender
    participant = str(found.sender.bare()) if is_group else None
    origin = Origin(Party(chat.bare()), from_me, found.sender.device, moment(found.at), participant)
    receipts.receive_receipt(conn, account, ReceiptReceived(found.wa_ids, origin, found.kind), now)


def _is_own(account: Account, address: Address) -> bool:
    return address.user == (account.lid if address.is_lid else account.phone)
