"""From events of the log to the rows behind them: what they touched, read in one transaction."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from daemon.domain.desk import Claim
from daemon.domain.turns import HandledMark
from daemon.store import (
    accounts,
    audit,
    claims,
    conversation_list,
    conversations,
    handovers,
    links,
    mentions,
    threads,
    turns,
)
from daemon.store.audit import AuditEntry
from daemon.store.conversation_list import Summary
from daemon.store.events import EventKind, LoggedEvent
from daemon.store.links import Link
from daemon.store.turns import TurnState
from webui.base import account_switcher
from webui.inbox import thread_header

# More than this at once is quicker read again as a page than applied piece by piece.
TOO_MANY = 100
_ROWS = {
    EventKind.MESSAGE_NEW,
    EventKind.MESSAGE_CHANGED,
    EventKind.CONVERSATION_CHANGED,
    EventKind.CLAIM_CHANGED,
    EventKind.ALARM,
}
TYPING = {EventKind.TYPING, EventKind.TYPING_STOPPED}


@dataclass(slots=True)
class Audience:
    """What one browser tab shows, so that it is told about nothing else."""

    admin_id: int
    owner: bool
    language: str
    # the account that the tab shows
    account_id: int | None = None
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
    # messages whose files are on their way, by their conversations
    progress: dict[int, int] = field(default_factory=dict)
    # lines of the desk's log, by their conversations
    activities: dict[int, int] = field(default_factory=dict)
    presence: bool = False
    link: bool = False

    @classmethod
    def by_account(cls, events: Iterable[LoggedEvent]) -> "dict[int, Digest]":
        """What happened to each account."""
        found: dict[int, Digest] = {}
        for event in events:
            found.setdefault(event.account_id, cls()).add(event)
        return found

    def add(self, event: LoggedEvent) -> None:
        """Take one event in."""
        if event.kind == EventKind.LINK_CHANGED:
            self.link = True
        if event.kind == EventKind.PRESENCE_CHANGED:
            self.presence = True
        if event.conversation_id is None:
            return
        if event.kind == EventKind.CLAIM_CHANGED:
            self.claims[event.conversation_id] = None
        if event.kind == EventKind.ALARM:
            self.alarms[event.conversation_id] = None
        if event.kind == EventKind.ACTIVITY and event.audit_id is not None:
            self.activities[event.audit_id] = event.conversation_id
        if event.kind == EventKind.UPLOAD_PROGRESS and event.message_id is not None:
            self.progress[event.message_id] = event.conversation_id
        if event.kind in TYPING:
            self.typing[event.conversation_id] = event.kind == EventKind.TYPING
        if event.kind in _ROWS:
            self.conversations[event.conversation_id] = None
            if event.message_id is not None:
                self.messages[event.message_id] = event.conversation_id

    @property
    def size(self) -> int:
        return len(self.conversations) + len(self.messages) + len(self.activities)


@dataclass(frozen=True, slots=True)
class TurnNews:
    """The open turn of a conversation, who closed the one before, and the last turns with their marks."""

    open_id: int | None
    mark: HandledMark | None
    newest: list[TurnState]


@dataclass(slots=True)
class AccountNews:
    """The rows behind one account's digest, read in one transaction."""

    account_id: int
    digest: Digest
    rows: dict[int, Summary]
    bubbles: dict[int, threads.Bubble]
    # of messages of which only that has changed how far their files are
    progress: dict[int, threads.Bubble]
    # the customers of the conversations that are open in some tab
    contacts: dict[int, int]
    turns: dict[int, TurnNews]
    link: tuple[accounts.Account, Link] | None
    # None: they have not changed
    counts: dict[int | None, int] | None
    claims: dict[int, Claim]
    activities: list[AuditEntry]
    header: thread_header.ThreadHeader | None
    # conversations that are new to their assignees
    unopened: set[int]
    # of all accounts: which there are, the switcher if it may have changed, who is named in notes, who is here,
    # and what somebody was given
    every: list[int] = field(default_factory=list)
    switcher: list[account_switcher.SwitcherEntry] = field(default_factory=list)
    mentions: dict[int, list[int]] = field(default_factory=dict)
    colleagues: list[thread_header.Colleague] = field(default_factory=list)
    given: list[tuple[AuditEntry, Summary]] = field(default_factory=list)


