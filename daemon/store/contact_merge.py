"""Two contacts that turn out to be one: their messages, conversations and all that is known come together."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Table, delete, func, select, update

from daemon.domain.desk import Priority, Status
from daemon.domain.message_kinds import PLACEHOLDERS
from daemon.store import contact_names, contact_pictures, events
from daemon.store.conversations import is_unresolved, lead, of_contacts
from daemon.store.tables.core import (
    contact,
    contact_alias,
    conversation,
    download,
    message,
    outbox,
    reaction,
    turn,
)
from daemon.store.tables.desk import audit, claim, contact_field, contact_tag, conversation_tag, rating
from daemon.store.tables.message_changes import message_change, message_version
from daemon.store.tables.outgoing_files import outgoing_file


def merge(conn: Connection, account_id: int, survivor: int, gone: int, now: datetime) -> int:
    """Move everything of `gone` to `survivor`; their unresolved conversations become one."""
    conn.execute(update(contact).where(contact.c.id == gone).values(merged_into=survivor))
    _merge_knowledge(conn, survivor, gone)
    contact_pictures.merge(conn, survivor, gone)
    conn.execute(update(contact_alias).where(contact_alias.c.contact_id == gone).values(contact_id=survivor))
    _drop_twins(conn, survivor, gone)
    theirs = message.c.conversation_id.in_(of_contacts([gone]))
    conn.execute(update(message).where(theirs).values(contact_id=survivor))
    rows = conn.execute(
        select(conversation.c.contact_id, conversation.c.id).where(
            conversation.c.contact_id.in_((survivor, gone)), is_unresolved
        )
    )
    open_ones: dict[int, int] = dict(rows.all())
    if survivor in open_ones and gone in open_ones:
        keep, drop = open_ones[survivor], open_ones[gone]
        _join_conversations(conn, keep, drop, now)
        for conversation_id in (keep, drop):
            events.append(conn, account_id, events.EventKind.CONVERSATION_CHANGED, now, conversation_id)
    conn.execute(update(conversation).where(conversation.c.contact_id == gone).values(contact_id=survivor))
    return survivor


def _merge_knowledge(conn: Connection, survivor: int, gone: int) -> None:
    """What the shop knows about either is known about both; where they differ, the survivor's fields stand."""
    known = contact_field.alias()
    also = (known.c.contact_id == survivor) & (known.c.name == contact_field.c.name)
    moved = update(contact_field).where(
        contact_field.c.contact_id == gone, ~select(known.c.name).where(also).exists()
    )
    conn.execute(moved.values(contact_id=survivor))
    conn.execute(delete(contact_field).where(contact_field.c.contact_id == gone))
    rows = conn.execute(select(contact).where(contact.c.id.in_((survivor, gone))))
    kept, other = sorted(rows, key=lambda row: row.id != survivor)
    # the survivor's own name stands; what the shop called the other one is not lost
    lost_name = other.shop_name if kept.shop_name not in (None, other.shop_name) else None
    both = "\n\n".join(dict.fromkeys(note for note in (kept.note, other.note, lost_name) if note))
    known_of_both = {
        "name": kept.name or other.name,
        "shop_name": kept.shop_name or other.shop_name,
        **_newest_of_disappearing(kept, other),
        "note": both or None,
        # somebody who is known is not forgotten
        "forgotten_at": kept.forgotten_at and other.forgotten_at,
        "blocked_at": kept.blocked_at or other.blocked_at,
    }
    conn.execute(update(contact).where(contact.c.id == survivor).values(known_of_both))
    contact_names.list_by_names(conn, [survivor])
    _merge_tags(conn, contact_tag, contact_tag.c.contact_id, survivor, gone)
    asked = rating.c.conversation_id.in_(of_contacts([gone]))
    conn.execute(update(rating).where(asked).values(contact_id=survivor))


def _newest_of_disappearing(kept: Any, other: Any) -> dict[str, Any]:
    """After how long messages disappear, by whichever was told last (WhatsApp's time)."""
    told = [one for one in (kept, other) if one.disappearing_at is not None]
    if not told:
        return {}
    last = max(told, key=lambda one: one.disappearing_at)
    return {"disappearing": last.disappearing, "disappearing_at": last.disappearing_at}


