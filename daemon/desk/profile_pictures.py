"""Customers' profile pictures: asked for when a chat is opened, and kept as WhatsApp shows them."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from daemon.desk import settings
from daemon.domain.ids import parse_address
from daemon.domain.questions import Question
from daemon.store import contact_pictures, contacts, conversations, events

# people change theirs every few weeks; who hides his is asked no more often
ASK_AGAIN = timedelta(days=3)
# nothing came, whatever the reason
TRY_AGAIN = timedelta(hours=1)


def is_due(conn: Connection, contact_id: int, now: datetime) -> bool:
    """Whether a customer's picture is to be asked for."""
    known = contact_pictures.get(conn, contact_id)
    # a time further off is of a clock that was set back
    return known is None or not now < known.next_at <= now + ASK_AGAIN


def keep(conn: Connection, question: Question, answer: dict[str, Any], now: datetime) -> None:
    """Keep what came, or that there is nothing to be seen; of somebody forgotten meanwhile nothing is kept."""
    contact_id = contacts.find(conn, question.account_id, parse_address(question.subject))
    if contact_id is None or not settings.load(conn, question.account_id).profile_pictures:
        return
    before = contact_pictures.get(conn, contact_id)
    file, wa_id = answer.get("file"), answer.get("wa_id")
    contact_pictures.keep(conn, question.account_id, contact_id, file, wa_id, now + ASK_AGAIN)
    here = conversations.current(conn, contact_id)
    if here is not None and file != (before.file if before else None):
        kind = events.EventKind.CONVERSATION_CHANGED
        events.append(conn, question.account_id, kind, now, here.conversation_id)
