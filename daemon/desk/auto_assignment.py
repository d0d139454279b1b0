"""What the desk looks after by itself: new work finds a colleague, forgotten work comes back, long waits ring.

Everything is derived from what is in the books at that moment; nothing is counted up or remembered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from daemon.desk.assignment_policy import Avoided, Candidate, deal
from daemon.desk.settings import DeskSettings
from daemon.domain.desk import THE_DESK, Action, Assign
from daemon.domain.hours import Hours
from daemon.domain.messages import Author
from daemon.store import assignment, audit, claims, conversation_list, conversations, events, presence, undecided
from daemon.store.events import EventKind
from daemon.store.undecided import WaitingCustomer

ALARM_LOOKS_BACK = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done now; false when there is nothing."""

    # conversation, whose it was, why it goes back
    returns: tuple[tuple[int, int, str], ...] = ()
    # conversation, turn
    alarms: tuple[tuple[int, int], ...] = ()
    # conversation, whose it will be
    assignments: tuple[tuple[int, int], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.returns or self.alarms or self.assignments)


def has_work(conn: Connection, account_id: int, chosen: DeskSettings, now: datetime, zone: ZoneInfo) -> bool:
    """Whether `tend` would do anything: a few reads, for the worker to ask often."""
    return bool(plan(conn, account_id, chosen, now, zone))


def tend(conn: Connection, account_id: int, chosen: DeskSettings, now: datetime, zone: ZoneInfo) -> None:
    """Give back what its assignee leaves lying, tell the team who waits too long, deal out what nobody has."""
    todo = plan(conn, account_id, chosen, now, zone)
    for conversation_id, admin_id, why in todo.returns:
        if conversations.release(conn, conversation_id, admin_id):
            audit.record(conn, account_id, Action.RETURNED, THE_DESK, now, conversation_id, admin_id, {"why": why})
            events.append(conn, account_id, EventKind.CONVERSATION_CHANGED, now, conversation_id)
    for conversation_id, turn_id in todo.alarms:
        if assignment.note_alarm(conn, turn_id, now):
            detail = {"minutes": chosen.alarm_after}
            line = audit.record(conn, account_id, Action.ALARM, THE_DESK, now, conversation_id, detail=detail)
            events.append(conn, account_id, EventKind.ALARM, now, conversation_id, audit_id=line)
    for place, (conversation_id, admin_id) in enumerate(todo.assignments):
        if conversations.assign(conn, conversation_id, admin_id, now):
            # one after the other, so that a round goes on where it ended
            presence.note_given(conn, admin_id, now + timedelta(milliseconds=place + 1))
            audit.record(conn, account_id, Action.ASSIGNED_AUTOMATICALLY, THE_DESK, now, conversation_id, admin_id)
            events.append(conn, account_id, EventKind.CONVERSATION_CHANGED, now, conversation_id)


def plan(conn: Connection, account_id: int, chosen: DeskSettings, now: datetime, zone: ZoneInfo) -> Plan:
    """What is to be done now."""
    if not (chosen.assign != Assign.OFF or chosen.return_after or chosen.alarm_after):
        return Plan()
    everybody = undecided.waiting_customers(conn, account_id)
    if not everybody:
        return Plan()
    # nobody has a resolved conversation, but the team is told what waits in it
    work = [one for one in everybody if not one.is_resolved]
    return Plan(
        tuple(_returns(conn, account_id, work, chosen, now)),
        tuple(_alarms(everybody, chosen, now, zone)),
        tuple(_assignments(conn, account_id, work, chosen, now)),
    )


