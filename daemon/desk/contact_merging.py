"""Two customers that a person knows to be one: merged by hand, for good."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.desk import contacts
from daemon.desk.contacts import Customer
from daemon.domain.desk import Action, Actor
from daemon.store import audit, contact_addresses, contact_merge, erasing


class MergeRefused(Exception):
    """The two can't be merged now; `reason` is same, unknown or leaving (a reply to one of them)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def merge(conn: Connection, account_id: int, kept: int, gone: int, actor: Actor, now: datetime) -> Customer:
    """Make one customer of two persons: `kept` has all messages, notes, tags and numbers of both.

    Open turns and queued replies stay, in one conversation. Where both have WhatsApp accounts of their own,
    replies go to the one that wrote last; so none that was meant for the other may be about to leave.
    Raises MergeRefused.
    """
    if kept == gone:
        raise MergeRefused("same")
    both = [contacts.of_account(conn, account_id, one) for one in (kept, gone)]
    if None in both:
        raise MergeRefused("unknown")
    apart = contact_addresses.are_two_accounts(conn, kept, gone)
    if erasing.is_sending(conn, [kept, gone]) or (apart and contact_addresses.has_leaving(conn, [kept, gone])):
        raise MergeRefused("leaving")
    contact_addresses.take_over(conn, kept, gone)
    contact_merge.merge(conn, account_id, kept, gone, now)
    survivor = contacts.of_account(conn, account_id, kept)
    assert survivor is not None
    detail = {"kept": kept, "gone": gone}
    where = survivor.conversation_id
    audit.record(conn, account_id, Action.CONTACT_MERGED, actor, now, where, detail=detail)
    contacts.announce(conn, survivor, now)
    return survivor
