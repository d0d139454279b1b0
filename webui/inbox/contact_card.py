"""What is known about a customer, as the panel beside his thread shows it."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext
from sqlalchemy import Connection

from daemon.desk import contacts
from daemon.domain.desk import Status
from daemon.store import tags
from daemon.store.conversation_list import Summary
from daemon.store.tags import Tag
from webui.base import formatting
from webui.inbox import row
from webui.inbox.row import Person


@dataclass(frozen=True, slots=True)
class EarlierLine:
    """An earlier conversation, as one line."""

    id: int
    when: str
    by: str | None
    score: int | None


@dataclass(frozen=True, slots=True)
class ContactCard:
    """One customer and one conversation of his."""

    conversation_id: int
    person: Person
    phone: str | None
    addresses: list[str]
    note: str
    fields: list[tuple[str, str]]
    tags: tuple[Tag, ...]
    more_tags: list[str]
    times: list[tuple[str, str]]
    earlier: list[EarlierLine]
    is_resolved: bool
    is_forgotten: bool
    is_blocked: bool


def read(conn: Connection, about: Summary, now: datetime) -> ContactCard:
    """All there is to show about a conversation's customer."""
    found = contacts.details(conn, about.contact_id)
    used = {one.id for one in about.tags}
    phones = [formatting.phone(one.user) for one in found.addresses if one.server == "s.whatsapp.net"]
    return ContactCard(
        conversation_id=about.id,
        person=row.person(about),
        phone=formatting.phone(found.phone),
        addresses=[one for one in phones if one and one != formatting.phone(found.phone)],
        note=found.note,
        fields=found.fields,
        tags=about.tags,
        more_tags=[one.name for one in tags.every(conn, about.account_id) if one.id not in used],
        times=_times(about, now),
        earlier=[
            EarlierLine(
                one.conversation_id,
                formatting.moment(one.resolved_at or one.created_at, now),
                one.resolved_by_name,
                one.score,
            )
            for one in found.earlier
            if one.conversation_id != about.id
        ],
        is_resolved=about.status == Status.RESOLVED,
        is_forgotten=about.is_forgotten,
        is_blocked=about.is_blocked,
    )


def _times(about: Summary, now: datetime) -> list[tuple[str, str]]:
    """When it began, who has it since when, and who ended it."""
    lines = [(gettext("Began"), formatting.moment(about.created_at, now))]
    if about.assignee_name and about.assigned_at:
        lines.append(
            (gettext("With %(name)s", name=about.assignee_name), formatting.moment(about.assigned_at, now))
        )
    if about.status == Status.RESOLVED and about.resolved_at:
        by = about.resolved_by_name or "Balas"
        lines.append((gettext("Resolved by %(name)s", name=by), formatting.moment(about.resolved_at, now)))
    return lines
