"""Who decides says what he saw: `shown` is the last message that his page had shown; what came later stays open.

It is None where there is no page: for the bot, and for what the desk does by itself.
"""

from datetime import datetime

from sqlalchemy import Connection

from daemon.domain.turns import MoreCame
from daemon.store import later_messages, turns


def check(conn: Connection, conversation_id: int, shown: int | None) -> int | None:
    """What a page says that it had shown; a message of another conversation counts as nothing, 0."""
    if shown is None or later_messages.is_of(conn, shown, conversation_id):
        return shown
    return 0


def shown_of(conn: Connection, conversation_id: int, turn_id: int | None, shown: int | None) -> int | None:
    """The open turn, if the page had shown anything of it, else None; MoreCame if it had shown nothing at all."""
    if turn_id is None or shown is None:
        return turn_id
    later = later_messages.count_in_turn(conn, conversation_id, turn_id, shown)
    if not later or later_messages.begins_by(conn, conversation_id, turn_id, shown):
        return turn_id
    if shown == 0:
        raise MoreCame(later)
    return None


def require_turn(conn: Connection, conversation_id: int, turn_id: int, shown: int | None) -> None:
    """Raises MoreCame if the page had shown nothing of the open turn."""
    if shown is not None and shown_of(conn, conversation_id, turn_id, shown) is None:
        raise MoreCame(later_messages.count_in_turn(conn, conversation_id, turn_id, shown))


def require_all(conn: Connection, conversation_id: int, shown: int | None) -> None:
    """Raises MoreCame if the customer has written anything that the page had not shown."""
    if shown is not None and (later := later_messages.count(conn, conversation_id, shown)):
        raise MoreCame(later)


def keep_open(conn: Connection, turn_id: int, shown: int | None, now: datetime) -> None:
    """Let what the page had not shown of a turn that was just closed wait on, in a turn of its own."""
    if shown is not None:
        turns.split_after_message(conn, turn_id, shown, now)


def still_waiting(conn: Connection, conversation_id: int, shown: int) -> int:
    """How many messages that the page had not shown wait for an answer."""
    turn_id, upto = turns.current(conn, conversation_id), check(conn, conversation_id, shown) or 0
    return later_messages.count_in_turn(conn, conversation_id, turn_id, upto) if turn_id is not None else 0
