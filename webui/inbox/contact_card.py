"""What is known about a customer, as the panel beside his thread shows it."""

from dataclasses import dataclass, replace
from datetime import datetime

from flask_babel import gettext
from sqlalchemy import Connection

from daemon.desk import contacts
from daemon.domain.desk import Status
from daemon.domain.ids import ChatKind
from daemon.store import blocked, groups, tags
from daemon.store.conversation_list import Summary
from daemon.store.tags import Tag
from webui.base import formatting
from webui.inbox import group_writer, row
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

    contact_id: int
    # None on his own page, until he has written
    conversation_id: int | None
    person: Person
    # the shop's name for him, and his own where it is another
    shop_name: str
    own_name: str | None
    phone: str | None
    addresses: list[str]
    note: str
    fields: list[tuple[str, str]]
    tags: tuple[Tag, ...]
    contact_tags: tuple[Tag, ...]
    more_tags: list[str]
    times: list[tuple[str, str]]
    earlier: list[EarlierLine]
    is_resolved: bool
    is_forgotten: bool
    is_blocked: bool
    # a person, not a group
    can_be_blocked: bool
    is_group: bool
    # of a group: names, numbers, and whether they may let others in
    members: list[tuple[str, str | None, bool]]


def read(conn: Connection, about: Summary, now: datetime) -> ContactCard:
    """All there is to show about a conversation's customer."""
    card = of_contact(conn, about.account_id, about.contact_id, about.id, now)
    return replace(
        card,
        person=row.person(about),
        tags=about.tags,
        times=_times(about, now),
        is_resolved=about.status == Status.RESOLVED,
        is_forgotten=about.is_forgotten,
        is_group=about.kind == ChatKind.GROUP,
        members=_members(conn, about) if about.group else [],
    )


def of_contact(
    conn: Connection, account_id: int, contact_id: int, conversation_id: int | None, now: datetime
) -> ContactCard:
    """All there is to show about a customer himself; LookupError if there is none."""
    found = contacts.details(conn, contact_id)
    name = found.shop_name or found.name
    phones = [formatting.phone(one.user) for one in found.addresses if one.server == "s.whatsapp.net"]
    return ContactCard(
        contact_id=contact_id,
        conversation_id=conversation_id,
        person=row.person_of(contact_id, name, found.phone),
        shop_name=found.shop_name or "",
        own_name=found.name if found.shop_name and found.name != found.shop_name else None,
        phone=formatting.phone(found.phone),
        addresses=[one for one in phones if one and one != formatting.phone(found.phone)],
        note=found.note,
        fields=found.fields,
        tags=(),
        contact_tags=tuple(tags.of_contacts(conn, [contact_id]).get(contact_id, ())),
        more_tags=[one.name for one in tags.every(conn, account_id)],
        times=[],
        earlier=[
            EarlierLine(
                one.conversation_id,
                formatting.moment(one.resolved_at or one.created_at, now),
                one.resolved_by_name,
                one.score,
            )
            for one in found.earlier
            if one.conversation_id != conversation_id
        ],
        is_resolved=False,
        is_forgotten=False,
        is_blocked=blocked.is_blocked(conn, contact_id),
        can_be_blocked=any(one.kind == ChatKind.PERSON for one in found.addresses),
        is_group=False,
        members=[],
    )


def _members(conn: Connection, about: Summary) -> list[tuple[str, str | None, bool]]:
    shown = [(group_writer.shown(one), one.is_admin) for one in groups.members(conn, about.contact_id)]
    return [(one.name, one.phone, is_admin) for one, is_admin in shown if one is not None]


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
