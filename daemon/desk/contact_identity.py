"""Who a party is: two contacts that turn out to be one may have been answered in the other one's chat."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.desk import other_devices, receipts
from daemon.domain.ids import Party
from daemon.store import contacts, conversations, other_answers


def find(conn: Connection, account_id: int, party: Party, now: datetime) -> int | None:
    """The contact of a party, None if there is none yet; merged as by `resolve`, but never created.

    Only a message moves a number: what is about an earlier one may be older than the move.
    """
    if contacts.is_split(conn, account_id, party):
        return resolve(conn, account_id, party, now, is_old=True)
    return contacts.find_party(conn, account_id, party)


def resolve(conn: Connection, account_id: int, party: Party, now: datetime, *, is_old: bool = False) -> int:
    """The contact of a party, created if new, merged with its other half if that is known only now.

    What another own device has answered in one half holds for both: it closes the turn that it is later than, and
    stops what is queued. So do receipts that came from the other half's address. `is_old`: history tells it.
    """
    split = contacts.is_split(conn, account_id, party)
    contact_id = contacts.resolve(conn, account_id, party, now, is_old=is_old)
    if not split:
        return contact_id
    receipts.apply_again(conn, account_id, contact_id, now)
    answer, here = other_answers.newest_elsewhere(conn, contact_id), conversations.current(conn, contact_id)
    if answer is not None and here is not None:
        other_devices.answered(
            conn, account_id, here.conversation_id, answer.message_id, answer.closer, now, answer.sent_at
        )
    return contact_id
