"""Receipts as they came: who saw which message, on which device, when."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.dialects.sqlite import insert

from daemon.domain.ids import ChatKind
from daemon.store.conversations import of_contacts
from daemon.store.messages import MessagePlace
from daemon.store.tables.core import contact, contact_alias, message, receipt

# who told it, if it was another device of ours
OURSELVES = "me"
_CHUNK = 500

_new = insert(receipt)
_keep = _new.on_conflict_do_update(
    index_elements=list(receipt.primary_key.columns),
    set_={"at": _new.excluded.at},
    where=receipt.c.at < _new.excluded.at,
)


def record(
    conn: Connection,
    account_id: int,
    wa_ids: tuple[str, ...],
    user: str,
    device: int,
    kind: str,
    at: datetime,
) -> int:
    """Keep one receipt for each message id, the latest of its kind; returns how many were new, or later."""
    rows = [
        {
            "account_id": account_id,
            "wa_id": wa_id,
            "user": user,
            "device": device,
            "kind": kind,
            "at": at,
        }
        for wa_id in dict.fromkeys(wa_ids)
    ]
    return conn.execute(_keep, rows).rowcount if rows else 0


def is_of_chat(contact_id: int, users: ColumnElement[str] = receipt.c.user) -> ColumnElement[bool]:
    """Whether a receipt's `users` belong to a contact's chat: a person's own addresses, anybody in a group."""
    own = contact_alias.c.user + "@" + contact_alias.c.server
    aliases = select(own).where(contact_alias.c.contact_id == contact_id)
    is_group = select(contact.c.id).where(contact.c.id == contact_id, contact.c.kind == ChatKind.GROUP.value)
    return users.in_(aliases) | is_group.exists()


def of_contact(conn: Connection, account_id: int, contact_id: int) -> list[tuple[MessagePlace, str]]:
    """What came from a contact's chat about our messages in it: each message with a kind, the oldest first."""
    ours = select(message.c.wa_id, message.c.id, message.c.conversation_id, message.c.contact_id).where(
        message.c.conversation_id.in_(of_contacts([contact_id])),
        message.c.from_me.is_(True),
        message.c.wa_id.is_not(None),
    )
    places = {row.wa_id: MessagePlace(*row[1:]) for row in conn.execute(ours)}
    wa_ids, found = list(places), list[Any]()
    for start in range(0, len(wa_ids), _CHUNK):
        came = select(receipt.c.at, receipt.c.wa_id, receipt.c.kind).where(
            receipt.c.account_id == account_id,
            receipt.c.wa_id.in_(wa_ids[start : start + _CHUNK]),
            receipt.c.user != OURSELVES,
            is_of_chat(contact_id),
        )
        found += conn.execute(came).all()
    return [(places[wa_id], kind) for _, wa_id, kind in sorted(found, key=lambda row: row.at)]


def kinds(conn: Connection, account_id: int, wa_id: str, contact_id: int) -> list[str]:
    """The kinds of receipt that came for a message from its chat (a group's participants, too), in no order."""
    return list(
        conn.execute(
            select(receipt.c.kind)
            .where(
                receipt.c.account_id == account_id,
                receipt.c.wa_id == wa_id,
                (receipt.c.user == OURSELVES) | is_of_chat(contact_id),
            )
            .distinct()
        ).scalars()
    )
