"""The owner's log: who did what, when and from where, by person, kind and day."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, request
from flask_babel import gettext

from auth_store import admins
from daemon.domain.messages import Author
from daemon.store import audit
from daemon.store.audit import AuditEntry
from webui.auth import owner_required
from webui.base import formatting, layout
from webui.base.context import services
from webui.base.dates import iso_day, midnight
from webui.pages import audit_sentences

pages = Blueprint("log", __name__)

PAGE_LENGTH = 100


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line as it is shown."""

    id: int
    day: str
    time: str
    iso: str
    who: str
    what: str
    conversation_id: int | None
    address: str | None


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What the owner looks for, as typed and as searched."""

    admin_id: int | None
    kind: str
    first: date | None
    last: date | None
    before: int | None


@pages.get("/settings/log")
@owner_required
def page() -> Any:
    """The newest lines that fit the filter."""
    now, wish = services().clock(), _filter()
    with services().database.read() as conn:
        found = audit.search(
            conn,
            layout.account_of(conn),
            actions=audit_sentences.KINDS[wish.kind][1] if wish.kind else None,
            admin_id=wish.admin_id,
            since=midnight(wish.first) if wish.first else None,
            until=midnight(wish.last + timedelta(days=1)) if wish.last else None,
            before_id=wish.before,
            limit=PAGE_LENGTH + 1,
        )
        lines = [_line(entry, now) for entry in found[:PAGE_LENGTH]]
        return layout.show(
            "pages/audit_log.html",
            conn,
            lines=lines,
            older=lines[-1].id if len(found) > PAGE_LENGTH else None,
            wish=wish,
            people=admins.everyone(conn),
            kinds=[(name, gettext(label)) for name, (label, _actions) in audit_sentences.KINDS.items()],
            wide=True,
        )


def _filter() -> AuditFilter:
    """Parts of the address that make no sense are as if they weren't there."""
    given = request.args

    def row_id(name: str) -> int | None:
        return int(given[name]) if re.fullmatch(r"\d{1,15}", given.get(name, ""), re.ASCII) else None

    kind = given.get("what", "")
    return AuditFilter(
        row_id("who"),
        kind if kind in audit_sentences.KINDS else "",
        iso_day(given.get("from", "")),
        iso_day(given.get("to", "")),
        row_id("before"),
    )


def _line(entry: AuditEntry, now: datetime) -> AuditLine:
    return AuditLine(
        id=entry.id,
        day=formatting.day(entry.at, now),
        time=formatting.clock_time(entry.at),
        iso=entry.at.isoformat(),
        who=_who(entry),
        what=audit_sentences.sentence(entry),
        conversation_id=entry.conversation_id,
        address=entry.address,
    )


def _who(entry: AuditEntry) -> str:
    if entry.actor == Author.ADMIN:
        # who runs `balas` has no name; who guesses names at the login has an address
        nobody = gettext("Unknown name") if entry.address else gettext("The command line")
        return entry.admin_name or nobody
    return {
        Author.BOT: gettext("By itself"),
        Author.PHONE: gettext("From the phone"),
        Author.COMPANION: gettext("From a linked device"),
        Author.CUSTOMER: gettext("The customer"),
    }[entry.actor]
