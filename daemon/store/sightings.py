"""What another own device has read: shown as "seen on the phone", and never a handled-mark."""

from datetime import datetime

from sqlalchemy import Connection, func, update

from daemon.domain.messages import Author
from daemon.store.tables import conversation


def note(conn: Connection, conversation_id: int, message_id: int, by: Author, at: datetime) -> bool:
    """Messages up to this one were read on another own device; False if that is known."""
    seen = conversation.c.seen_elsewhere_message_id
    return (
        conn.execute(
            update(conversation)
            .where(conversation.c.id == conversation_id, func.coalesce(seen, 0) < message_id)
            .values(seen_elsewhere_message_id=message_id, seen_elsewhere_by=by.value, seen_elsewhere_at=at)
        ).rowcount
        == 1
    )
