"""From events of the log to the rows behind them: what they touched, read in one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from daemon.domain.desk import Claim
from daemon.domain.turns import HandledMark
from daemon.store import accounts, audit, claims, conversations, marks, mentions, messages, turns
from daemon.store.audit import Entry
from daemon.store.events import EventKind, LoggedEvent
from daemon.store.marks import TurnState
from webui import tools as offered_tools
from webui.context import the_account

# More than this at once is quicker read again as a page than applied piece by piece.
TOO_MANY = 100
_ROWS = {
    EventKind.MESSAGE_NEW,
    EventKind.MESSAGE_CHANGED,
    EventKind.CONVERSATION_CHANGED,
    EventKind.OUTBOX_CHANGED,
    EventKind.CLAIM_CHANGED,
    EventKind.ALARM,
}
_TYPING = {EventKind.TYPING, EventKind.TYPING_STOPPED}


@dataclass(slots=True)
class Audience:
    """What one browser tab shows, so that it is told about nothing else."""

    admin_id: int
    owner: bool
    language: str
    open: int | None = None
    box: str | None = None
    page: str | None = None


@dataclass(slots=True)
class Digest:
    """What a run of events touched, every row and message once, in the order of the log."""

    conversations: dict[int, None] = field(default_factory=dict)
    messages: dict[int, int] = field(default_factory=dict)
    typing: dict[int, bool] = field(default_factory=dict)
    claims: dict[int, None] = field(default_factory=dict)
    alarms: dict[int, None] = field(default_factory=dict)
    # lines of the desk's log, by their conversations
    activities: dict[int, int] = field(default_factory=dict)
    presence: bool = False
    link: bool = False

    @classmethod
    def of(cls, events: Iterable[LoggedEvent]) -> "Digest":
        found = cls()
        for event in events:
            if event.kind == EventKind.LINK_CHANGED:
                found.link = True
            if event.kind == EventKind.PRESENCE_CHANGED:
                found.presence = True
            if event.conversation_id is None:
                continue
            if event.kind == EventKind.CLAIM_CHANGED:
                found.claims[event.conversation_id] = None
            if event.kind == EventKind.ALARM:
                found.alarms[event.conversation_id] = None
            if event.kind == EventKind.ACTIVITY and event.audit_id is not None:
                found.activities[event.audit_id] = event.conversation_id
            if event.kind in _TYPING:
                found.typing[event.conversation_id] = event.kind == EventKind.TYPING
            if event.kind in _ROWS:
                found.conversations[event.conversation_id] = None
                if event.message_id is not None:
                    found.messages[event.message_id] = event.conversation_id
        return found

    @property
    def size(self) -> int:
        return len(self.conversations) + len(self.messages) + len(self.activities)


@dataclass(frozen=True, slots=True)
class Turn:
    """The open turn of a conversation, who closed the one before, and the last turns with their marks."""

    open_id: int | None
    mark: HandledMark | None
    newest: list[TurnState]


@dataclass(slots=True)
class Facts:
    """The rows behind a digest, read in one transaction."""

    digest: Digest
    rows: dict[int, conversations.Summary]
    bubbles: dict[int, messages.Bubble]
    turns: dict[int, Turn]
    link: tuple[accounts.Account, accounts.Link] | None
    counts: dict[int | None, int]
    claims: dict[int, Claim]
    activities: list[Entry]
    mentions: dict[int, list[int]]
    tools: offered_tools.Tools | None
    colleagues: list[offered_tools.Colleague]


def read(conn: Connection, digest: Digest, opened: set[int], now: datetime) -> Facts:
    """Read what the digest touched; the inside of conversations only where somebody has them open."""
    account = the_account(conn)
    rows = {i: about for i in digest.conversations if (about := conversations.summary(conn, i)) is not None}
    wanted = [i for i, conversation_id in digest.messages.items() if conversation_id in opened]
    return Facts(
        digest=digest,
        rows=rows,
        bubbles={i: found for i in wanted if (found := messages.bubble(conn, i)) is not None},
        turns={i: _turn(conn, i) for i in opened & set(rows)},
        link=(account, accounts.get_link(conn, account.id)) if account and digest.link else None,
        counts=conversations.counts_by_admin(conn, account.id) if account and digest.conversations else {},
        claims={one.conversation_id: one for one in claims.held(conn, account.id, now)}
        if account and rows
        else {},
        activities=[
            line
            for number, conversation_id in digest.activities.items()
            if conversation_id in opened and (line := audit.entry(conn, number)) is not None
        ],
        mentions=mentions.unseen_by_admin(conn) if digest.messages else {},
        tools=offered_tools.read(conn, account.id, now) if account and opened & set(rows) else None,
        colleagues=offered_tools.team(conn, now) if digest.presence else [],
    )


def _turn(conn: Connection, conversation_id: int) -> Turn:
    return Turn(
        turns.current(conn, conversation_id),
        turns.last_closed(conn, conversation_id),
        marks.newest(conn, conversation_id),
    )
