"""What browsers are told: each fragment is rendered once a language, and shared by all tabs that show it."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask

from daemon.domain.desk import Status
from daemon.store.conversation_list import Summary
from daemon.store.turns import TurnState
from webui.base import account_switcher, link_panel
from webui.inbox import activity, bubble, fragments, row, turn_mark
from webui.live.changes import AccountNews, Audience


class Updates:
    """JSON messages without their sequence number, made when the first tab wants them."""

    def __init__(self, app: Flask, news: AccountNews, now: datetime) -> None:
        self._app = app
        self._news = news
        self._now = now
        self._made: dict[tuple[str, str, int], str] = {}

    def for_tab(self, tab: Audience) -> list[str]:
        """What one tab has to hear, in order."""
        news, language = self._news, tab.language
        who = news.contacts.get(tab.open) if tab.open is not None else None
        bubbles = [i for i, found in news.bubbles.items() if found.contact_id == who]
        messages = [self._rendered(language, "bubble", i, self._bubble) for i in bubbles]
        messages += [
            self._rendered(language, "transfer", i, self._transfer)
            for i, found in news.progress.items()
            if found.conversation_id == tab.open
        ]
        messages += [
            self._rendered(language, "activity", i, self._activity)
            for i, line in enumerate(news.activities)
            if line.conversation_id == tab.open
        ]
        if tab.open is not None and tab.open in news.turns and tab.open in news.rows:
            messages.append(self._rendered(language, "thread", tab.open, self._thread))
            if tab.open in news.digest.claims:
                messages.append(self._rendered(language, "claim", tab.open, self._claim))
        if tab.box is not None:
            messages += [self._rendered(language, "row", i, self._row) for i in news.rows]
            if news.counts is not None:
                messages.append(self._once("counts", tab.admin_id, self._counts))
            messages += [
                self._rendered(language, "alarm", i, self._alarm) for i in news.digest.alarms if i in news.rows
            ]
            if tab.admin_id in news.mentions:
                messages.append(self._once("mentions", tab.admin_id, self._mentions))
        messages += [
            self._rendered(language, "given", i, self._given)
            for i, (line, _about) in enumerate(news.given)
            if line.subject_id == tab.admin_id
        ]
        if news.colleagues:
            messages.append(self._rendered(language, "presence", 0, self._presence))
        messages += [self._once("typing", i, self._typing) for i in news.digest.typing]
        if news.switcher:
            messages.append(self._rendered(language, "numbers", 0, self._switcher))
        if news.link:
            messages.append(self._rendered(language, "banner", 0, self._banner))
            if tab.page == "link":
                messages.append(self._rendered(language, "link", tab.owner, self._link))
        return messages

    def _rendered(self, language: str, kind: str, about: int, make: Callable[[int], dict[str, Any]]) -> str:
        if (language, kind, about) not in self._made:
            with fragments.speaking(self._app, language, self._news.account_id, self._news.every):
                self._made[language, kind, about] = json.dumps(make(about), ensure_ascii=False)
        return self._made[language, kind, about]

    def _once(self, kind: str, about: int, make: Callable[[int], dict[str, Any]]) -> str:
        if ("", kind, about) not in self._made:
            self._made["", kind, about] = json.dumps(make(about))
        return self._made["", kind, about]

    def _bubble(self, message_id: int) -> dict[str, Any]:
        found = self._news.bubbles[message_id]
        html = fragments.bubble(bubble.show(found, self._now))
        return {"type": "bubble", "conversation": found.conversation_id, "id": message_id, "html": html}

    def _transfer(self, message_id: int) -> dict[str, Any]:
        found = self._news.progress[message_id]
        html = fragments.transfer(bubble.show(found, self._now))
        return {"type": "transfer", "conversation": found.conversation_id, "id": message_id, "html": html}

    def _row(self, conversation_id: int) -> dict[str, Any]:
        return {"type": "row", "id": conversation_id, "html": fragments.row(self._shown_row(conversation_id))}

    def _shown_row(self, conversation_id: int) -> row.Row:
        about, claim = self._news.rows[conversation_id], self._news.claims.get(conversation_id)
        return row.show(about, self._now, claim, is_given=conversation_id in self._news.unopened)

    def _thread(self, conversation_id: int) -> dict[str, Any]:
        turn, header = self._news.turns[conversation_id], self._news.header
        about = self._news.rows[conversation_id]
        assert header is not None
        is_resolved = about.status == Status.RESOLVED
        mark = turn_mark.notice(turn.mark, self._now) if turn.mark else None
        return {
            "type": "thread",
            "conversation": conversation_id,
            "turn_id": turn.open_id,
            "head": fragments.head(self._shown_row(conversation_id), header),
            "disappearing": fragments.disappearing(self._shown_row(conversation_id)),
            "marks": self._marks(about, turn.newest),
            "status": about.status.value,
            "resolved": fragments.resolved(about.id, row.resolver(about)) if is_resolved else "",
            "only": about.assignee_id if header.strict else None,
            "only_name": about.assignee_name if header.strict else None,
            "notice": fragments.notice(mark) if mark else "",
            "before": fragments.answered_before(mark) if mark else "",
            "answered_turn": turn.mark.turn_id if turn.mark else None,
        }

    def _marks(self, about: Summary, newest: list[TurnState]) -> list[dict[str, Any]]:
        shown = [
            turn_mark.under(about, turn, turn.last_message_id, turn is newest[-1], self._now) for turn in newest
        ]
        return [{"turn": one.turn_id, "after": one.after, "html": fragments.turn_mark(one)} for one in shown]

    def _claim(self, conversation_id: int) -> dict[str, Any]:
        claim = self._news.claims.get(conversation_id)
        return {
            "type": "claim",
            "conversation": conversation_id,
            "admin_id": claim.admin_id if claim else None,
            "name": claim.name if claim else "",
            "expires": claim.expires_at.isoformat() if claim else None,
            "html": fragments.claimed(claim.name) if claim else "",
        }

    def _activity(self, i: int) -> dict[str, Any]:
        line = self._news.activities[i]
        shown = activity.show(line, self._now)
        html = fragments.activity(shown) if shown else ""
        return {"type": "activity", "conversation": line.conversation_id, "id": line.id, "html": html}

    def _given(self, i: int) -> dict[str, Any]:
        line, about = self._news.given[i]
        html = fragments.given(row.show(about, self._now), line.admin_name)
        return {"type": "given", "conversation": about.id, "html": html}

    def _alarm(self, conversation_id: int) -> dict[str, Any]:
        html = fragments.alarm(self._shown_row(conversation_id))
        return {"type": "alarm", "conversation": conversation_id, "html": html}

    def _presence(self, _: int) -> dict[str, Any]:
        return {"type": "presence", "html": fragments.team(self._news.colleagues)}

    def _switcher(self, _: int) -> dict[str, Any]:
        return account_switcher.to_json(self._news.switcher)

    def _counts(self, admin_id: int) -> dict[str, Any]:
        by_admin = self._news.counts or {}
        return {
            "type": "counts",
            "mine": by_admin.get(admin_id, 0),
            "unassigned": by_admin.get(None, 0),
            "all": sum(by_admin.values()),
        }

    def _mentions(self, admin_id: int) -> dict[str, Any]:
        return {"type": "mentions", "conversations": self._news.mentions[admin_id]}

    def _typing(self, conversation_id: int) -> dict[str, Any]:
        on = self._news.digest.typing[conversation_id]
        return {"type": "typing", "conversation": conversation_id, "on": on}

    def _panel(self, owner: bool) -> link_panel.LinkPanel:
        assert self._news.link is not None
        return link_panel.show(*self._news.link, self._now, owner=owner)

    def _banner(self, _: int) -> dict[str, Any]:
        panel = self._panel(owner=False)
        html = fragments.banner(panel)
        return {"type": "banner", "state": panel.state, "can_send": panel.can_send, "html": html}

    def _link(self, owner: int) -> dict[str, Any]:
        return {"type": "link", "html": fragments.link_panel(self._panel(bool(owner)), bool(owner))}
