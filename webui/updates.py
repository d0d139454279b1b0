"""From events of the log to what browsers show: each fragment is rendered once a language and shared."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import Connection

from daemon.domain.turns import HandledMark
from daemon.store import accounts, conversations, messages, turns
from daemon.store.events import EventKind, LoggedEvent
from webui import fragments, linkview, views
from webui.context import the_account

# More than this at once is quicker read again as a page than applied piece by piece.
TOO_MANY = 100
_ROWS = {
    EventKind.MESSAGE_NEW,
    EventKind.MESSAGE_CHANGED,
    EventKind.CONVERSATION_CHANGED,
    EventKind.OUTBOX_CHANGED,
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
    link: bool = False

    @classmethod
    def of(cls, events: Iterable[LoggedEvent]) -> "Digest":
        found = cls()
        for event in events:
            if event.kind == EventKind.LINK_CHANGED:
                found.link = True
            if event.conversation_id is None:
                continue
            if event.kind in _TYPING:
                found.typing[event.conversation_id] = event.kind == EventKind.TYPING
            if event.kind in _ROWS:
                found.conversations[event.conversation_id] = None
                if event.message_id is not None:
                    found.messages[event.message_id] = event.conversation_id
        return found

    @property
    def size(self) -> int:
        return len(self.conversations) + len(self.messages)


@dataclass(frozen=True, slots=True)
class Turn:
    """The open turn of a conversation and who closed the one before."""

    open_id: int | None
    mark: HandledMark | None


@dataclass(slots=True)
class Facts:
    """The rows behind a digest, read in one transaction."""

    digest: Digest
    rows: dict[int, conversations.Summary]
    bubbles: dict[int, messages.Bubble]
    turns: dict[int, Turn]
    link: tuple[accounts.Account, accounts.Link] | None
    counts: dict[int | None, int]


def read(conn: Connection, digest: Digest, opened: set[int]) -> Facts:
    """Read what the digest touched; messages only of conversations that somebody has open."""
    account = the_account(conn)
    rows = {i: about for i in digest.conversations if (about := conversations.summary(conn, i)) is not None}
    wanted = [i for i, conversation_id in digest.messages.items() if conversation_id in opened]
    return Facts(
        digest=digest,
        rows=rows,
        bubbles={i: found for i in wanted if (found := messages.bubble(conn, i)) is not None},
        turns={i: Turn(turns.current(conn, i), turns.last_closed(conn, i)) for i in opened & set(rows)},
        link=(account, accounts.get_link(conn, account.id)) if account and digest.link else None,
        counts=conversations.counts_by_admin(conn, account.id) if account and digest.conversations else {},
    )


class Pieces:
    """JSON messages without their sequence number, made when the first tab wants them."""

    def __init__(self, app: Flask, facts: Facts, now: datetime) -> None:
        self._app = app
        self._facts = facts
        self._now = now
        self._made: dict[tuple[str, str, int], str] = {}

    def for_tab(self, tab: Audience) -> list[str]:
        """What one tab has to hear, in order."""
        facts, language = self._facts, tab.language
        bubbles = [i for i, found in facts.bubbles.items() if found.conversation_id == tab.open]
        pieces = [self._rendered(language, "bubble", i, self._bubble) for i in bubbles]
        if tab.open is not None and tab.open in facts.turns and tab.open in facts.rows:
            pieces.append(self._rendered(language, "thread", tab.open, self._thread))
        if tab.box is not None:
            pieces += [self._rendered(language, "row", i, self._row) for i in facts.rows]
            if facts.counts:
                pieces.append(self._once("counts", tab.admin_id, self._counts))
        pieces += [self._once("typing", i, self._typing) for i in facts.digest.typing]
        if facts.link:
            pieces.append(self._rendered(language, "banner", 0, self._banner))
            if tab.page == "link":
                pieces.append(self._rendered(language, "link", tab.owner, self._link))
        return pieces

    def _rendered(self, language: str, kind: str, about: int, make: Callable[[int], dict[str, Any]]) -> str:
        if (language, kind, about) not in self._made:
            with fragments.speaking(self._app, language):
                self._made[language, kind, about] = json.dumps(make(about), ensure_ascii=False)
        return self._made[language, kind, about]

    def _once(self, kind: str, about: int, make: Callable[[int], dict[str, Any]]) -> str:
        if ("", kind, about) not in self._made:
            self._made["", kind, about] = json.dumps(make(about))
        return self._made["", kind, about]

    def _bubble(self, message_id: int) -> dict[str, Any]:
        found = self._facts.bubbles[message_id]
        html = fragments.bubble(views.message(found, self._now))
        return {"type": "bubble", "conversation": found.conversation_id, "id": message_id, "html": html}

    def _row(self, conversation_id: int) -> dict[str, Any]:
        html = fragments.row(views.row(self._facts.rows[conversation_id], self._now))
        return {"type": "row", "id": conversation_id, "html": html}

    def _thread(self, conversation_id: int) -> dict[str, Any]:
        turn = self._facts.turns[conversation_id]
        return {
            "type": "thread",
            "conversation": conversation_id,
            "turn_id": turn.open_id,
            "head": fragments.head(views.row(self._facts.rows[conversation_id], self._now)),
            "notice": fragments.notice(views.mark(turn.mark, self._now)) if turn.mark else "",
            "answered_turn": turn.mark.turn_id if turn.mark else None,
        }

    def _counts(self, admin_id: int) -> dict[str, Any]:
        by_admin = self._facts.counts
        return {
            "type": "counts",
            "mine": by_admin.get(admin_id, 0),
            "unassigned": by_admin.get(None, 0),
            "all": sum(by_admin.values()),
        }

    def _typing(self, conversation_id: int) -> dict[str, Any]:
        on = self._facts.digest.typing[conversation_id]
        return {"type": "typing", "conversation": conversation_id, "on": on}

    def _panel(self, owner: bool) -> linkview.Panel:
        assert self._facts.link is not None
        return linkview.panel(*self._facts.link, self._now, owner=owner)

    def _banner(self, _: int) -> dict[str, Any]:
        panel = self._panel(owner=False)
        html = fragments.banner(panel)
        return {"type": "banner", "state": panel.state, "can_send": panel.can_send, "html": html}

    def _link(self, owner: int) -> dict[str, Any]:
        return {"type": "link", "html": fragments.link_panel(self._panel(bool(owner)), bool(owner))}
