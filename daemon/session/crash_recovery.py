"""After a crash: what had reached the library but not our books gets a place where a person sees it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection

from daemon.domain.ids import Address, Party
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import MessageReceived, Origin, ReceiptReceived
from daemon.domain.time import Clock, believable, from_unix
from daemon.ingest import receipts
from daemon.ingest.messages import is_ourselves, receive_message
from daemon.logs import without_words
from daemon.store import accounts, clock, contacts, forgotten_messages, messages
from daemon.store.accounts import Account
from daemon.store.busy import is_busy
from daemon.store.engine import Database
from daemon.whatsapp.arrival_journal import Arrival, ArrivalJournal, ArrivedReceipt

log = logging.getLogger(__name__)


def recover(database: Database, account_id: int, arrivals: ArrivalJournal, clock: Clock) -> int:
    """Put a placeholder for each lost message into its conversation, and apply lost receipts; gives the former's
    count.

    Runs before connecting. A reply that was written on the phone closes its turn, as it would have: somebody has
    answered, even if nobody here has seen what. A message that WhatsApp sends once more fills its placeholder
    in; doing this twice changes nothing.
    """
    with database.write() as conn:
        now = clock()
        account = accounts.get(conn, account_id)
        is_linked = account.device is not None
        lost = 0
        for arrival in arrivals.read() if is_linked else []:
            with _alone(conn, "a lost message"):
                lost += _place(conn, account, arrival, now)
        for found in arrivals.read_receipts() if is_linked else []:
            with _alone(conn, "a lost receipt"):
                receipts.receive_receipt(conn, account, _receipt(account, found), now)
    arrivals.start_anew()
    if lost:
        log.warning("%d messages were lost in a crash and are shown as placeholders", lost)
    return lost


@contextmanager
def _alone(conn: Connection, what: str) -> Iterator[None]:
    """What can't be recovered is reported and passed over: it must not end one life after the other."""
    try:
        with conn.begin_nested():
            yield
    except Exception as error:
        if is_busy(error):
            raise
        log.error("%s can't be recovered: %s", what, without_words(error))


def _place(conn: Connection, account: Account, arrival: Arrival, now: datetime) -> bool:
    from_me = arrival.writer is not None
    if arrival.writer and not _is_own(account, arrival.writer):
        return False
    if forgotten_messages.has(conn, account.id, arrival.wa_id):
        return False
    for address in arrival.party.addresses:
        contact_id = contacts.find(conn, account.id, address)
        if contact_id is not None and messages.find(conn, contact_id, from_me, arrival.wa_id):
            return False
    if is_ourselves(account, arrival.party):
        return False
    whatsapps_now = clock.on_whatsapps(conn, account.id, now)
    at = believable(from_unix(arrival.at), whatsapps_now) if arrival.at is not None else whatsapps_now
    device = arrival.writer.device if arrival.writer else 0
    origin = Origin(arrival.party, from_me, device, at, arrival.participant)
    placeholder = MessageReceived(arrival.wa_id, origin, MessageKind.LOST, None, arrival.push_name)
    receive_message(conn, account, placeholder, now)
    return True


def _receipt(account: Account, found: ArrivedReceipt) -> ReceiptReceived:
    from_me = _is_own(account, found.sender)
    chat = found.chat if from_me and found.chat else found.sender
    origin = Origin(Party(chat.bare()), from_me, found.sender.device, from_unix(found.at))
    return ReceiptReceived(found.wa_ids, origin, found.kind)


def _is_own(account: Account, address: Address) -> bool:
    return address.user == (account.lid if address.is_lid else account.phone)
