"""Where the link of each account stands, and what people want of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from daemon.domain.history import HistoryState
from daemon.domain.links import LinkReason, LinkState, is_online, may_follow
from daemon.domain.login_attempts import LoginAttempts
from daemon.domain.primary_phone import PhoneStep, SightingKind
from daemon.store import events
from daemon.store.tables.core import link

WISH_UNLINK = "unlink"
WISH_RECONNECT = "reconnect"


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
    phone_seen_by: SightingKind | None = None
    phone_step: PhoneStep = PhoneStep.FINE
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
    # seconds that our clock is ahead of WhatsApp's
    clock_lead: int | None = None

    @property
    def attempts(self) -> LoginAttempts:
        """The logins behind this link."""
        return LoginAttempts(self.tries_in_vain, self.tries_earlier, self.tried_at)


def get(conn: Connection, account_id: int) -> Link:
    """The link of an account; raises NoResultFound."""
    row = conn.execute(
        select(*(link.c[name] for name in Link.__dataclass_fields__)).where(link.c.account_id == account_id)
    ).one()
    values = dict(row._mapping)
    values["state"], values["reason"] = LinkState(row.state), LinkReason(row.reason)
    values["phone_step"] = PhoneStep(row.phone_step)
    values["history_state"] = HistoryState(row.history_state)
    values["phone_seen_by"] = SightingKind(row.phone_seen_by) if row.phone_seen_by else None
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
    before = get(conn, account_id)
    if not may_follow(before.state, state):
        return False
    changes: dict[str, Any] = {"state": state.value, "reason": reason.value, "detail": None, "retry_at": None}
    if state != before.state or reason != before.reason:
        changes["since"] = now
    if state != LinkState.PAIRING:
        changes |= {"qr": None, "qr_expires_at": None, "pair_code": None}
    if state == LinkState.ONLINE:
        changes |= {"online_at": now, "backlog_total": None, "backlog_done": None}
    change(conn, account_id, now, **(changes | values))
    keep_attempts(conn, account_id, _attempts(before, state, now))
    return True


def keep_attempts(conn: Connection, account_id: int, found: LoginAttempts) -> None:
    """Remember the logins behind the link."""
    columns = {"tries_in_vain": found.in_vain, "tries_earlier": found.earlier, "tried_at": found.latest}
    conn.execute(update(link).where(link.c.account_id == account_id).values(**columns))


def _attempts(before: Link, after: LinkState, now: datetime) -> LoginAttempts:
    """The logins behind the link once it is in `after`."""
    if after in (LinkState.CATCHING_UP, LinkState.ONLINE):
        return before.attempts.got_in()
    if is_online(before.state) and not is_online(after) and before.online_at is not None:
        return before.attempts.rested(now - before.online_at)
    return before.attempts


def change(conn: Connection, account_id: int, now: datetime, **values: Any) -> None:
    """Change columns of the link other than its state, and announce it."""
    conn.execute(update(link).where(link.c.account_id == account_id).values(**values))
    events.append(conn, account_id, events.EventKind.LINK_CHANGED, now)
