"""Somebody wants a customer blocked or unblocked: WhatsApp is asked to, and nothing changes before it has."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.desk import questions, settings
from daemon.domain.desk import Actor, OnlyTheAssignee, Status
from daemon.domain.ids import ChatKind
from daemon.domain.pace import Pace, Paced
from daemon.domain.questions import Question, QuestionKind
from daemon.store import contacts
from daemon.store.conversation_list import Summary

# nobody needs more, and a mistake that repeats itself goes no further
BLOCKS = Pace(6, 40, 200)


def ask(
    conn: Connection, about: Summary, wanted: bool, actor: Actor, now: datetime, *, is_owner: bool = False
) -> Question:
    """Ask WhatsApp to block a conversation's customer, or to unblock him.

    Everybody may who may answer him: in strict mode the assignee, and the owner. Raises OnlyTheAssignee,
    NotOnline, TooFast, and LookupError if he is a group, or has no address any more.
    """
    others = about.status == Status.ASSIGNED and about.assignee_id not in (None, actor.admin_id)
    if others and not is_owner and settings.load(conn, about.account_id).strict:
        raise OnlyTheAssignee(about.assignee_name or "")
    address = contacts.address_of(conn, about.contact_id)
    if address.kind != ChatKind.PERSON:
        raise LookupError("only people can be blocked")
    kind = QuestionKind.BLOCK if wanted else QuestionKind.UNBLOCK
    paced = Paced.BLOCK, BLOCKS
    return questions.ask(conn, about.account_id, kind, str(address), now, asked_by=actor.admin_id, paced=paced)
