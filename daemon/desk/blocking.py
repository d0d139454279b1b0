"""Blocking a customer on WhatsApp: what its answers mean for the shop's books."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from daemon.domain.desk import Action, Actor
from daemon.domain.ids import parse_address
from daemon.domain.messages import Author
from daemon.domain.questions import Question, QuestionKind
from daemon.store import audit, blocked, contacts, conversations, events
from daemon.store.events import EventKind

# of an answer: the whole list, which is not kept with the question
EVERYBODY = "everybody"


def keep(conn: Connection, question: Question, answer: dict[str, Any], now: datetime) -> None:
    """WhatsApp has blocked or unblocked somebody: so it is shown from now on, and logged."""
    contact_id = contacts.find(conn, question.account_id, parse_address(question.subject))
    if contact_id is None:
        return
    is_blocked = question.kind == QuestionKind.BLOCK
    if not blocked.mark(conn, contact_id, now if is_blocked else None):
        return
    action = Action.BLOCKED if is_blocked else Action.UNBLOCKED
    actor = Actor(Author.ADMIN, question.asked_by)
    audit.record(conn, question.account_id, action, actor, now, _conversation(conn, contact_id))
    _announce(conn, question.account_id, contact_id, now)


def keep_list(conn: Connection, question: Question, answer: dict[str, Any], now: datetime) -> None:
    """The whole list, as the phone may have changed it."""
    named = [parse_address(one) for one in answer.get(EVERYBODY, ())]
    there = blocked.owners(conn, question.account_id, named)
    for contact_id in there:
        if blocked.mark(conn, contact_id, now):
            _announce(conn, question.account_id, contact_id, now)
    for contact_id in blocked.known_by_lid(conn, question.account_id) - there:
        blocked.mark(conn, contact_id, None)
        _announce(conn, question.account_id, contact_id, now)


def _conversation(conn: Connection, contact_id: int) -> int | None:
    here = conversations.current(conn, contact_id)
    return here.conversation_id if here else conversations.last_resolved(conn, contact_id)


def _announce(conn: Connection, account_id: int, contact_id: int, now: datetime) -> None:
    if (conversation_id := _conversation(conn, contact_id)) is not None:
        events.append(conn, account_id, EventKind.CONVERSATION_CHANGED, now, conversation_id)
