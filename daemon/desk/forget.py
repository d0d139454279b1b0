"""Forgetting a customer who asks for it: what he said and who he is goes, what the team did stays countable."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from daemon.desk import claims
from daemon.domain.desk import Action, Actor
from daemon.store import (
    audit,
    calls,
    contact_details,
    contact_pictures,
    conversations,
    erasing,
    events,
    forgotten_messages,
)
from daemon.store.events import EventKind


class StillSending(Exception):
    """A reply to the customer is leaving right now; it takes a moment."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went; `files` are attachments, to be deleted once the transaction has been committed."""

    messages: int
    conversations: int
    files: list[str]


def forget(conn: Connection, account_id: int, contact_id: int, actor: Actor, now: datetime) -> Forgotten | None:
    """Erase a customer's messages (in groups, too), names, numbers, note, fields, tags, ratings, waiting replies.

    His conversations end and stay as empty shells, with their closed turns and the log of what the team did. If
    he writes again, he is somebody new. None if there is no such customer (any more); raises StillSending.
    """
    card = contact_details.card(conn, contact_id)
    if card is None or card.is_forgotten:
        return None
    erasing.thoroughly(conn)
    everybody = erasing.family(conn, contact_id)
    if erasing.is_sending(conn, everybody):
        raise StillSending
    chats = erasing.conversations_of(conn, everybody)
    for conversation_id, is_resolved in chats:
        if not is_resolved:
            conversations.resolve(conn, conversation_id, actor.admin_id, now)
            claims.end(conn, account_id, conversation_id, now)
    in_groups = erasing.in_groups(conn, account_id, everybody)
    groups = erasing.conversations_with(conn, in_groups)
    gone = erasing.of_contacts(conn, everybody) + in_groups
    rang = calls.wa_ids_of(conn, account_id, erasing.addresses(conn, everybody))
    forgotten_messages.keep(conn, account_id, [*erasing.ids_on_the_wire(conn, gone), *rang], now)
    files = erasing.erase(conn, gone) + contact_pictures.files_of(conn, everybody)
    erasing.erase_person(conn, account_id, everybody, now)
    detail = {"contact": contact_id, "messages": len(gone)}
    ended = [conversation_id for conversation_id, _ in chats]
    last = max(ended, default=None)
    audit.record(conn, account_id, Action.CONTACT_FORGOTTEN, actor, now, last, detail=detail)
    for conversation_id in [*ended, *groups]:
        events.append(conn, account_id, EventKind.CONVERSATION_CHANGED, now, conversation_id)
    return Forgotten(len(gone), len(chats), files)
