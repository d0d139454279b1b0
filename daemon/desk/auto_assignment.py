"""What the desk looks after by itself: new work finds a colleague, forgotten work comes back, long waits ring.

Everything is derived from what is in the books at that moment; nothing is counted up or remembered.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from daemon.desk.assignment_policy import Avoided, Candidate, deal
from daemon.desk.settings import DeskSettings
from daemon.domain.desk import THE_DESK, Action, Assign
from daemon.domain.hours import Hours
from daemon.domain.messages import Author
from daemon.store import (
    assignment,
    audit,
    conversation_list,
    conversations,
    events,
    presence,
    waiting_customers,
)
from daemon.store.conversations import is_with_person
from daemon.store.events import EventKind
from daemon.store.portions import Portion
from daemon.store.presence import TeamMember
from daemon.store.waiting_customers import WaitingCustomer

ALARM_LOOKS_BACK = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done now, or the first of it; false when there is nothing."""

    # who waits in vain, and why he goes back into the queue
    returns: tuple[tuple[WaitingCustomer, str], ...] = ()
    alarms: tuple[WaitingCustomer, ...] = ()
    # conversation, whose it will be
    assignments: tuple[tuple[WaitingCustomer, int], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.returns or self.alarms or self.assignments)

    @property
    def conversation_ids(self) -> list[int]:
        """The conversations that it is about."""
        every = [one for one, _ in self.returns], self.alarms, [one for one, _ in self.assignments]
        return [one.conversation_id for some in every for one in some]


def tend(
    conn: Connection,
    account_id: int,
    chosen: DeskSettings,
    now: datetime,
    zone: ZoneInfo,
    conversation_ids: Collection[int] | None = None,
) -> bool:
    """Give back what its assignee leaves lying, tell the team who waits too long, deal out what nobody has.

    A portion of it, in the caller's write transaction: True if something may be left. `conversation_ids` are those
    of a plan that was made before; it is made anew for these, and the lock is not held while all others are looked
    at.
    """
    portion = Portion()
    todo = plan(conn, account_id, chosen, now, zone, conversation_ids)
    for one, why in portion.of(todo.returns):
        _give_back(conn, account_id, one, why, now)
    for one in portion.of(todo.alarms):
        _alarm(conn, account_id, one, chosen, now)
    for place, (one, admin_id) in enumerate(portion.of(todo.assignments)):
        # one after the other, so that a round goes on where it ended
        _assign(conn, account_id, one, admin_id, now, now + timedelta(milliseconds=place + 1))
    return portion.is_used_up


def _give_back(conn: Connection, account_id: int, one: WaitingCustomer, why: str, now: datetime) -> None:
    conversation_id, admin_id = one.conversation_id, one.assignee_id
    assert admin_id is not None
    if conversations.release(conn, conversation_id, admin_id):
        audit.record(conn, account_id, Action.RETURNED, THE_DESK, now, conversation_id, admin_id, {"why": why})
        events.append(conn, account_id, EventKind.CONVERSATION_CHANGED, now, conversation_id)


def _alarm(conn: Connection, account_id: int, one: WaitingCustomer, chosen: DeskSettings, now: datetime) -> None:
    assert one.turn_id is not None
    if assignment.note_alarm(conn, one.turn_id, now):
        detail = {"minutes": chosen.alarm_after}
        line = audit.record(conn, account_id, Action.ALARM, THE_DESK, now, one.conversation_id, detail=detail)
        events.append(conn, account_id, EventKind.ALARM, now, one.conversation_id, audit_id=line)


def _assign(
    conn: Connection, account_id: int, one: WaitingCustomer, admin_id: int, now: datetime, given_at: datetime
) -> None:
    if conversations.assign(conn, one.conversation_id, admin_id, now):
        presence.note_given(conn, admin_id, given_at)
        action = Action.ASSIGNED_AUTOMATICALLY
        audit.record(conn, account_id, action, THE_DESK, now, one.conversation_id, admin_id)
        events.append(conn, account_id, EventKind.CONVERSATION_CHANGED, now, one.conversation_id)


def plan(
    conn: Connection,
    account_id: int,
    chosen: DeskSettings,
    now: datetime,
    zone: ZoneInfo,
    conversation_ids: Collection[int] | None = None,
) -> Plan:
    """What is to be done now, in these conversations if given: a few reads, for the worker to ask often."""
    if not waiting_customers.is_anybody_waiting(conn, account_id):
        return Plan()
    return Plan(
        tuple(_returns(conn, account_id, chosen, now, conversation_ids)),
        tuple(_alarms(conn, account_id, chosen, now, zone, conversation_ids)),
        tuple(_assignments(conn, account_id, chosen, now, conversation_ids)),
    )


