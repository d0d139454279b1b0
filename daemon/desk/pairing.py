"""What people wish of an account's link: whether it may be ended, and whether it is to be tried again."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.domain.links import can_reconnect, can_unlink, wants_pairing
from daemon.store import links
from daemon.store.accounts import Account
from daemon.store.links import WISH_RECONNECT, WISH_UNLINK, Link


def is_linked(account: Account, link: Link) -> bool:
    """Whether a phone has linked this account, or is just doing so: codes are of no use then."""
    return account.device is not None and not wants_pairing(link.state)


def may_unlink(link: Link) -> bool:
    """Whether a person may end this link now; he may as well when a new connection is wished for."""
    return can_unlink(link.state) and link.wish != WISH_UNLINK


def may_reconnect(link: Link) -> bool:
    """Whether a person may ask for a connection now."""
    return can_reconnect(link.state) and not link.wish


def wish_unlink(conn: Connection, account_id: int, now: datetime) -> bool:
    """Ask for the end of a link, and for no codes after it; False, and nothing changes, if it may not be."""
    if not may_unlink(links.get(conn, account_id)):
        return False
    links.change(conn, account_id, now, wish=WISH_UNLINK, pair_until=None)
    return True


def wish_reconnect(conn: Connection, account_id: int, now: datetime) -> bool:
    """Ask for a connection now; False, and nothing changes, if it may not be."""
    if not may_reconnect(links.get(conn, account_id)):
        return False
    links.change(conn, account_id, now, wish=WISH_RECONNECT)
    return True
