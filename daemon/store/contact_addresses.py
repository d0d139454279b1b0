"""Which of two contacts' addresses replies go to once they are one."""

from collections.abc import Collection

from sqlalchemy import Connection, func, select, update

from daemon.domain.messages import OutboxState
from daemon.store.conversations import of_contacts
from daemon.store.tables.core import contact, message, outbox

_LEAVING = (OutboxState.QUEUED.value, OutboxState.SENDING.value, OutboxState.HELD.value)


def are_two_accounts(conn: Connection, one: int, other: int) -> bool:
    """Whether both have WhatsApp accounts of their own: what is sent to one does not reach the other."""
    lids = conn.execute(select(contact.c.lid).where(contact.c.id.in_((one, other)), contact.c.lid.is_not(None)))
    return len(set(lids.scalars())) > 1


def has_leaving(conn: Connection, contact_ids: Collection[int]) -> bool:
    """Whether a reply to one of them is still to leave, or may be sent after all."""
    found = (
        select(outbox.c.id)
        .join(message, message.c.id == outbox.c.message_id)
        .where(message.c.conversation_id.in_(of_contacts(contact_ids)), outbox.c.state.in_(_LEAVING))
    )
    return conn.execute(found.limit(1)).first() is not None


def take_over(conn: Connection, kept: int, gone: int) -> None:
    """Give `kept` the addresses that replies go to: what it lacks, or both of whoever wrote last."""
    rows = {
        row.id: row
        for row in conn.execute(
            select(contact.c.id, contact.c.lid, contact.c.phone).where(contact.c.id.in_((kept, gone)))
        )
    }
    mine, theirs = rows[kept], rows[gone]
    first, second = mine, theirs
    if mine.lid and theirs.lid and _last_heard(conn, gone) > _last_heard(conn, kept):
        first, second = theirs, mine
    lid = first.lid or second.lid
    # a number belongs to its account
    phone = first.phone or (second.phone if not first.lid or not second.lid else None)
    conn.execute(update(contact).where(contact.c.id == kept).values(lid=lid, phone=phone))


def _last_heard(conn: Connection, contact_id: int) -> int:
    heard = select(func.max(message.c.id)).where(
        message.c.conversation_id.in_(of_contacts([contact_id])), message.c.from_me.is_(False)
    )
    return conn.execute(heard).scalar() or 0