def _returns(
    conn: Connection,
    account_id: int,
    chosen: DeskSettings,
    now: datetime,
    conversation_ids: Collection[int] | None,
) -> list[tuple[WaitingCustomer, str]]:
    """What its assignee, gone or silent, has left lying for too long."""
    if not chosen.return_after:
        return []
    since = now - timedelta(minutes=chosen.return_after)
    here = {one.admin_id for one in presence.team(conn, now) if one.is_here}
    just_left = {admin_id for admin_id, at in presence.gone_since(conn, now).items() if at > since}
    found = waiting_customers.left_lying(conn, account_id, since, here | just_left, now, conversation_ids)
    return [(one, "offline" if is_gone else "silent") for one, is_gone in found]


def _alarms(
    conn: Connection,
    account_id: int,
    chosen: DeskSettings,
    now: datetime,
    zone: ZoneInfo,
    conversation_ids: Collection[int] | None,
) -> list[WaitingCustomer]:
    """Who waits too long while the shop is open; a night or a holiday does not count."""
    if not chosen.alarm_after or not chosen.hours.is_open(now, zone):
        return []
    until = _too_long_since(chosen.hours, timedelta(minutes=chosen.alarm_after), now, zone)
    return waiting_customers.unalarmed(conn, account_id, until, conversation_ids) if until else []


def waiting_too_long(
    conn: Connection, account_id: int, hours: Hours, longest: timedelta, now: datetime, zone: ZoneInfo
) -> int | None:
    """How many customers have waited this long within opening hours; None while the shop is closed.

    A reply that needs a decision (held, uncertain, unreadable) has answered nobody yet.
    """
    if not hours.is_open(now, zone):
        return None
    until = _too_long_since(hours, longest, now, zone)
    return waiting_customers.count_waiting(conn, account_id, until) if until else 0


def _too_long_since(hours: Hours, longest: timedelta, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Who has waited since then, or longer, waits too long; None if nobody can."""
    return hours.open_since(longest, now, zone, earliest=now - ALARM_LOOKS_BACK)


def _assignments(
    conn: Connection,
    account_id: int,
    chosen: DeskSettings,
    now: datetime,
    conversation_ids: Collection[int] | None,
) -> list[tuple[WaitingCustomer, int]]:
    """What nobody has and somebody could take."""
    if chosen.assign == Assign.OFF:
        return []
    team = [one for one in presence.team(conn, now) if one.takes_work]
    waiting = (
        waiting_customers.unassigned(conn, account_id, now, conversation_ids=conversation_ids) if team else []
    )
    if not waiting:
        return []
    candidates = _candidates(conn, account_id, team, chosen)
    while waiting and any(candidate.room for candidate in candidates):
        by_conversation = {one.conversation_id: one for one in waiting}
        dealt = deal(list(by_conversation), candidates, chosen.assign, _avoided(conn, waiting), now)
        if dealt or conversation_ids is not None:
            return [(by_conversation[conversation_id], admin_id) for conversation_id, admin_id in dealt]
        # all of these came back from everybody who has room: perhaps the next did not
        waiting = waiting_customers.unassigned(conn, account_id, now, after=waiting[-1])
    return []


def _candidates(
    conn: Connection, account_id: int, team: Sequence[TeamMember], chosen: DeskSettings
) -> list[Candidate]:
    has, given = conversation_list.counts_by_admin(conn, account_id, is_with_person), presence.given_at(conn)
    return [
        Candidate(
            one.admin_id,
            has.get(one.admin_id, 0),
            chosen.most_conversations if one.most_conversations is None else one.most_conversations,
            given.get(one.admin_id),
        )
        for one in team
    ]


def _avoided(conn: Connection, waiting: Sequence[WaitingCustomer]) -> dict[int, Avoided]:
    """From whom each came back during this very turn: if a person gave it back, he does not get it again."""
    opened = {one.conversation_id: one.opened_at for one in waiting}
    returned = assignment.last_returns(conn, list(opened))
    return {
        conversation_id: Avoided(last.admin_id, strictly=last.by == Author.ADMIN)
        for conversation_id, last in returned.items()
        if last.at >= opened[conversation_id]
    }
