"""Writing to somebody first: a number is checked before anything is stored; strangers are written to slowly."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from daemon.desk import contact_identity, paces, questions, replies
from daemon.domain.desk import Action, Actor
from daemon.domain.ids import LID_SERVER, PHONE_SERVER, Address, ChatKind, Party
from daemon.domain.links import can_send
from daemon.domain.pace import Paced, Paces, TooFast
from daemon.domain.questions import Question, QuestionKind, Stage
from daemon.domain.turns import Closer
from daemon.store import accounts, audit, contacts, conversations, links, outbox, threads


class OwnNumber(Exception):
    """The number is the account's own."""


class AlreadyBegun(Exception):
    """There is a conversation with him by now; it is read before anybody writes."""

    def __init__(self, conversation_id: int) -> None:
        super().__init__("there is a conversation already")
        self.conversation_id = conversation_id


@dataclass(frozen=True, slots=True)
class Begun:
    """The conversation, and the first words in it."""

    conversation_id: int
    message_id: int


def conversation_of(conn: Connection, account_id: int, party: Party) -> int | None:
    """The conversation that is opened instead of a new one: the unresolved one, else the one that ended last."""
    contact_id = contacts.find_party(conn, account_id, party)
    if contact_id is None:
        return None
    here = conversations.current(conn, contact_id)
    return here.conversation_id if here else conversations.last_resolved(conn, contact_id)


def of_number(conn: Connection, account_id: int, phone: str) -> int | None:
    """The same by a number's digits."""
    return conversation_of(conn, account_id, Party(Address(phone, PHONE_SERVER)))


def check(
    conn: Connection, account_id: int, phone: str, admin_id: int | None, limits: Paces, now: datetime
) -> Question:
    """Ask WhatsApp whether a number is there, or give the answer that was just given.

    Raises OwnNumber, NotOnline, and TooFast: who looks up many numbers is banned, too.
    """
    if phone == accounts.get(conn, account_id).phone:
        raise OwnNumber
    kind, subject = QuestionKind.IS_ON_WHATSAPP, str(Address(phone, PHONE_SERVER))
    paced = Paced.NUMBER_CHECK, limits.number_checks
    return questions.ask(conn, account_id, kind, subject, now, asked_by=admin_id, paced=paced)


def is_own(conn: Connection, account_id: int, party: Party) -> bool:
    """Whether a party is the account itself, by whatever name."""
    own = accounts.get(conn, account_id)
    return (own.lid is not None and party.lid == own.lid) or (own.phone is not None and party.phone == own.phone)


def found(question: Question, now: datetime) -> Party | None:
    """Whom WhatsApp has named; None if nobody is there, or there is no answer."""
    answer = question.answer
    if question.stage(now) != Stage.ANSWERED or answer is None or not answer.get("in"):
        return None
    asked = question.subject.partition("@")[0]
    # another writing of the number may be the right one
    phone = Address(answer.get("phone") or asked, PHONE_SERVER)
    lid = answer.get("lid")
    return Party(Address(lid, LID_SERVER), phone) if lid else Party(phone)


def begin(
    conn: Connection,
    account_id: int,
    party: Party,
    text: str,
    actor: Actor,
    limits: Paces,
    now: datetime,
    request_key: str | None = None,
) -> Begun:
    """Store the customer with his conversation, which is the writer's, and queue the first words: all or nothing.

    They answer nothing; his reply opens a turn. The same `request_key` begins once. Raises NotAnswerable for an
    unusable text, OwnNumber, AlreadyBegun, NotOnline (words that waited would all leave at once), and TooFast if
    as many strangers were written to as the pace allows.
    """
    if request_key and (done := outbox.message_of_request(conn, request_key)) is not None:
        known = threads.bubble(conn, done)
        assert known is not None
        return Begun(known.conversation_id, done)
    clean = replies.check_text(text)
    if is_own(conn, account_id, party):
        raise OwnNumber
    if (here := conversation_of(conn, account_id, party)) is not None:
        raise AlreadyBegun(here)
    if not can_send(links.get(conn, account_id).state):
        raise questions.NotOnline
    linked_at = accounts.get(conn, account_id).linked_at
    # without a conversation he has never written, in no life of his number
    paces.take(conn, account_id, Paced.FIRST_WORDS, limits.of(Paced.FIRST_WORDS, linked_at, now), now)
    contact_id = contact_identity.resolve(conn, account_id, party, now)
    conversation_id = conversations.start(conn, account_id, contact_id, ChatKind.PERSON, now)
    message_id = replies.answer(
        conn, conversation_id, Closer(actor.author, actor.admin_id), clean, now, request_key=request_key
    )
    audit.record(conn, account_id, Action.CHAT_STARTED, actor, now, conversation_id)
    return Begun(conversation_id, message_id)


def note_refusal(conn: Connection, account_id: int, actor: Actor, error: TooFast, now: datetime) -> None:
    """Log that somebody would have written to one stranger more (in a transaction of its own)."""
    wait = max(0, round((error.until - now).total_seconds()))
    audit.record(conn, account_id, Action.FIRST_WORDS_REFUSED, actor, now, detail={"wait": wait})


def meet(conn: Connection, account_id: int, party: Party, now: datetime) -> None:
    """The number belongs to somebody who has written by another name: both are his from now on."""
    contact_identity.resolve(conn, account_id, party, now)
