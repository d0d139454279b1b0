"""A chat is opened: what is to be asked of WhatsApp about its customer. Never about all of them at once."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from daemon.desk import profile_pictures, questions, settings
from daemon.domain.ids import PHONE_SERVER, Address
from daemon.domain.links import can_send
from daemon.domain.pace import Pace, Paced, TooFast
from daemon.domain.questions import QuestionKind
from daemon.store import contact_pictures, contacts, links
from daemon.store import questions as store_questions
from daemon.store.conversation_list import Summary

# whoever scrolls through a phone's chats asks for as many
PICTURES = Pace(10, 100, 500)
# who is blocked may be changed on the phone, and nothing tells us
LIST_AGAIN = timedelta(hours=1)
# the service itself: the list is no one person's
SERVICE = str(Address("", PHONE_SERVER))


def is_due(conn: Connection, about: Summary, now: datetime) -> bool:
    """Whether anything is to be asked (at each look at a chat: rows by their keys)."""
    if about.is_forgotten or not can_send(links.get(conn, about.account_id).state):
        return False
    return _wants_picture(conn, about, now) or _wants_list(conn, about.account_id, now)


def ask(conn: Connection, about: Summary, now: datetime) -> None:
    """Ask what is due, unless somebody was faster; what is too much at once waits for the next look."""
    account_id = about.account_id
    try:
        if _wants_list(conn, account_id, now):
            questions.ask(conn, account_id, QuestionKind.BLOCKLIST, SERVICE, now)
        if _wants_picture(conn, about, now):
            subject = str(contacts.address_of(conn, about.contact_id))
            kind, paced = QuestionKind.PROFILE_PICTURE, (Paced.PROFILE_PICTURE, PICTURES)
            questions.ask(conn, account_id, kind, subject, now, paced=paced)
            again_at = now + profile_pictures.TRY_AGAIN
            contact_pictures.ask_again_at(conn, account_id, about.contact_id, again_at)
    except (questions.NotOnline, TooFast):
        return


def _wants_picture(conn: Connection, about: Summary, now: datetime) -> bool:
    is_old = profile_pictures.is_due(conn, about.contact_id, now)
    return is_old and settings.load(conn, about.account_id).profile_pictures


def _wants_list(conn: Connection, account_id: int, now: datetime) -> bool:
    newest = store_questions.newest(conn, account_id, QuestionKind.BLOCKLIST, SERVICE)
    return newest is None or not newest.asked_at <= now < newest.asked_at + LIST_AGAIN
