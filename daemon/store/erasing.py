"""Deleting messages for good: the rows, all that hangs on them, and the names of their files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from daemon.domain.desk import Status
from daemon.domain.ids import PHONE_SERVER
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import OutboxState
from daemon.store import (
    calls,
    contact_pictures,
    conversations,
    group_people,
    groups,
    outgoing_files,
    questions,
)
from daemon.store.tables.core import (
    contact,
    contact_alias,
    conversation,
    download,
    message,
    outbox,
    reaction,
    receipt,
    turn,
)
from daemon.store.tables.desk import contact_field, contact_tag, conversation_tag, mention, rating
from daemon.store.tables.message_changes import message_change, message_version
from daemon.store.tables.outgoing_files import outgoing_file

_CHUNK = 500
# a message of which nothing is left but its id
_EMPTY = {
    "kind": MessageKind.TEXT.value,
    **dict.fromkeys(("text", "raw", "media", "wa_id", "quoted_wa_id", "participant", "turn_id", "device")),
}
_LEAVING = (OutboxState.QUEUED.value, OutboxState.SENDING.value)


def thoroughly(conn: Connection) -> None:
    """Let SQLite overwrite what this connection deletes from now on."""
    conn.exec_driver_sql("PRAGMA secure_delete=ON")


def outdated(conn: Connection, account_id: int, before: datetime, limit: int = _CHUNK) -> list[int]:
    """Messages of resolved conversations from before a moment, the oldest first; none that is yet to leave."""
    old = message.c.sent_at < before
    return _resolved(conn, account_id, old, limit)


def remains(conn: Connection, account_id: int, limit: int = _CHUNK) -> list[int]:
    """What is left of forgotten customers: the one message that `erase` could only empty."""
    return _resolved(conn, account_id, contact.c.forgotten_at.is_not(None), limit)


def still_resolved(conn: Connection, account_id: int, message_ids: Sequence[int]) -> list[int]:
    """Those of some messages whose conversation is resolved, and that are not to leave."""
    return _resolved(conn, account_id, message.c.id.in_(message_ids), len(message_ids))


def _resolved(conn: Connection, account_id: int, which: ColumnElement[bool], limit: int) -> list[int]:
    leaving = select(outbox.c.id).where(outbox.c.message_id == message.c.id, outbox.c.state.in_(_LEAVING))
    newest = select(func.max(message.c.id)).scalar_subquery()
    rows = conn.execute(
        select(message.c.id)
        .join(conversation, conversation.c.id == message.c.conversation_id)
        .join(contact, contact.c.id == conversation.c.contact_id)
        .where(
            conversation.c.account_id == account_id,
            conversations.is_resolved,
            which,
            message.c.id < newest,
            ~leaving.exists(),
        )
        .order_by(message.c.id)
        .limit(limit)
    )
    return list(rows.scalars())


def conversations_with(conn: Connection, message_ids: Sequence[int]) -> list[int]:
    """The conversations of some messages."""
    rows = select(message.c.conversation_id).where(message.c.id.in_(message_ids)).distinct()
    return list(conn.execute(rows).scalars())


def of_contacts(conn: Connection, contact_ids: Sequence[int]) -> list[int]:
    """All messages of some contacts, those of their resolved conversations included."""
    theirs = message.c.conversation_id.in_(conversations.of_contacts(contact_ids))
    return list(conn.execute(select(message.c.id).where(theirs)).scalars())


def in_groups(conn: Connection, account_id: int, contact_ids: Sequence[int]) -> list[int]:
    """What some contacts wrote into groups: messages of another contact, the group."""
    wrote = message.c.participant.in_(addresses(conn, contact_ids))
    return list(conn.execute(select(message.c.id).where(message.c.account_id == account_id, wrote)).scalars())


def ids_on_the_wire(conn: Connection, message_ids: Sequence[int]) -> list[str]:
    """WhatsApp's ids of messages that came or left, and of what was changed in them."""
    found: list[str] = []
    for start in range(0, len(message_ids), _CHUNK):
        chunk = message_ids[start : start + _CHUNK]
        for wa_id, of in (message.c.wa_id, message.c.id), (message_change.c.wa_id, message_change.c.message_id):
            found += conn.execute(select(wa_id).where(of.in_(chunk), wa_id.is_not(None))).scalars()
    return found


def erase(conn: Connection, message_ids: Sequence[int]) -> list[str]:
    """Delete messages; returns their files below the folder of the attachments, for after the commit.

    The newest message of all is emptied instead: its id would come again, and turns, files and open pages
    know messages by id.
    """
    files: list[str] = []
    newest = conn.execute(select(func.max(message.c.id))).scalar()
    for start in range(0, len(message_ids), _CHUNK):
        files += _erase(conn, message_ids[start : start + _CHUNK], newest)
    return files


