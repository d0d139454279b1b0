"""New chat: a number is checked with WhatsApp, then the first words are written; nothing is stored before them."""

import re
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from flask_babel import gettext
from sqlalchemy import Connection

from daemon.desk import new_chat, replies
from daemon.desk.new_chat import AlreadyBegun, OwnNumber
from daemon.desk.questions import NotOnline
from daemon.domain.ids import Party
from daemon.domain.pace import TooFast
from daemon.domain.phone_numbers import PhoneError, format_phone, parse_phone
from daemon.domain.questions import Question, QuestionKind, Stage, Unanswered
from daemon.domain.turns import NotAnswerable
from daemon.store import questions as store_questions
from webui.auth import the_actor, the_admin
from webui.base import formatting, layout
from webui.base.context import services
from webui.base.questions import wait_for
from webui.inbox import actions, page
from webui.inbox.page import Draft
from webui.inbox.replies import REFUSALS

pages = Blueprint("new_chat", __name__)
pages.before_request(actions.only_admins)

LONGEST_NUMBER = 40


def _(text: str) -> str:
    return text


NO_NUMBER = _("Write the number with its country code, for example 62 812 3456 7890, or as it is dialled here.")
OWN_NUMBER = _("This is the shop's own number.")
OFFLINE = _("WhatsApp is not connected, so nobody can be asked. Try again once the link is back.")
NOT_THERE = _("This number is not on WhatsApp. Look at it once more.")
UNANSWERED = _("WhatsApp has not answered. Try again in a moment.")
TOO_MANY = _("WhatsApp wants to be asked less often. Try again in an hour.")
FORGOTTEN = _("That was a while ago. Check the number once more.")
CHECKED_TOO_OFTEN = _("WhatsApp bans numbers that look up many others. The next one can be checked %(when)s.")
WROTE_TOO_OFTEN = _(
    "WhatsApp bans numbers that write to many strangers. The next first message can leave %(when)s; "
    "your text stays here until then."
)
NOT_NOW = _("WhatsApp is not connected. First words leave only while it is; your text is still here.")
BEGUN = _("This chat has begun meanwhile. Read it first; your text stands below.")


@pages.get("/chats/new", endpoint="page")
def show() -> Any:
    """Ask for one number; `number` in the address fills the field."""
    return _show(request.args.get("number", "")[:LONGEST_NUMBER])


@pages.post("/chats/new")
def check() -> Any:
    """Open the chat if there is one; else ask WhatsApp about the number."""
    typed = request.form.get("number", "")[:LONGEST_NUMBER]
    try:
        phone = parse_phone(typed, services().config.country)
    except PhoneError:
        return _show(typed, gettext(NO_NUMBER)), 422
    now = services().clock()
    try:
        with services().database.write() as conn:
            account_id = layout.account_of(conn)
            here = new_chat.of_number(conn, account_id, phone)
            if here is not None:
                return _open(here)
            limits = services().config.paces
            asked = new_chat.check(conn, account_id, phone, the_admin().id, limits, now)
    except OwnNumber:
        return _show(typed, gettext(OWN_NUMBER)), 422
    except NotOnline:
        return _show(typed, gettext(OFFLINE)), 503
    except TooFast as error:
        return _show(typed, gettext(CHECKED_TOO_OFTEN, when=when(error.until, now))), 429
    return redirect(url_for("new_chat.answer", question_id=asked.id), 303)


@pages.get("/chats/new/<id:question_id>")
def answer(question_id: int) -> Any:
    """What WhatsApp says, for which the page waits a few seconds: a field for the first words if he is there."""
    question = wait_for(question_id)
    if question is None:
        return _show("", gettext(FORGOTTEN)), 404
    _mine(question)
    now = services().clock()
    phone = format_phone(question.subject.partition("@")[0])
    stage = question.stage(now)
    if stage == Stage.ASKING:
        return _show(phone, asking=question_id)
    if stage == Stage.UNANSWERED:
        return _show(phone, gettext(TOO_MANY if question.error == Unanswered.TOO_MANY else UNANSWERED)), 503
    party = new_chat.found(question, now)
    if party is None:
        return _show(phone, gettext(NOT_THERE)), 422
    with services().database.read() as conn:
        if new_chat.is_own(conn, question.account_id, party):
            return _show(phone, gettext(OWN_NUMBER)), 422
        here = new_chat.conversation_of(conn, question.account_id, party)
    if here is not None:
        # he has written by another name before: the number is his, too
        services().note(lambda conn: new_chat.meet(conn, question.account_id, party, now))
        return _open(here)
    return _compose(question, party)


@pages.post("/chats/new/<id:question_id>")
def send(question_id: int) -> Any:
    """Write the first words; chat and customer are stored with them."""
    text, key = request.form.get("text", ""), request.form.get("request_key", "")
    if not re.fullmatch(r"[\w-]{0,64}", key, re.ASCII):
        abort(400)
    now = services().clock()
    with services().database.read() as conn:
        question = store_questions.get(conn, question_id)
    party = new_chat.found(question, now) if question else None
    if question is None or party is None:
        return _show("", gettext(FORGOTTEN)), 404
    _mine(question)
    limits, actor = services().config.paces, the_actor()
    try:
        with services().database.write() as conn:
            begun = new_chat.begin(conn, question.account_id, party, text, actor, limits, now, key or None)
    except NotAnswerable as error:
        return _compose(question, party, text, gettext(REFUSALS[error.reason])), 422
    except OwnNumber:
        return _show("", gettext(OWN_NUMBER)), 422
    except NotOnline:
        return _compose(question, party, text, gettext(NOT_NOW)), 503
    except AlreadyBegun as error:
        return page.render(error.conversation_id, Draft(text, error=gettext(BEGUN))), 409
    except TooFast as error:
        _note_refusal(question.account_id, error, now)
        sentence = gettext(WROTE_TOO_OFTEN, when=when(error.until, now))
        return _compose(question, party, text, sentence), 429
    return _open(begun.conversation_id)


def when(at: datetime, now: datetime) -> str:
    """From when on, as part of a sentence; a whole minute later, since seconds are not shown."""
    shown = at + timedelta(minutes=1)
    words = formatting.clock_time(shown)
    if formatting.local(shown).date() == formatting.local(now).date():
        return gettext("at %(time)s", time=words)
    return gettext("tomorrow at %(time)s", time=words)


def _note_refusal(account_id: int, error: TooFast, now: datetime) -> None:
    def note(conn: Connection) -> None:
        new_chat.note_refusal(conn, account_id, the_actor(), error, now)

    services().note(note)


def _mine(question: Question) -> None:
    """404 for a question of another number's, or about something else."""
    with services().database.read() as conn:
        is_mine = question.account_id == layout.account_of(conn)
    if not is_mine or question.kind != QuestionKind.IS_ON_WHATSAPP:
        abort(404)


def _open(conversation_id: int) -> Any:
    return redirect(url_for("inbox.thread", conversation_id=conversation_id), 303)


def _show(typed: str, error: str | None = None, asking: int | None = None) -> str:
    with services().database.read() as conn:
        return layout.show("inbox/new_chat.html", conn, typed=typed, error=error, asking=asking, to=None)


def _compose(question: Question, party: Party, text: str = "", error: str | None = None) -> str:
    with services().database.read() as conn:
        return layout.show(
            "inbox/new_chat.html",
            conn,
            to=format_phone(party.phone or question.subject.partition("@")[0]),
            question_id=question.id,
            text=text,
            error=error,
            longest=replies.LONGEST_REPLY,
            request_key=Draft().request_key,
        )