def _drop_twins(conn: Connection, survivor: int, gone: int) -> None:
    """The same message seen under both addresses stays once: the readable one, else the survivor's."""
    twin = message.alias()
    twins = conn.execute(
        select(message.c.id, message.c.kind, twin.c.id, twin.c.kind)
        .join(twin, (twin.c.from_me == message.c.from_me) & (twin.c.wa_id == message.c.wa_id))
        .where(message.c.conversation_id.in_(of_contacts([gone])), twin.c.contact_id == survivor)
    ).all()
    for copy, copy_kind, original, original_kind in twins:
        if original_kind in PLACEHOLDERS and copy_kind not in PLACEHOLDERS:
            _drop_message(conn, original, instead=copy)
        else:
            _drop_message(conn, copy, instead=original)


def _drop_message(conn: Connection, message_id: int, instead: int) -> None:
    row = conn.execute(
        select(message.c.conversation_id, message.c.turn_id).where(message.c.id == message_id)
    ).one()
    conn.execute(update(turn).where(turn.c.closing_message_id == message_id).values(closing_message_id=instead))
    for table in (message_change, message_version):
        conn.execute(update(table).where(table.c.message_id == message_id).values(message_id=instead))
    for table in (reaction, download, outbox, outgoing_file):
        conn.execute(delete(table).where(table.c.message_id == message_id))
    conn.execute(delete(message).where(message.c.id == message_id))
    lead(conn, row.conversation_id)
    # a turn with nothing in it waits for no answer
    empty = ~select(message.c.id).where(message.c.turn_id == row.turn_id).exists()
    conn.execute(delete(turn).where(turn.c.id == row.turn_id, turn.c.closed_at.is_(None), empty))


def _join_conversations(conn: Connection, keep: int, drop: int, now: datetime) -> None:
    rows = conn.execute(
        select(turn.c.conversation_id, turn.c.id, turn.c.opened_at).where(
            turn.c.conversation_id.in_((keep, drop)), turn.c.closed_at.is_(None)
        )
    )
    turns = {row.conversation_id: row for row in rows}
    if keep in turns and drop in turns:
        since = min(turns[keep].opened_at, turns[drop].opened_at)
        conn.execute(update(message).where(message.c.turn_id == turns[drop].id).values(turn_id=turns[keep].id))
        conn.execute(delete(turn).where(turn.c.id == turns[drop].id))
        conn.execute(update(turn).where(turn.c.id == turns[keep].id).values(opened_at=since))
    both = conversation.c.id.in_((keep, drop))
    # what was unread in either of them stays unread
    seen = conn.execute(select(func.min(conversation.c.seen_message_id)).where(both)).scalar_one()
    conn.execute(update(message).where(message.c.conversation_id == drop).values(conversation_id=keep))
    conn.execute(update(turn).where(turn.c.conversation_id == drop).values(conversation_id=keep))
    _join_desk(conn, keep, drop)
    conn.execute(
        update(conversation).where(conversation.c.id == drop).values(status=Status.RESOLVED.value, resolved_at=now)
    )
    conn.execute(update(conversation).where(conversation.c.id == keep).values(seen_message_id=seen))
    lead(conn, keep)


def _merge_tags(conn: Connection, table: Table, whose: Column[int], keep: int, drop: int) -> None:
    tagged = table.alias()
    has = (tagged.c[whose.name] == keep) & (tagged.c.tag_id == table.c.tag_id)
    moved = update(table).where(whose == drop, ~select(tagged.c.tag_id).where(has).exists())
    conn.execute(moved.values({whose.name: keep}))
    conn.execute(delete(table).where(whose == drop))


def _join_desk(conn: Connection, keep: int, drop: int) -> None:
    """The kept conversation has the tags, urgency and assignee of either, and all that was done in both."""
    _merge_tags(conn, conversation_tag, conversation_tag.c.conversation_id, keep, drop)
    # whoever was answering claims again with the next key
    conn.execute(delete(claim).where(claim.c.conversation_id == drop))
    conn.execute(update(audit).where(audit.c.conversation_id == drop).values(conversation_id=keep))
    rows = conn.execute(select(conversation).where(conversation.c.id.in_((keep, drop))))
    kept, other = sorted(rows, key=lambda row: row.id != keep)
    values: dict[str, object] = {"priority": max(kept.priority, other.priority, key=list(Priority).index)}
    if kept.assignee_id is None and other.assignee_id is not None:
        values |= {
            "status": Status.ASSIGNED.value,
            "assignee_id": other.assignee_id,
            "assigned_at": other.assigned_at,
        }
    conn.execute(update(conversation).where(conversation.c.id == keep).values(values))
