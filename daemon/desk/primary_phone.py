"""When the primary phone was last alive and what that means: the ladder's job, and the daily question to it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from daemon.domain.ids import LID_SERVER, PHONE_SERVER, Address
from daemon.domain.links import LinkReason, LinkState, is_online
from daemon.domain.primary_phone import (
    ASKING,
    DEAF_AFTER,
    ORDER,
    PING_EVERY,
    PhoneLimits,
    PhoneStep,
    is_back,
    ping_is_due,
    step,
    why_unlinked,
)
from daemon.store import accounts, evidence, links
from daemon.store.accounts import Account
from daemon.store.links import Link

# what changes all the time is written down this often
WRITE_EVERY = timedelta(hours=1)
# until a question that could not be sent is tried again
ASK_AGAIN = timedelta(minutes=10)

_HEARING = {LinkState.CATCHING_UP, LinkState.ONLINE, LinkState.UNSTABLE}


def has_work(conn: Connection, account_id: int, limits: PhoneLimits, now: datetime) -> bool:
    """Whether there is anything to write about the phone."""
    return bool(_changes(conn, account_id, limits, now))


def tend(conn: Connection, account_id: int, limits: PhoneLimits, now: datetime) -> None:
    """Write where the phone stands, and announce it."""
    if changes := _changes(conn, account_id, limits, now):
        links.change(conn, account_id, now, **changes)


def _changes(conn: Connection, account_id: int, limits: PhoneLimits, now: datetime) -> dict[str, Any]:
    account, link = accounts.get(conn, account_id), links.get(conn, account_id)
    if account.device is None:
        # nothing is linked: there is no phone to miss
        return (
            {"phone_step": PhoneStep.FINE.value, "phone_back_at": None}
            if link.phone_step != PhoneStep.FINE
            else {}
        )
    changes = _listening(link, now)
    last = evidence.latest(conn, account_id)
    seen_at = last.at if last else None
    since = changes.get("listening_since", link.listening_since)
    present = step(seen_at, account.linked_at, now, limits, since)
    if not is_online(link.state):
        # what the phone did meanwhile is still to come: nobody is alarmed before it is here
        present = min(present, link.phone_step, key=ORDER.index)
    if present != link.phone_step:
        changes["phone_step"] = present.value
        if is_back(link.phone_step, present):
            changes["phone_back_at"] = now
        elif present in ASKING and link.phone_back_at:
            changes["phone_back_at"] = None
    if last and _differ(link.phone_seen_at, last.at, "phone_step" in changes):
        changes |= {"phone_seen_at": last.at, "phone_seen_by": last.kind.value}
    return changes


def _listening(link: Link, now: datetime) -> dict[str, Any]:
    """That we are online, from time to time; a long gap, or a clock that went back, starts a new stretch."""
    heard, since = link.heard_at, link.listening_since
    if link.state not in _HEARING or (heard is not None and abs(now - heard) < WRITE_EVERY):
        return {}
    if heard is None or since is None or now - heard > DEAF_AFTER or now < since:
        since = now
    return {"heard_at": now, "listening_since": since}


def _differ(before: datetime | None, after: datetime, exactly: bool) -> bool:
    if before is None or exactly:
        return before != after
    return abs(after - before) >= WRITE_EVERY


def wants_ping(conn: Connection, account_id: int, now: datetime) -> bool:
    """Whether the phone is to be asked for a sign of life now."""
    # asked after every commit of anybody: the rest is read only once it matters
    link = links.get(conn, account_id)
    return (
        ping_is_due(link.phone_step, link.pinged_at, now)
        and own_address(accounts.get(conn, account_id)) is not None
    )


def take_ping(conn: Connection, account_id: int, now: datetime) -> Address | None:
    """Our own address if the phone is to be asked now, noted before it is: after a crash nobody asks twice."""
    if not wants_ping(conn, account_id, now):
        return None
    links.change(conn, account_id, now, pinged_at=now)
    return own_address(accounts.get(conn, account_id))


def put_ping_back(conn: Connection, account_id: int, now: datetime) -> None:
    """The question surely did not leave: ask again soon, not only tomorrow."""
    links.change(conn, account_id, now, pinged_at=now - PING_EVERY + ASK_AGAIN)


def own_address(account: Account) -> Address | None:
    """Where a message to ourselves goes."""
    if account.lid:
        return Address(account.lid, LID_SERVER)
    return Address(account.phone, PHONE_SERVER) if account.phone else None


def reason_of_end(conn: Connection, account_id: int, limits: PhoneLimits, now: datetime) -> LinkReason:
    """Why WhatsApp ended the link with the code that it has for both: a person on the phone, or no phone."""
    account, link = accounts.get(conn, account_id), links.get(conn, account_id)
    last = evidence.latest(conn, account_id)
    return why_unlinked(last.at if last else None, account.linked_at, link.heard_at, now, limits)
