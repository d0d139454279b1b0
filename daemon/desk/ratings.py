"""Satisfaction: after resolving, "how was it, from 1 to 5?"; the customer's next message may be the answer."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from daemon.desk import settings
from daemon.desk.replies import queue_message
from daemon.domain.desk import UNDO_TAKEN, Action, Actor
from daemon.domain.ids import ChatKind
from daemon.domain.messages import Author, Delivery, OutboxState
from daemon.domain.placeholders import fill
from daemon.domain.text_cleaning import clean
from daemon.domain.turns import Closer
from daemon.store import audit, clock, conversation_list, conversations, events, messages, outbox, ratings
from daemon.store.conversation_list import Summary
from daemon.store.ratings import PendingRating

ASKED, THANKED = "rating", "thanks"
BEST = 5
# not a question yet, or none any more
_NEVER_LEFT = {
    None,
    Delivery.QUEUED,
    Delivery.HELD,
    Delivery.FAILED,
    Delivery.DISCARDED,
    Delivery.CANCELLED,
}
_VARIATION, _KEYCAP, _STAR = "\ufe0f", "\u20e3", "⭐"


@dataclass(frozen=True, slots=True)
class Rated:
    """A customer's score, and the resolved conversation that it is about."""

    conversation_id: int
    score: int


def ask(conn: Connection, conversation_id: int, actor: Actor, now: datetime) -> None:
    """Put the question, once a conversation, if the shop wants to know and the customer has written in it.

    It leaves only when resolving can't be taken back any more.
    """
    about = conversation_list.summary(conn, conversation_id)
    if about is None or about.is_blocked or about.kind == ChatKind.GROUP:
        return
    chosen = settings.load(conn, about.account_id)
    question = _filled(chosen.rating_question, about)
    if not chosen.rating or not question or not ratings.customer_wrote(conn, conversation_id):
        return
    stop_waiting(conn, about.account_id, about.contact_id, now)
    until = now + timedelta(minutes=chosen.rating_within)
    if ratings.ask(conn, about.account_id, about.id, about.contact_id, actor.admin_id, now, until):
        queue_message(conn, about, Closer(Author.BOT), question, now, None, None, ASKED, now + UNDO_TAKEN)


def take(
    conn: Connection, account_id: int, contact_id: int, text: str | None, sent_at: datetime, now: datetime
) -> Rated | None:
    """Take a customer's message as his rating; None if it is an ordinary message, which ends the waiting.

    It is one only as the next message after a question that has left, in time by WhatsApp's clock, as a bare
    number, and while nothing new has begun: "5" may also answer "how many do you want?".
    The caller stores the message in the rated conversation, then calls `thank`.
    """
    waiting = ratings.waiting(conn, contact_id)
    if not waiting:
        return None
    asked, score = waiting[0], read_score(text or "")
    stop_waiting(conn, account_id, contact_id, now)
    if (
        score is None
        or not _is_about(asked, sent_at, clock.on_ours(conn, account_id, sent_at, now))
        or conversations.current(conn, contact_id) is not None
    ):
        return None
    ratings.score(conn, asked.conversation_id, score)
    by_customer = Actor(Author.CUSTOMER)
    detail = {"score": score}
    audit.record(conn, account_id, Action.RATED, by_customer, now, asked.conversation_id, asked.admin_id, detail)
    return Rated(asked.conversation_id, score)


def thank(conn: Connection, rated: Rated, now: datetime) -> None:
    """Say thanks for a rating, if the shop wants that."""
    about = conversation_list.summary(conn, rated.conversation_id)
    assert about is not None
    if thanks := _filled(settings.load(conn, about.account_id).rating_thanks, about):
        queue_message(conn, about, Closer(Author.BOT), thanks, now, None, None, THANKED)


def stop_waiting(conn: Connection, account_id: int, contact_id: int, now: datetime) -> None:
    """Wait no more for a customer's rating; a question that has not left yet stays here."""
    waiting = ratings.waiting(conn, contact_id)
    if not waiting:
        return
    ratings.end(conn, contact_id, now)
    for asked in waiting:
        if asked.message_id is not None and outbox.decide(
            conn, asked.message_id, OutboxState.QUEUED, OutboxState.CANCELLED
        ):
            messages.set_delivery(conn, asked.message_id, Delivery.CANCELLED)
            kind = events.EventKind.MESSAGE_CHANGED
            events.append(conn, account_id, kind, now, asked.conversation_id, asked.message_id)


def withdraw(conn: Connection, conversation_id: int) -> None:
    """Resolving was taken back: a question that never left may be put again when the conversation really ends."""
    asked = ratings.question(conn, conversation_id)
    if asked is not None and asked.delivery in _NEVER_LEFT:
        ratings.forget(conn, conversation_id)


def read_score(text: str) -> int | None:
    """The score that a text gives, if that is all it says: "4", " 5 ", "3️⃣", "⭐⭐"."""
    bare = text.replace(_VARIATION, "").strip()
    if bare and bare == _STAR * len(bare):
        score = len(bare)
    else:
        bare = bare.removesuffix(_KEYCAP)
        score = unicodedata.digit(bare, 0) if len(bare) == 1 else 0
    return score if 1 <= score <= BEST else None


def _is_about(asked: PendingRating, sent_at: datetime, on_our_clock: datetime) -> bool:
    """Whether a message came after the question had reached WhatsApp (by its clock), and in time (by ours)."""
    if asked.delivery in _NEVER_LEFT or asked.sent_at is None:
        return False
    return asked.sent_at <= sent_at and on_our_clock <= asked.expires_at


def _filled(text: str, about: Summary) -> str:
    """A prepared text with {name} and {admin}, who resolved the conversation."""
    return clean(fill(text, name=about.contact_name or "", admin=about.resolved_by_name or ""))