def _erase(conn: Connection, ids: Sequence[int], newest: int | None) -> list[str]:
    rows = conn.execute(
        select(
            message.c.id, message.c.account_id, message.c.conversation_id, message.c.wa_id, message.c.media
        ).where(message.c.id.in_(ids))
    ).all()
    for table in (reaction, download, outbox, outgoing_file, mention, message_change, message_version):
        conn.execute(delete(table).where(table.c.message_id.in_(ids)))
    for account_id in {row.account_id for row in rows}:
        known = [row.wa_id for row in rows if row.wa_id and row.account_id == account_id]
        conn.execute(delete(receipt).where(receipt.c.account_id == account_id, receipt.c.wa_id.in_(known)))
    conn.execute(delete(message).where(message.c.id.in_(ids), message.c.id != newest))
    if newest in ids:
        conn.execute(
            update(message).where(message.c.id == newest).values(_EMPTY | {"revoked_at": message.c.sent_at})
        )
    for conversation_id in {row.conversation_id for row in rows}:
        conversations.lead(conn, conversation_id)
    files = {str(row.media["file"]) for row in rows if row.media and row.media.get("file")}
    # another message may send the same
    return sorted(files - outgoing_files.still_used(conn, files))


@dataclass(frozen=True, slots=True)
class ErasableContact:
    """A contact and its account."""

    account_id: int
    contact_id: int


def find(
    conn: Connection, contact_id: int | None = None, phone: str | None = None, account_id: int | None = None
) -> ErasableContact | None:
    """A contact by its id (the survivor, if it was merged) or by a phone number's digits in an account."""
    if phone is not None:
        address = (contact_alias.c.server == PHONE_SERVER) & (contact_alias.c.user == phone)
        if account_id is not None:
            address &= contact_alias.c.account_id == account_id
        contact_id = conn.execute(select(contact_alias.c.contact_id).where(address).limit(1)).scalar()
    while contact_id is not None:
        one = select(contact.c.account_id, contact.c.merged_into).where(contact.c.id == contact_id)
        row = conn.execute(one).first()
        if row is None or row.merged_into is None:
            return ErasableContact(row.account_id, contact_id) if row else None
        contact_id = row.merged_into
    return None


def family(conn: Connection, contact_id: int) -> list[int]:
    """A contact with all that were merged into it, itself first."""
    found = [contact_id]
    for contact_id in found:
        merged = select(contact.c.id).where(contact.c.merged_into == contact_id, contact.c.id.not_in(found))
        found += conn.execute(merged).scalars()
    return found


def is_sending(conn: Connection, contact_ids: Sequence[int]) -> bool:
    """Whether a reply to one of them is leaving at this moment."""
    rows = (
        select(outbox.c.id)
        .join(message, message.c.id == outbox.c.message_id)
        .where(
            message.c.conversation_id.in_(conversations.of_contacts(contact_ids)),
            outbox.c.state == OutboxState.SENDING.value,
        )
    )
    return conn.execute(rows.limit(1)).first() is not None


def conversations_of(conn: Connection, contact_ids: Sequence[int]) -> list[tuple[int, bool]]:
    """The conversations of some contacts, and whether each is resolved."""
    rows = conn.execute(
        select(conversation.c.id, conversation.c.status).where(conversation.c.contact_id.in_(contact_ids))
    )
    return [(row.id, row.status == Status.RESOLVED) for row in rows]


def erase_person(conn: Connection, account_id: int, contact_ids: Sequence[int], now: datetime) -> None:
    """Take away all that says who somebody is, and how to reach him; his conversations keep their ids."""
    users = addresses(conn, contact_ids)
    calls.forget(conn, account_id, users)
    questions.forget_about(conn, account_id, users)
    contact_pictures.forget(conn, contact_ids)
    groups.forget_people(conn, account_id, users)
    groups.forget(conn, contact_ids)
    conn.execute(delete(reaction).where(reaction.c.who.in_(users)))
    group_people.unname(conn, account_id, users)
    conn.execute(delete(receipt).where(receipt.c.account_id == account_id, receipt.c.user.in_(users)))
    own = select(conversation.c.id).where(conversation.c.contact_id.in_(contact_ids))
    conn.execute(delete(conversation_tag).where(conversation_tag.c.conversation_id.in_(own)))
    conn.execute(delete(turn).where(turn.c.conversation_id.in_(own), turn.c.closed_at.is_(None)))
    for table in (rating, contact_field, contact_tag, contact_alias):
        conn.execute(delete(table).where(table.c.contact_id.in_(contact_ids)))
    quiet = dict.fromkeys(("typing_at", "seen_elsewhere_at", "seen_elsewhere_by", "seen_elsewhere_message_id"))
    conn.execute(update(conversation).where(conversation.c.contact_id.in_(contact_ids)).values(quiet))
    who = ("lid", "phone", "note", "name", "shop_name", "listed_name", "blocked_at")
    nobody = dict.fromkeys(who) | {"forgotten_at": now, "disappearing": 0, "disappearing_at": None}
    conn.execute(update(contact).where(contact.c.id.in_(contact_ids)).values(nobody))


def addresses(conn: Connection, contact_ids: Sequence[int]) -> list[str]:
    """Every address that the contacts have or had, as messages and receipts name them."""
    rows = select(contact_alias.c.user, contact_alias.c.server).where(contact_alias.c.contact_id.in_(contact_ids))
    return [f"{row.user}@{row.server}" for row in conn.execute(rows)]
