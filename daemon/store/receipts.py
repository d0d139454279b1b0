"""Receipts as they came: who saw which message, on which device, when."""

from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from daemon.domain.ids import ChatKind
from daemon.store.tables.core import contact, contact_alias, receipt

# who told it, if it was another device of ours
OURSELVES = "me"

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


def kinds(conn: Connection, account_id: int, wa_id: str, contact_id: int) -> list[str]:
    """The kinds of receipt that came for a message from its chat (a group's participants, too), in no order."""
    own = contact_alias.c.user + "@" + contact_alias.c.server
    aliases = select(own).where(contact_alias.c.contact_id == contact_id)
    is_group = select(contact.c.id).where(contact.c.id == contact_id, contact.c.kind == ChatKind.GROUP.value)
    return list(
        conn.execute(
            select(receipt.c.kind)
            .where(
                receipt.c.account_id == account_id,
                receipt.c.wa_id == wa_id,
                receipt.c.user.in_(aliases) | (receipt.c.user == OURSELVES) | is_group.exists(),
            )
            .distinct()
        ).scalars()
    )
