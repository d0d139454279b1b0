"""Whether anything is pending on the desk: asked every second, so it costs next to nothing."""

from sqlalchemy import Connection, literal_column, or_, select

from daemon.store.desk_tables import claim
from daemon.store.prepared import Prepared
from daemon.store.tables import turn

_something = Prepared(
    select(
        or_(
            select(claim.c.conversation_id).exists(),
            # the second condition is always so: it leads SQLite to the index of open turns, past the closed ones
            select(turn.c.id)
            .where(turn.c.closed_at.is_(None), turn.c.conversation_id > literal_column("0"))
            .exists(),
        )
    )
)


def is_anything_pending(conn: Connection) -> bool:
    """Whether anybody waits or is answering; if not, time alone brings nothing due."""
    found = _something.run(conn, {})
    return found is not None and bool(found[0])
