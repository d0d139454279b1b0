"""Passing a message on: whom to, what waits there, and sent by the desk's one door."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from flask_babel import gettext
from flask_login import login_required
from sqlalchemy import Connection

from daemon.desk import forwarding
from daemon.desk.file_storage import FileRefused
from daemon.domain.attachments import LARGEST_FILE
from daemon.domain.desk import ClaimedByAnother, OnlyTheAssignee
from daemon.domain.forwarding import ForwardRefused
from daemon.domain.messages import Author
from daemon.domain.turns import AlreadyAnswered, Closer, MoreCame, NotAnswerable
from daemon.store import claims, conversation_list, forward_targets, messages, threads, turns
from daemon.store.conversation_list import Summary
from daemon.store.threads import Bubble
from webui.auth import the_admin
from webui.base import layout
from webui.base.context import services
from webui.inbox import actions, attachments, bubble, media, more_came, row, turn_mark
from webui.inbox.page import Draft

pages = Blueprint("forwarding", __name__)

# of what waits in the other conversation
SHOWN = 5
LONGEST_SEARCH = 80


def _(text: str) -> str:
    return text


REFUSALS = {
    "unknown": _("This message is not there any more."),
    "note": _("A note stays with the team."),
    "unreadable": _("Balas could not read this message, so there is nothing to forward. Forward it on the phone."),
    "kind": _("Only texts and files can be forwarded from here. Forward this on the phone."),
    "not_sent": _("Nobody knows yet whether this was sent. Decide about that first."),
    "cut": _("The text is cut here. Forward it on the phone, where all of it is."),
    "no_file": _("Its file is not on Balas's computer: %(why)s."),
}


@dataclass(frozen=True, slots=True)
class Target:
    """The chosen conversation: who waits there with what, of which this page shows the end."""

    row: row.Row
    turn_id: int | None
    shown: int
    waiting: list[bubble.ShownMessage]
    # more of them than are shown
    earlier: int
    claimed_by: str | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why it was not sent, and what would send it all the same: the name of a form's field."""

    words: str
    code: int
    anyway: str | None = None
    button: str = ""


@dataclass(frozen=True, slots=True)
class ForwardForm:
    """What the page had in its hands."""

    to: int
    shown: int
    turn_id: int | None
    key: str | None = field(repr=False)


@pages.get("/c/<id:conversation_id>/messages/<id:message_id>/forward")
@login_required  # type: ignore[untyped-decorator]
def choose(conversation_id: int, message_id: int) -> Any:
    """To whom: the newest conversations, or those that `q` finds; `to` is the chosen one."""
    return _render(conversation_id, message_id, actions.row_id_in_address("to"))


@pages.post("/c/<id:conversation_id>/messages/<id:message_id>/forward")
@login_required  # type: ignore[untyped-decorator]
def send(conversation_id: int, message_id: int) -> Any:
    """Send it there; the thread of whoever gets it comes next."""
    form = _form()
    try:
        with services().database.read() as conn:
            found = forwarding.find(conn, conversation_id, message_id)
            about = conversation_list.summary(conn, conversation_id)
        assert about is not None
        if found.kind.info.has_file and isinstance(size := (found.media or {}).get("size"), int):
            attachments.check_room(size, LARGEST_FILE)
        file = forwarding.file_of(services().config.data, about.account_id, found)
        with services().database.write() as conn:
            forwarding.forward(
                conn,
                conversation_id,
                message_id,
                form.to,
                file,
                Closer(Author.ADMIN, the_admin().id),
                services().clock(),
                shown=form.shown,
                turn_id=form.turn_id,
                request_key=form.key,
                follow_up=bool(request.form.get("follow_up")),
                take_over=bool(request.form.get("take_over")),
                address=request.remote_addr,
            )
    except (ForwardRefused, FileRefused) as error:
        return _render(conversation_id, message_id, form.to, refused=error.reason), 422
    except (AlreadyAnswered, ClaimedByAnother, OnlyTheAssignee, NotAnswerable, MoreCame) as error:
        trouble = _trouble(error)
        return _render(conversation_id, message_id, form.to, trouble), trouble.code
    return redirect(url_for("inbox.thread", conversation_id=form.to), 303)


