"""Linked numbers and the state of their links."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, false, insert, or_, select, update

from daemon.domain.history import HistoryState
from daemon.domain.links import LinkReason, LinkState, can_send, may_follow
from daemon.domain.login_attempts import Attempts
from daemon.domain.messages import Author
from daemon.domain.primary_phone import Kind, Step
from daemon.store import events, evidence
from daemon.store.tables.core import account, link


@dataclass(frozen=True, slots=True)
class Account:
    """One linked number; phone, lid (digits) and device are unknown until it is linked."""

    id: int
    name: str
    phone: str | None
    lid: str | None
    device: int | None
    linked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """Where an account's link stands and what people want of it."""

    account_id: int
    state: LinkState
    reason: LinkReason
    detail: str | None
    since: datetime
    retry_at: datetime | None
    online_at: datetime | None
    qr: str | None
    qr_expires_at: datetime | None
    pair_code: str | None
    backlog_total: int | None
    backlog_done: int | None
    pair_until: datetime | None
    pair_phone: str | None
    wish: str
    # the primary phone: last seen when and by what, what its silence means, when it came back, when it was asked
    phone_seen_at: datetime | None = None
    phone_seen_by: Kind | None = None
    phone_step: Step = Step.FINE
    phone_back_at: datetime | None = None
    pinged_at: datetime | None = None
    # when we were last known to be online, and since when without a long gap
    heard_at: datetime | None = None
    listening_since: datetime | None = None
    # the history that the phone uploads after linking
    history_state: HistoryState = HistoryState.NONE
    history_percent: int | None = None
    history_messages: int = 0
    history_at: datetime | None = None
    # the attempts to log in
    tries_in_vain: int = 0
    tries_earlier: int = 0
    tried_at: datetime | None = None

    @property
    def attempts(self) -> Attempts:
        """The logins behind this link."""
        return Attempts(self.tries_in_vain, self.tries_earlier, self.tried_at)


WISH_UNLINK = "unlink"
WISH_RECONNECT = "reconnect"

_ACCOUNT = tuple(account.c[name] for name in Account.__dataclass_fields__)


def ensure(conn: Connection, name: str, now: datetime) -> Account:
    """The account of that name, made with an unlinked link if it does not exist."""
    row = conn.execute(select(*_ACCOUNT).where(account.c.name == name)).first()
    if row is not None:
        return Account(*row)
    row = conn.execute(insert(account).values(name=name, created_at=now).returning(*_ACCOUNT)).one()
    conn.execute(insert(link).values(account_id=row.id, state=LinkState.UNLINKED.value, since=now))
    return Account(*row)


def every(conn: Connection) -> list[Account]:
    """All accounts, oldest first."""
    return [Account(*row) for row in conn.execute(select(*_ACCOUNT).order_by(account.c.id))]


def get(conn: Connection, account_id: int) -> Account:
    """The account of that number; raises NoResultFound."""
    return Account(*conn.execute(select(*_ACCOUNT).where(account.c.id == account_id)).one())


def claim(
    conn: Connection, account_id: int, phone: str | None, lid: str | None, device: int, now: datetime
) -> bool:
    """Record which number the account is linked as, unless another account is linked to the same number.

    False, and nothing changes, if it is: two links to one number would answer its customers with two voices.
    """
    known_as = {account.c.phone: phone, account.c.lid: lid}
    same = or_(*(column == value for column, value in known_as.items() if value), false())
    theirs = select(account.c.id).where(account.c.id != account_id, account.c.device.is_not(None), same)
    if conn.execute(theirs).first() is not None:
        return False
    known = get(conn, account_id)
    set_identity(conn, account_id, phone, lid or (known.lid if known.phone == phone else None), device, now)
    return True


def set_identity(
    conn: Connection, account_id: int, phone: str | None, lid: str | None, device: int, now: datetime
) -> None:
    """Record which number and device the account is linked as; a new device was linked by the phone just now."""
    changes: dict[str, Any] = {"phone": phone, "lid": lid, "device": device}
    if get(conn, account_id).device != device:
        changes["linked_at"] = now
        evidence.note(conn, account_id, Kind.LINKED, now, now)
        fresh: dict[str, Any] = {
            "phone_step": Step.FINE.value,
            "phone_back_at": None,
            "pinged_at": None,
            "heard_at": now,
        }
        fresh |= {"phone_seen_at": now, "phone_seen_by": Kind.LINKED.value, "listening_since": now}
        fresh |= {"history_state": HistoryState.NONE.value, "history_percent": None, "history_messages": 0}
        conn.execute(update(link).where(link.c.account_id == account_id).values(**fresh))
    conn.execute(update(account).where(account.c.id == account_id).values(**changes))


def get_link(conn: Connection, account_id: int) -> Link:
    """The link of an account; raises NoResultFound."""
    row = conn.execute(
        select(*(link.c[name] for name in Link.__dataclass_fields__)).where(link.c.account_id == account_id)
    ).one()
    values = dict(row._mapping)
    values["state"], values["reason"] = LinkState(row.state), LinkReason(row.reason)
    values["phone_step"] = Step(row.phone_step)
    values["history_state"] = HistoryState(row.history_state)
    values["phone_seen_by"] = Kind(row.phone_seen_by) if row.phone_seen_by else None
    return Link(**values)


def set_state(
    conn: Connection,
    account_id: int,
    state: LinkState,
    now: datetime,
    reason: LinkReason = LinkReason.NONE,
    **values: Any,
) -> bool:
    """Move the link to `state` and announce it.

    Further columns (detail, retry_at, qr, …) may be given; the pairing codes vanish in every state but
    PAIRING. Returns False, and changes nothing, if `state` may not follow the present one.
    """
    before = get_link(conn, account_id)
    if not may_follow(before.state, state):
        return False
    changes: dict[str, Any] = {"state": state.value, "reason": reason.value, "detail": None, "retry_at": None}
    if state != before.state or reason != before.reason:
        changes["since"] = now
    if state != LinkState.PAIRING:
        changes |= {"qr": None, "qr_expires_at": None, "pair_code": None}
    if state == LinkState.ONLINE:
        changes |= {"online_at": now, "backlog_total": None, "backlog_done": None}
    change_link(conn, account_id, now, **(changes | values))
    keep_attempts(conn, account_id, _attempts(before, state, now))
    return True


def keep_attempts(conn: Connection, account_id: int, found: Attempts) -> None:
    """Remember the logins behind the link."""
    columns = {"tries_in_vain": found.in_vain, "tries_earlier": found.earlier, "tried_at": found.latest}
    conn.execute(update(link).where(link.c.account_id == account_id).values(**columns))


def _attempts(before: Link, after: LinkState, now: datetime) -> Attempts:
    """The logins behind the link once it is in `after`."""
    if after in (LinkState.CATCHING_UP, LinkState.ONLINE):
        return before.attempts.got_in()
    if can_send(before.state) and not can_send(after) and before.online_at is not None:
        return before.attempts.rested(now - before.online_at)
    return before.attempts


def change_link(conn: Connection, account_id: int, now: datetime, **values: Any) -> None:
    """Change columns of the link other than its state, and announce it."""
    conn.execute(update(link).where(link.c.account_id == account_id).values(**values))
    events.append(conn, account_id, events.EventKind.LINK_CHANGED, now)


def own_author(device: int) -> Author:
    """Who wrote with our number but not through us: the phone (device 0) or a linked device."""
    return Author.PHONE if device == 0 else Author.COMPANION


def forget_identity(conn: Connection, account_id: int) -> None:
    """The device is no longer linked; the number stays known."""
    conn.execute(update(account).where(account.c.id == account_id).values(device=None))
