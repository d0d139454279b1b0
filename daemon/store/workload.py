"""How much each admin has on his desk: counted when asked, so that it never drifts."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from daemon.domain.ids import ChatKind
from daemon.store.tables import conversation, turn


@dataclass(frozen=True, slots=True)
class Load:
    """An admin's unresolved conversations, and in how many of them a customer waits."""

    conversations: int = 0
    waiting: int = 0


def load_by_admin(conn: Connection, account_id: int) -> dict[int | None, Load]:
    """What everybody has; None is what nobody has taken."""
    rows = conn.execute(
        select(conversation.c.assignee_id, func.count(), func.count(turn.c.id))
        .outerjoin(turn, and_(turn.c.conversation_id == conversation.c.id, turn.c.closed_at.is_(None)))
        .where(
            conversation.c.account_id == account_id,
            conversation.c.kind == ChatKind.PERSON.value,
            conversation.c.status != "resolved",
        )
        .group_by(conversation.c.assignee_id)
    )
    return {admin_id: Load(total, waiting) for admin_id, total, waiting in rows}
