"""A chat is opened: what is to be asked of WhatsApp about its customer. Never about all of them at once."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.desk import profile_pictures, questions, settings
from daemon.domain.links import can_send
from daemon.domain.pace import Pace, Paced, TooFast
from daemon.domain.questions import QuestionKind
from daemon.store import contact_pictures, contacts, links
from daemon.store.conversation_list import Summary

# whoever scrolls through a phone's chats asks for as many
PICTURES = Pace(10, 100, 500)


def is_due(conn: Connection, about: Summary, now: datetime) -> bool:
    """Whether anything is to be asked (at each look at a chat: one row by its key)."""
    if about.is_forgotten or not profile_pictures.is_due(conn, about.contact_id, now):
        return False
    chosen = settings.load(conn, about.account_id)
    return chosen.profile_pictures and can_send(links.get(conn, about.account_id).state)


def ask(conn: Connection, about: Summary, now: datetime) -> None:
    """Ask for the customer's picture, unless somebody was faster; too many at once wait for the next look."""
    if not is_due(conn, about, now):
        return
    subject = str(contacts.address_of(conn, about.contact_id))
    kind, paced = QuestionKind.PROFILE_PICTURE, (Paced.PROFILE_PICTURE, PICTURES)
    try:
        questions.ask(conn, about.account_id, kind, subject, now, paced=paced)
    except (questions.NotOnline, TooFast):
        return
    again_at = now + profile_pictures.TRY_AGAIN
    contact_pictures.ask_again_at(conn, about.account_id, about.contact_id, again_at)