def _returns(
    conn: Connection, account_id: int, work: Sequence[WaitingCustomer], chosen: DeskSettings, now: datetime
) -> list[tuple[int, int, str]]:
    """What its assignee, gone or silent, has left lying for too long."""
    if not chosen.return_after:
        return []
    since = now - timedelta(minutes=chosen.return_after)
    mine = [one for one in work if one.assignee_id is not None and (one.assigned_at or one.opened_at) <= since]
    if not mine:
        return []
    here = {one.admin_id for one in presence.team(conn, now) if one.is_here}
    gone = presence.gone_since(conn, now)
    held = {(claim.conversation_id, claim.admin_id) for claim in claims.held(conn, account_id, now)}
    found = []
    for one in mine:
        admin_id = one.assignee_id
        assert admin_id is not None
        if admin_id not in here and gone.get(admin_id, since) <= since:
            found.append((one.conversation_id, admin_id, "offline"))
        elif (
            one.opened_at <= since
            and (one.conversation_id, admin_id) not in held
            and not assignment.gave_a_sign(conn, one.conversation_id, admin_id, since)
            and assignment.was_there(conn, one, since)
        ):
            found.append((one.conversation_id, admin_id, "silent"))
    return found


def _alarms(
    work: Sequence[WaitingCustomer], chosen: DeskSettings, now: datetime, zone: ZoneInfo
) -> list[tuple[int, int]]:
    """Who waits too long while the shop is open; a night or a holiday does not count."""
    if not chosen.alarm_after or not chosen.hours.is_open(now, zone):
        return []
    longest = timedelta(minutes=chosen.alarm_after)
    unknown = [one for one in work if one.alarmed_at is None]
    late = _too_long(unknown, chosen.hours, longest, now, zone)
    return [(one.conversation_id, one.turn_id) for one in late if one.turn_id is not None]


def waiting_too_long(
    conn: Connection, account_id: int, hours: Hours, longest: timedelta, now: datetime, zone: ZoneInfo
) -> int | None:
    """How many customers have waited this long within opening hours; None while the shop is closed.

    A reply that needs a decision (held, uncertain, unreadable) has answered nobody yet.
    """
    if not hours.is_open(now, zone):
        return None
    return len(_too_long(undecided.waiting_customers(conn, account_id), hours, longest, now, zone))


def _too_long(
    work: Sequence[WaitingCustomer], hours: Hours, longest: timedelta, now: datetime, zone: ZoneInfo
) -> list[WaitingCustomer]:
    # no need to walk through years of opening hours for what is older
    earliest = now - ALARM_LOOKS_BACK
    return [
        one
        for one in work
        if now - one.opened_at >= longest and hours.open_time(max(one.opened_at, earliest), now, zone) >= longest
    ]


def _assignments(
    conn: Connection, account_id: int, work: Sequence[WaitingCustomer], chosen: DeskSettings, now: datetime
) -> list[tuple[int, int]]:
    """What nobody has and somebody could take."""
    free = [one for one in work if one.assignee_id is None]
    if chosen.assign == Assign.OFF or not free:
        return []
    team = [one for one in presence.team(conn, now) if one.takes_work]
    if not team:
        return []
    has, given = conversation_list.counts_by_admin(conn, account_id), presence.given_at(conn)
    candidates = [
        Candidate(
            one.admin_id,
            has.get(one.admin_id, 0),
            chosen.most_conversations if one.most_conversations is None else one.most_conversations,
            given.get(one.admin_id),
        )
        for one in team
    ]
    if not any(candidate.room for candidate in candidates):
        return []
    # somebody is answering it this moment: it will be his
    claimed = {claim.conversation_id for claim in claims.held(conn, account_id, now)}
    waiting = [one for one in free if one.conversation_id not in claimed]
    return deal([one.conversation_id for one in waiting], candidates, chosen.assign, _avoided(conn, waiting), now)


def _avoided(conn: Connection, waiting: Sequence[WaitingCustomer]) -> dict[int, Avoided]:
    """From whom each came back during this very turn: if a person gave it back, he does not get it again."""
    opened = {one.conversation_id: one.opened_at for one in waiting}
    returned = assignment.last_returns(conn, list(opened))
    return {
        conversation_id: Avoided(last.admin_id, strictly=last.by == Author.ADMIN)
        for conversation_id, last in returned.items()
        if last.at >= opened[conversation_id]
    }
