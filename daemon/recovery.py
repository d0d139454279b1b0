"""After a crash: what had reached the library but not our books gets a place where a person sees it."""

import logging
from datetime import datetime

from sqlalchemy import Connection

from daemon.domain.messages import MessageKind, MessageReceived, Origin
from daemon.domain.time import Clock, from_unix
from daemon.ingest import incoming
from daemon.store import accounts, contacts, messages
from daemon.store.accounts import Account
from daemon.store.engine import Database
from daemon.whatsapp.arrivals import Arrival, Arrivals

log = logging.getLogger(__name__)


def recover(database: Database, account_id: int, arrivals: Arrivals, clock: Clock) -> int:
    """Put a placeholder for each lost message into its conversation; gives their number.

    Runs before connecting. A message that WhatsApp sends once more fills its placeholder in; doing this
    twice changes nothing.
    """
    with database.write() as conn:
        now = clock()
        account = accounts.get(conn, account_id)
        seen = arrivals.read() if account.device is not None else []
        lost = sum(_place(conn, account, arrival, now) for arrival in seen)
    arrivals.start_anew()
    if lost:
        log.warning("%d messages were lost in a crash and are shown as placeholders", lost)
    return lost


def _place(conn: Connection, account: Account, arrival: Arrival, now: datetime) -> bool:
    for address in (arrival.party.address, arrival.party.alternative):
        contact_id = contacts.find(conn, account.id, address) if address else None
        if contact_id is not None and messages.find(conn, contact_id, False, arrival.wa_id):
            return False
    if incoming.is_ourselves(account, arrival.party):
        return False
    at = min(from_unix(arrival.at), now) if arrival.at is not None else now
    origin = Origin(arrival.party, False, 0, at, arrival.participant)
    placeholder = MessageReceived(arrival.wa_id, origin, MessageKind.LOST, None, arrival.push_name)
    incoming.message(conn, account, placeholder, now)
    return True
