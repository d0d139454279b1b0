"""The report of a span of time, for the team and for each admin: how much, how fast, how well.

A turn counts for the span in which the customer opened it, whenever it was closed. Group chats, history and
what WhatsApp Business says by itself don't count. Means and rates of nothing are None.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from daemon.domain.hours import Hours
from daemon.domain.messages import Author
from daemon.store import reports
from daemon.store.reports import TurnRow

BEST_SCORE = 5


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of some waiting times, and the one that nine in ten don't exceed; None without any."""

    median: timedelta | None = None
    p90: timedelta | None = None


@dataclass(frozen=True, slots=True)
class WaitingTimes:
    """How long customers waited: by the clock, and counting only the time in which the shop was open."""

    count: int = 0
    clock: Spread = Spread()
    open: Spread = Spread()


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Ratings from 1 to 5; `counts` says how often each was given, 1 first."""

    counts: tuple[int, ...] = (0,) * BEST_SCORE

    @property
    def count(self) -> int:
        """How many customers have rated."""
        return sum(self.counts)

    @property
    def mean(self) -> float | None:
        """The mean score; None if nobody has rated."""
        total = sum(score * count for score, count in enumerate(self.counts, 1))
        return total / self.count if self.count else None


@dataclass(frozen=True, slots=True)
class ReportRow:
    """What the team or one admin did: a row of the report.

    `conversations`: with a turn in the span that he answered, or that are his (team: all with a turn);
    `resolution_rate`: how many of those are resolved by now, 0 to 1; `resolved`: resolved in the span by him
    (team: by anybody); `answered`: turns closed with a reply; `messages`: what admins sent; `refused`:
    duplicates prevented. The team's waiting times are the customers': they include answers by phone and bot.
    """

    conversations: int = 0
    resolved: int = 0
    resolution_rate: float | None = None
    answered: int = 0
    messages: int = 0
    first_response: WaitingTimes = WaitingTimes()
    response: WaitingTimes = WaitingTimes()
    satisfaction: Satisfaction = Satisfaction()
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Handled:
    """Who closed the span's turns; the sum is how many there were."""

    by_admins: int = 0
    by_bot: int = 0
    by_phone: int = 0
    by_companion: int = 0
    without_reply: int = 0
    still_open: int = 0

    @property
    def turns(self) -> int:
        """All turns of the span."""
        closed = self.by_admins + self.by_bot + self.by_phone + self.by_companion + self.without_reply
        return closed + self.still_open


@dataclass(frozen=True, slots=True)
class AdminReport:
    """One admin's share; he is listed if he may log in, or has done something in the span."""

    admin_id: int
    name: str
    row: ReportRow


@dataclass(frozen=True, slots=True)
class Report:
    """The report of a span; `messages` is by who wrote them, so that the phone's stay the phone's."""

    since: datetime
    until: datetime
    team: ReportRow
    handled: Handled
    messages: dict[Author, int]
    admins: tuple[AdminReport, ...]


def report(
    conn: Connection, account_id: int, since: datetime, until: datetime, hours: Hours, zone: ZoneInfo
) -> Report:
    """Count everything from `since` on and before `until`; a second for some ten thousand turns."""
    span = (conn, account_id, since, until)
    team, by_admin, handled = _Tally(), dict[int, _Tally](), dict[str, int]()
    for row in reports.turns(*span):
        kind = _kind(row)
        handled[kind] = handled.get(kind, 0) + 1
        team.own(row)
        if row.assignee_id is not None:
            by_admin.setdefault(row.assignee_id, _Tally()).own(row)
        if row.closed_at is None or not row.answered:
            continue
        # the computer's clock may have been set back meanwhile
        waited = max(row.closed_at - row.opened_at, timedelta(0))
        open_time = hours.open_time(row.opened_at, row.opened_at + waited, zone)
        team.waited(row, waited, open_time)
        if row.closed_by == Author.ADMIN and row.admin_id is not None:
            own = by_admin.setdefault(row.admin_id, _Tally())
            own.own(row)
            own.waited(row, waited, open_time)
    resolved, refused, scores = reports.resolved(*span), reports.refused(*span), reports.scores(*span)
    sent = reports.messages_sent(*span)
    messages: dict[Author, int] = {}
    for (author, _), count in sent.items():
        messages[author] = messages.get(author, 0) + count
    admins = []
    for admin_id, (name, is_active) in reports.names(conn).items():
        theirs = by_admin.get(admin_id, _Tally()).row(
            resolved.get(admin_id, 0),
            sent.get((Author.ADMIN, admin_id), 0),
            _satisfaction([scores.get(admin_id, {})]),
            refused.get(admin_id, 0),
        )
        if is_active or theirs != ReportRow():
            admins.append(AdminReport(admin_id, name, theirs))
    return Report(
        since,
        until,
        team.row(
            sum(resolved.values()),
            messages.get(Author.ADMIN, 0),
            _satisfaction(scores.values()),
            sum(refused.values()),
        ),
        Handled(**handled),
        messages,
        tuple(sorted(admins, key=lambda one: (one.name.casefold(), one.admin_id))),
    )


_KINDS = {
    Author.ADMIN: "by_admins",
    Author.BOT: "by_bot",
    Author.PHONE: "by_phone",
    Author.COMPANION: "by_companion",
}


def _kind(row: TurnRow) -> str:
    if row.closed_by is None:
        return "still_open"
    return _KINDS[row.closed_by] if row.answered else "without_reply"


def _satisfaction(scores: Iterable[dict[int, int]]) -> Satisfaction:
    given = list(scores)
    return Satisfaction(tuple(sum(one.get(n, 0) for one in given) for n in range(1, BEST_SCORE + 1)))


@dataclass(slots=True)
class _Tally:
    """Collects turns until they can be counted."""

    conversations: set[int] = field(default_factory=set)
    resolved: set[int] = field(default_factory=set)
    first: list[tuple[timedelta, timedelta]] = field(default_factory=list)
    every: list[tuple[timedelta, timedelta]] = field(default_factory=list)

    def own(self, row: TurnRow) -> None:
        self.conversations.add(row.conversation_id)
        if row.is_resolved:
            self.resolved.add(row.conversation_id)

    def waited(self, row: TurnRow, clock: timedelta, open_time: timedelta) -> None:
        self.every.append((clock, open_time))
        if row.is_first:
            self.first.append((clock, open_time))

    def row(self, resolved: int, messages: int, satisfaction: Satisfaction, refused: int) -> ReportRow:
        rate = len(self.resolved) / len(self.conversations) if self.conversations else None
        return ReportRow(
            conversations=len(self.conversations),
            resolved=resolved,
            resolution_rate=rate,
            answered=len(self.every),
            messages=messages,
            first_response=_waiting(self.first),
            response=_waiting(self.every),
            satisfaction=satisfaction,
            refused=refused,
        )


def _waiting(times: list[tuple[timedelta, timedelta]]) -> WaitingTimes:
    if not times:
        return WaitingTimes()
    clock, open_time = (sorted(column) for column in zip(*times, strict=True))
    return WaitingTimes(len(times), _spread(clock), _spread(open_time))


def _spread(times: list[timedelta]) -> Spread:
    # the smallest of them that at least nine in ten don't exceed
    rank = -(-len(times) * 9 // 10)
    middle = (times[(len(times) - 1) // 2] + times[len(times) // 2]) / 2
    return Spread(middle, times[rank - 1])
