"""Conversations as lists show them: boxes, filters, counts, what is unread and who waits."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, select

from auth_store.tables import admin
from daemon.domain.desk import Box, Priority, Status
from daemon.domain.groups import GroupMember
from daemon.domain.ids import ChatKind
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author, Delivery
from daemon.store import contact_names, group_people, groups, tags, undecided
from daemon.store.conversations import (
    is_answered_here,
    is_in_group,
    is_resolved,
    is_unresolved,
    is_with_person,
)
from daemon.store.groups import Group
from daemon.store.tables.contact_pictures import contact_picture
from daemon.store.tables.core import contact, conversation, message, turn
from daemon.store.tables.desk import contact_tag, conversation_tag
from daemon.store.tables.wire_columns import WireText
from daemon.store.tags import Tag


@dataclass(frozen=True, slots=True)
class Summary:
    """A conversation as one row of the list."""

    id: int
    account_id: int
    contact_id: int
    contact_name: str | None
    contact_phone: str | None
    is_forgotten: bool
    # the file of his profile picture
    contact_picture: str | None
    is_blocked: bool
    status: Status
    assignee_id: int | None
    assignee_name: str | None
    last_at: datetime
    last_text: str | None
    last_kind: MessageKind | None
    last_from_me: bool
    last_delivery: Delivery | None
    last_revoked: bool
    unread: int
    waiting_since: datetime | None
    # since when a reply that needs a person's decision (held, uncertain, unreadable) leaves the customer waiting
    undecided_since: datetime | None
    # of the open turn: the bot was polite; the team was told (also of a reply that needs a decision)
    acknowledged_at: datetime | None
    alarmed_at: datetime | None
    priority: Priority
    created_at: datetime
    assigned_at: datetime | None
    resolved_at: datetime | None
    resolved_by_id: int | None
    resolved_by_name: str | None
    previous_id: int | None
    # up to which message another device of ours has read, which one, and when
    seen_elsewhere_message_id: int | None
    seen_elsewhere_by: Author | None
    seen_elsewhere_at: datetime | None
    kind: ChatKind = ChatKind.PERSON
    tags: tuple[Tag, ...] = ()
    # those that stand on the customer
    contact_tags: tuple[Tag, ...] = ()
    # of a group: what is known of it, and who wrote last
    group: Group | None = None
    last_writer: GroupMember | None = None
    # seconds after which WhatsApp deletes the chat's messages, 0 if it keeps them
    disappearing: int = 0

    @property
    def listed_at(self) -> datetime:
        """Where it stands in a list: the resolved ones stand in the order in which they were resolved.

        A group goes on though it is resolved.
        """
        is_over = self.status == Status.RESOLVED and self.kind != ChatKind.GROUP
        return self.resolved_at or self.last_at if is_over else self.last_at


def listing(
    conn: Connection,
    account_id: int,
    box: Box,
    admin_id: int,
    limit: int = 100,
    before: datetime | None = None,
    tag_id: int | None = None,
    priority: Priority | None = None,
) -> list[Summary]:
    """Unresolved conversations with customers and in groups, newest message first (`before`: older than that).

    The resolved ones stand in a box of their own, the last to be resolved first; `before` is then about that.
    Those in which a reply needs a decision stand with the others too. Groups have a box with all of them besides.
    """
    asked = box, admin_id, limit, before, tag_id, priority
    if box == Box.GROUPS:
        return _listing(conn, account_id, *asked, is_in_group)
    found = _listing(conn, account_id, *asked, is_with_person)
    if box == Box.RESOLVED:
        return found
    more = _listing(conn, account_id, *asked, is_in_group) if groups.any_on(conn, account_id) else []
    if left := undecided.resolved_conversations(conn, account_id):
        more += _listing(conn, account_id, *asked, is_answered_here, left)
    return sorted(found + more, key=lambda one: (one.listed_at, one.id), reverse=True)[:limit] if more else found


def _listing(
    conn: Connection,
    account_id: int,
    box: Box,
    admin_id: int,
    limit: int,
    before: datetime | None,
    tag_id: int | None,
    priority: Priority | None,
    kinds: ColumnElement[bool],
    resolved_ids: Sequence[int] | None = None,
) -> list[Summary]:
    resolved = box == Box.RESOLVED or resolved_ids is not None
    order = conversation.c.resolved_at if resolved else conversation.c.last_at
    conditions: list[ColumnElement[bool]] = [conversation.c.account_id == account_id, kinds]
    if box == Box.GROUPS:
        conditions.append(conversation.c.contact_id.in_(groups.those_on(account_id)))
    else:
        conditions.append(is_resolved if resolved else is_unresolved)
    if resolved_ids is not None:
        conditions.append(conversation.c.id.in_(resolved_ids))
    if before is not None:
        conditions.append(order < before)
    if box == Box.MINE:
        conditions.append(conversation.c.assignee_id == admin_id)
    elif box == Box.UNASSIGNED:
        nobodys = conversation.c.assignee_id.is_(None)
        conditions.append(nobodys if resolved else conversation.c.status == Status.UNASSIGNED.value)
    if tag_id is not None:
        tagged = select(conversation_tag.c.conversation_id).where(conversation_tag.c.tag_id == tag_id)
        theirs = select(contact_tag.c.contact_id).where(contact_tag.c.tag_id == tag_id)
        conditions.append(conversation.c.id.in_(tagged) | conversation.c.contact_id.in_(theirs))
    if priority is not None:
        conditions.append(conversation.c.priority == priority.value)
    statement = _summaries.where(*conditions).order_by(order.desc(), conversation.c.id.desc())
    return _with_tags(conn, conn.execute(statement.limit(limit)).all())


def summary(conn: Connection, conversation_id: int) -> Summary | None:
    """One conversation as a row of the list, whatever its status; None if there is none."""
    found = _with_tags(conn, conn.execute(_summaries.where(conversation.c.id == conversation_id)).all())
    return found[0] if found else None


def summaries(conn: Connection, conversation_ids: Collection[int]) -> dict[int, Summary]:
    """Some conversations as rows of the list, whatever their status; those that are not there are left out."""
    rows = conn.execute(_summaries.where(conversation.c.id.in_(conversation_ids))).all()
    return {one.id: one for one in _with_tags(conn, rows)}


def counts(conn: Connection, account_id: int, admin_id: int) -> dict[Box, int]:
    """How many unresolved conversations each list holds; what is resolved only grows and is not counted."""
    owned = counts_by_admin(conn, account_id, is_answered_here)
    return {Box.ALL: sum(owned.values()), Box.MINE: owned.get(admin_id, 0), Box.UNASSIGNED: owned.get(None, 0)}


def counts_by_admin(
    conn: Connection, account_id: int, kinds: ColumnElement[bool] = is_answered_here
) -> dict[int | None, int]:
    """How many unresolved conversations each admin has, of some kinds; None counts those that nobody has.

    Resolved ones count as long as a reply in them needs a decision.
    """
    owner = case((conversation.c.status == Status.UNASSIGNED.value, None), else_=conversation.c.assignee_id)
    rows = conn.execute(
        select(owner.label("owner"), func.count())
        .where(
            conversation.c.account_id == account_id,
            kinds,
            is_unresolved,
        )
        .group_by(owner)
    )
    found: dict[int | None, int] = dict(rows.all())
    if left := undecided.resolved_conversations(conn, account_id):
        owners = select(conversation.c.assignee_id).where(conversation.c.id.in_(left))
        for admin_id in conn.execute(owners).scalars():
            found[admin_id] = found.get(admin_id, 0) + 1
    return found


# characters of the last message: more than a row shows of it
_PREVIEW = 500
_last = message.alias("last")
_resolver = admin.alias("resolver")
_unread = (
    select(func.count())
    .where(
        message.c.conversation_id == conversation.c.id,
        message.c.id > conversation.c.seen_message_id,
        message.c.author == Author.CUSTOMER.value,
        message.c.is_history.is_(False),
    )
    .scalar_subquery()
)
_summaries = (
    select(
        conversation,
        contact_names.shown_name.label("name"),
        contact.c.phone,
        contact.c.forgotten_at,
        contact.c.disappearing,
        contact.c.blocked_at,
        contact_picture.c.file.label("picture"),
        admin.c.name.label("assignee_name"),
        _resolver.c.name.label("resolver_name"),
        func.substr(_last.c.text, 1, _PREVIEW, type_=WireText).label("text"),
        _last.c.kind.label("last_kind"),
        _last.c.from_me,
        _last.c.delivery,
        _last.c.revoked_at,
        _last.c.participant,
        _last.c.media,
        _unread.label("unread"),
        turn.c.opened_at,
        turn.c.acknowledged_at,
        turn.c.alarmed_at,
        undecided.since_in_conversation.label("undecided_since"),
        undecided.alarmed_in_conversation.label("undecided_alarmed_at"),
    )
    .join(contact, contact.c.id == conversation.c.contact_id)
    .outerjoin(contact_picture, contact_picture.c.contact_id == conversation.c.contact_id)
    .outerjoin(admin, admin.c.id == conversation.c.assignee_id)
    .outerjoin(_resolver, _resolver.c.id == conversation.c.resolved_by_id)
    .outerjoin(_last, _last.c.id == conversation.c.last_message_id)
    .outerjoin(turn, and_(turn.c.conversation_id == conversation.c.id, turn.c.closed_at.is_(None)))
)


def _with_tags(conn: Connection, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[Summary]:
    tagged = tags.of(conn, [row.id for row in rows])
    theirs = tags.of_contacts(conn, list({row.contact_id for row in rows}))
    found = [_summary(row, tuple(tagged.get(row.id, ())), tuple(theirs.get(row.contact_id, ()))) for row in rows]
    if not any(one.kind == ChatKind.GROUP for one in found):
        return found
    return [
        _in_group(conn, one, row) if one.kind == ChatKind.GROUP else one
        for one, row in zip(found, rows, strict=True)
    ]


def _in_group(conn: Connection, about: Summary, row: Row[*tuple[Any, ...]]) -> Summary:
    """A group's line: what is known of the group, who wrote last, and names for those whom he named."""
    named = group_people.mentions_in(row.media)
    people = groups.people(conn, about.contact_id, [*named, *([row.participant] if row.participant else [])])
    text = about.last_text
    for address in named:
        if text and (member := people.get(address)) and member.name:
            text = text.replace("@" + address.partition("@")[0], "@" + member.name)
    if row.from_me:
        for digits, member in groups.named_in(conn, about.contact_id, text).items():
            text = (text or "").replace(f"@{digits}", f"@{member.name or digits}")
    writer = people.get(row.participant or "")
    return replace(about, group=groups.get(conn, about.contact_id), last_writer=writer, last_text=text)


