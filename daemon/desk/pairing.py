"""Linking an account and what people wish of its link: who waits for codes, who may end it or try it again.

`link.pair_until` is a lease: the session shows codes until then, and whoever waits for one renews it.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from daemon.domain.links import can_reconnect, can_unlink, wants_pairing
from daemon.store import accounts, links
from daemon.store.accounts import Account
from daemon.store.links import WISH_RECONNECT, WISH_UNLINK, Link

# codes keep coming so long after somebody last looked; a look is written down if the last one is a minute old
LEASE, RENEWED_AFTER = timedelta(minutes=10), timedelta(minutes=1)


def is_linked(account: Account, link: Link) -> bool:
    """Whether a phone has linked this account, or is just doing so: codes are of no use then."""
    return account.device is not None and not wants_pairing(link.state)


def is_awaited(link: Link, now: datetime) -> bool:
    """Whether somebody waits for a code."""
    return link.pair_until is not None and now < link.pair_until


def is_due(conn: Connection, account_id: int, now: datetime) -> bool:
    """Whether `keep_codes_coming` has something to write."""
    link = links.get(conn, account_id)
    if is_linked(accounts.get(conn, account_id), link):
        return False
    return link.pair_until is None or now + LEASE - link.pair_until > RENEWED_AFTER


def keep_codes_coming(conn: Connection, account_id: int, now: datetime) -> bool:
    """Somebody looks; False, and nothing changes, if that is known or there is nothing to link."""
    if not is_due(conn, account_id, now):
        return False
    links.change(conn, account_id, now, pair_until=now + LEASE)
    return True


def stop(conn: Connection, account_id: int, now: datetime) -> None:
    """Nobody waits for codes any more."""
    links.change(conn, account_id, now, pair_until=None)


def ask_for_code(conn: Connection, account_id: int, phone: str, now: datetime) -> bool:
    """Ask for the letters that this phone (digits with country code) links by; False if a phone is linked."""
    link = links.get(conn, account_id)
    if is_linked(accounts.get(conn, account_id), link):
        return False
    # WhatsApp is asked once for a phone, and its answer still holds
    code = link.pair_code if link.pair_phone == phone else None
    links.change(conn, account_id, now, pair_phone=phone, pair_code=code, pair_until=now + LEASE)
    return True


def use_qr(conn: Connection, account_id: int, now: datetime) -> bool:
    """Back from the letters to the picture; False if a phone is linked."""
    if is_linked(accounts.get(conn, account_id), links.get(conn, account_id)):
        return False
    links.change(conn, account_id, now, pair_phone=None, pair_code=None, pair_until=now + LEASE)
    return True


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
