"""What an open tab means for the desk: its admin is here, and answers what he types a reply to."""

import logging
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from daemon.desk import claims as desk_claims
from daemon.domain.desk import CLAIM_LASTS, Actor, Claim, ClaimedByAnother, OnlyTheAssignee
from daemon.domain.messages import Author
from daemon.store import claims as store_claims
from daemon.store import events, presence
from daemon.store.engine import Database
from daemon.store.events import EventKind
from webui.base.context import Services, the_account

log = logging.getLogger("webui.live.presence")


def arrive(services: Services, tab: str, admin_id: int) -> None:
    """An admin has opened a tab."""
    now = services.clock()
    with services.database.write() as conn:
        was_here = _is_here(conn, admin_id, now)
        presence.join(conn, tab, admin_id, now)
        if not was_here:
            _tell(conn, now)


def leave(services: Services, tab: str) -> None:
    """A tab is gone, with what it claimed; its admin stays for the grace time of a reload."""
    now = services.clock()
    try:
        with services.database.write() as conn:
            presence.leave(conn, tab, now)
            desk_claims.end_of_tab(conn, tab, now)
    except OperationalError as error:
        # its time runs out by itself
        log.warning("a tab's leaving was not written: %s", type(error.orig).__name__)


def renew(database: Database, tabs: list[str], now: datetime) -> None:
    """The tabs of this process are still there."""
    with database.write() as conn:
        presence.renew(conn, tabs, now)


class Typing:
    """One tab's typing: claims the conversation, and writes only when the claim needs it."""

    def __init__(self, services: Services, tab: str, admin_id: int, address: str | None) -> None:
        self._services = services
        self._tab = tab
        self._actor = Actor(Author.ADMIN, admin_id, address)
        self._claimed: int | None = None
        self._renew_at: datetime | None = None

    def goes_on(self, conversation_id: int, take_over: bool) -> Claim | None:
        """The admin types a reply; gives the colleague's claim that is in the way, if any."""
        now = self._services.clock()
        if self._claimed not in (None, conversation_id):
            self.stops()
        if self._claimed == conversation_id and self._renew_at and now < self._renew_at and not take_over:
            return None
        try:
            with self._services.database.write() as conn:
                desk_claims.take(conn, conversation_id, self._actor, self._tab, now, take_over)
                mine = store_claims.holder(conn, conversation_id, now)
        except ClaimedByAnother as error:
            return error.claim
        except OnlyTheAssignee:
            return None
        held = mine is not None and mine.tab == self._tab
        self._claimed = conversation_id if held else None
        self._renew_at = now + CLAIM_LASTS / 4
        return None

    def stops(self) -> None:
        """The reply field is empty again, or another conversation is in front."""
        if self._claimed is not None:
            with self._services.database.write() as conn:
                desk_claims.release(conn, self._claimed, self._tab, self._services.clock())
        self._claimed = None


def _is_here(conn: Connection, admin_id: int, now: datetime) -> bool:
    return any(one.is_here for one in presence.team(conn, now) if one.admin_id == admin_id)


def _tell(conn: Connection, now: datetime) -> None:
    account = the_account(conn)
    if account is not None:
        events.append(conn, account.id, EventKind.PRESENCE_CHANGED, now)