def _summary(row: Row[*tuple[Any, ...]], tagged: tuple[Tag, ...], theirs: tuple[Tag, ...]) -> Summary:
    return Summary(
        id=row.id,
        account_id=row.account_id,
        contact_id=row.contact_id,
        contact_name=row.name,
        contact_phone=row.phone,
        is_forgotten=row.forgotten_at is not None,
        contact_picture=row.picture,
        is_blocked=row.blocked_at is not None,
        status=Status(row.status),
        assignee_id=row.assignee_id,
        assignee_name=row.assignee_name,
        last_at=row.last_at,
        last_text=row.text,
        last_kind=MessageKind(row.last_kind) if row.last_kind else None,
        last_from_me=bool(row.from_me),
        last_delivery=Delivery(row.delivery) if row.delivery else None,
        last_revoked=row.revoked_at is not None,
        unread=row.unread,
        waiting_since=row.opened_at,
        undecided_since=row.undecided_since,
        acknowledged_at=row.acknowledged_at,
        alarmed_at=row.alarmed_at or row.undecided_alarmed_at,
        priority=Priority(row.priority),
        created_at=row.created_at,
        assigned_at=row.assigned_at,
        resolved_at=row.resolved_at,
        resolved_by_id=row.resolved_by_id,
        resolved_by_name=row.resolver_name,
        previous_id=row.previous_id,
        seen_elsewhere_message_id=row.seen_elsewhere_message_id,
        seen_elsewhere_by=Author(row.seen_elsewhere_by) if row.seen_elsewhere_by else None,
        seen_elsewhere_at=row.seen_elsewhere_at,
        kind=ChatKind(row.kind),
        tags=tagged,
        contact_tags=theirs,
        disappearing=row.disappearing,
    )
