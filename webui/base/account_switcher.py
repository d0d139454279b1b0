"""The switcher between several accounts: each with its name, how its link is, and how many customers wait."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, g
from flask_babel import gettext
from sqlalchemy import Connection

from daemon.domain.links import LinkState
from daemon.store import accounts, counts, links
from daemon.store.accounts import Account
from webui.base import formatting, link_panel
from webui.base.context import services


@dataclass(frozen=True, slots=True)
class SwitcherEntry:
    """One account in the switcher: its link, and how many customers wait."""

    id: int
    name: str
    phone: str | None
    state: LinkState
    waiting: int

    @property
    def title(self) -> str:
        """The state of the link in two or three words."""
        return gettext(link_panel.TITLES[self.state][0])

    @property
    def tone(self) -> str:
        """How the link's dot is drawn."""
        return link_panel.TITLES[self.state][1]


def install(app: Flask) -> None:
    """Give every page its switcher, and the account that it is about."""

    @app.context_processor
    def about() -> dict[str, Any]:
        return {"switcher": _shown_entries, "account_id": g.get("account_id")}


def entries(conn: Connection, every: list[Account]) -> list[SwitcherEntry]:
    """These accounts as the switcher shows them; none if there is only one, and so nothing to choose."""
    if len(every) < 2:
        return []
    waiting, nobody = counts.waiting_customers(conn), counts.WaitingCount()
    return [
        SwitcherEntry(
            one.id,
            one.name,
            formatting.phone(one.phone),
            links.get(conn, one.id).state,
            waiting.get(one.id, nobody).count,
        )
        for one in every
    ]


def to_json(found: list[SwitcherEntry]) -> dict[str, Any]:
    """The switcher as the websocket tells it."""
    said = [
        {
            "id": one.id,
            "name": one.name,
            "phone": one.phone,
            "title": one.title,
            "tone": one.tone,
            "waiting": one.waiting,
        }
        for one in found
    ]
    return {"type": "numbers", "numbers": said}


def _shown_entries() -> list[SwitcherEntry]:
    if len(g.get("account_ids") or []) < 2:
        return []
    with services().database.read() as conn:
        return entries(conn, accounts.every(conn))
