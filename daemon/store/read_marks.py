"""Which of a customer's messages an answer has read: those of the turn that it closed."""

import re

from sqlalchemy import Connection, select

from daemon.domain.message_kinds import NOTICES, PLACEHOLDERS
from daemon.store.tables.core import message

# of one turn; nobody counts the ticks of what lies further back
_MOST = 200
# the library separates ids by spaces
_PLAIN_ID = re.compile(r"[\w-]+", re.ASCII)


def of_turn(conn: Connection, turn_id: int) -> dict[str | None, list[str]]:
    """WhatsApp's ids of a turn's messages that could be read, by their writer inside a group, oldest first."""
    rows = conn.execute(
        select(message.c.wa_id, message.c.participant)
        .where(
            message.c.turn_id == turn_id,
            message.c.from_me.is_(False),
            message.c.wa_id.is_not(None),
            message.c.kind.not_in(sorted(PLACEHOLDERS | NOTICES)),
        )
        .order_by(message.c.id.desc())
        .limit(_MOST)
    ).all()
    found: dict[str | None, list[str]] = {}
    for row in reversed(rows):
        if _PLAIN_ID.fullmatch(row.wa_id):
            found.setdefault(row.participant, []).append(row.wa_id)
    return found