def read(
    conn: Connection, events: Collection[LoggedEvent], opened: Mapping[int, set[int]], now: datetime
) -> dict[int, AccountNews | None]:
    """What happened to the accounts that somebody looks at; None for one where too much has happened.

    `opened` has those accounts, each with the conversations that are open in some tab: only of these the inside
    is read. Who is at the desk and who is named in a note is told to all.
    """
    digests = Digest.by_account(events)
    every = accounts.every(conn)
    anywhere = digests.values()
    called = mentions.unseen_by_admin(conn) if any(digest.messages for digest in anywhere) else {}
    colleagues = thread_header.team(conn, now) if any(digest.presence for digest in anywhere) else []
    changed = any(digest.link or digest.conversations for digest in anywhere)
    switcher = account_switcher.entries(conn, every) if changed else []
    given = _given(conn, [audit_id for digest in anywhere for audit_id in digest.activities])
    found: dict[int, AccountNews | None] = {}
    for account in (account for account in every if account.id in opened):
        digest = digests.get(account.id, Digest())
        if digest.size > TOO_MANY:
            found[account.id] = None
            continue
        news = _news(conn, account, digest, opened[account.id], now)
        news.every, news.switcher = [one.id for one in every], switcher
        news.mentions, news.colleagues, news.given = called, colleagues, given
        found[account.id] = news
    return found


def _news(
    conn: Connection, account: accounts.Account, digest: Digest, opened: set[int], now: datetime
) -> AccountNews:
    rows = {i: about for i in digest.conversations if (about := conversation_list.summary(conn, i)) is not None}
    contacts = conversations.contacts_of(conn, opened) if digest.messages else {}
    # what changes in a customer's earlier conversations stands in the same thread
    theirs = {i for i, about in rows.items() if about.contact_id in contacts.values()}
    wanted = [i for i, conversation_id in digest.messages.items() if conversation_id in opened | theirs]
    return AccountNews(
        account_id=account.id,
        digest=digest,
        rows=rows,
        bubbles={i: found for i in wanted if (found := threads.bubble(conn, i)) is not None},
        progress={
            i: found
            for i, conversation_id in digest.progress.items()
            if conversation_id in opened and i not in wanted and (found := threads.bubble(conn, i)) is not None
        },
        contacts=contacts,
        turns={i: _turn(conn, i) for i in opened & set(rows)},
        link=(account, links.get(conn, account.id)) if digest.link else None,
        counts=conversation_list.counts_by_admin(conn, account.id) if digest.conversations else None,
        claims={one.conversation_id: one for one in claims.held(conn, account.id, now)} if rows else {},
        activities=[
            line
            for audit_id, conversation_id in digest.activities.items()
            if conversation_id in opened and (line := audit.entry(conn, audit_id)) is not None
        ],
        header=thread_header.read(conn, account.id, now) if opened & set(rows) else None,
        unopened=handovers.unseen(conn, rows),
    )


def _given(conn: Connection, audit_ids: list[int]) -> list[tuple[AuditEntry, Summary]]:
    """What somebody was given and still has, each with its conversation."""
    found = []
    for line in handovers.among(conn, audit_ids):
        about = conversation_list.summary(conn, line.conversation_id) if line.conversation_id else None
        if about is not None and about.assignee_id == line.subject_id:
            found.append((line, about))
    return found


def _turn(conn: Connection, conversation_id: int) -> TurnNews:
    return TurnNews(
        turns.current(conn, conversation_id),
        turns.last_closed(conn, conversation_id),
        turns.newest(conn, conversation_id),
    )