def _form() -> ForwardForm:
    to, shown = actions.row_id("to"), more_came.required()
    key = request.form.get("request_key", "")
    if to is None or not re.fullmatch(r"[\w-]{0,64}", key, re.ASCII):
        abort(400)
    return ForwardForm(to, shown, actions.row_id("turn_id"), key or None)


def _trouble(error: Exception) -> Trouble:
    if isinstance(error, AlreadyAnswered):
        mark = turn_mark.notice(error.mark, services().clock())
        words = gettext("%(who)s was faster, %(when)s", who=mark.who, when=mark.when)
        return Trouble(words, 409, "follow_up", gettext("Forward it all the same"))
    if isinstance(error, ClaimedByAnother):
        words = gettext("%(name)s is answering this", name=error.claim.name)
        return Trouble(words, 409, "take_over", gettext("Take over and send"))
    if isinstance(error, OnlyTheAssignee):
        return Trouble(gettext("Only %(name)s may answer this.", name=error.name), 409)
    if isinstance(error, MoreCame):
        return Trouble(more_came.look_first(0, error.count).words, 409)
    return Trouble(gettext("This conversation is closed. Open the customer's newest one."), 422)


def _render(
    conversation_id: int,
    message_id: int,
    to: int | None,
    trouble: Trouble | None = None,
    refused: str | None = None,
) -> str:
    now = services().clock()
    words = request.args.get("q", "")[:LONGEST_SEARCH]
    with services().database.read() as conn:
        about, found = conversation_list.summary(conn, conversation_id), threads.bubble(conn, message_id)
        if about is None or found is None or found.conversation_id != conversation_id:
            abort(404)
        refused = refused or _refusal(conn, conversation_id, message_id)
        chosen = conversation_list.summary(conn, to) if to is not None and not refused else None
        if chosen is not None and (chosen.account_id != about.account_id or chosen.id == about.id):
            abort(404)
        targets = [] if chosen or refused else forward_targets.search(conn, about.account_id, words, about.id)
        return layout.show(
            "inbox/forward.html",
            conn,
            about=row.show(about, now),
            message=bubble.show(found, now),
            refused=_why(refused, found) if refused else None,
            q=words,
            targets=[row.show(one, now) for one in targets],
            target=_target(conn, chosen) if chosen else None,
            trouble=trouble,
            request_key=Draft().request_key,
        )


def _refusal(conn: Connection, conversation_id: int, message_id: int) -> str | None:
    try:
        forwarding.find(conn, conversation_id, message_id)
    except ForwardRefused as error:
        return error.reason
    return None


def _why(reason: str, found: Bubble) -> str:
    if reason not in REFUSALS:
        return attachments.refusal(reason)
    return gettext(REFUSALS[reason], why=media.why_missing(found))


def _target(conn: Connection, about: Summary) -> Target:
    now = services().clock()
    turn_id = turns.current(conn, about.id)
    waiting = list(_waiting(conn, about.id, turn_id))
    holder = claims.holder(conn, about.id, now)
    return Target(
        row=row.show(about, now),
        turn_id=turn_id,
        shown=messages.newest_id(conn, about.id),
        waiting=[bubble.show(one, now) for one in waiting[-SHOWN:]],
        earlier=max(len(waiting) - SHOWN, 0),
        claimed_by=holder.name if holder and holder.admin_id != the_admin().id else None,
    )


def _waiting(conn: Connection, conversation_id: int, turn_id: int | None) -> Iterator[Bubble]:
    """The customer's messages of the open turn, as many as a thread shows."""
    if turn_id is None:
        return
    for one in threads.of_conversation(conn, conversation_id, 60):
        if one.turn_id == turn_id and not one.from_me:
            yield one
