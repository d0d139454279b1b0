"""What is done with a conversation besides answering it: taken, handed over, resolved, sorted, marked."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, jsonify, redirect, request, url_for
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy import Connection

from daemon.desk import assignment, conversations, no_reply_needed, resolving
from daemon.desk import shown as desk_shown
from daemon.domain.desk import Actor, Priority
from daemon.domain.turns import MoreCame, NotAnswerable
from daemon.store import conversation_list
from webui.auth import login_manager, the_actor, the_admin
from webui.base import errors
from webui.base.context import services
from webui.inbox import fragments, more_came, page, row

pages = Blueprint("actions", __name__)

Change = Callable[[Connection, Actor, datetime], bool]
# the last argument: the last message that the page had shown
Decision = Callable[[Connection, Actor, datetime, int], bool]


@pages.before_request
def only_admins() -> Any:
    """Nothing here is for strangers."""
    return None if current_user.is_authenticated else login_manager.unauthorized()


@pages.post("/c/<id:conversation_id>/assign")
def assign(conversation_id: int) -> Any:
    """Give a conversation to a colleague, or to oneself if nobody is named."""
    to = row_id("admin_id") or the_admin().id
    return carry_out(
        conversation_id, lambda conn, actor, now: assignment.assign(conn, conversation_id, to, actor, now)
    )


@pages.post("/c/<id:conversation_id>/transfer")
def transfer(conversation_id: int) -> Any:
    """Hand a conversation over, with a word for the colleague if there is one."""
    to, note = row_id("admin_id"), request.form.get("note", "")
    if to is None:
        abort(400)
    give = assignment.transfer if note.strip() else _without_note
    try:
        return carry_out(
            conversation_id, lambda conn, actor, now: give(conn, conversation_id, to, note, actor, now)
        )
    except NotAnswerable:
        return refuse(conversation_id, {"note": gettext("This is too long. Shorten it.")})


@pages.post("/c/<id:conversation_id>/return")
def give_back(conversation_id: int) -> Any:
    """Put a conversation back for everyone."""
    return carry_out(
        conversation_id, lambda conn, actor, now: assignment.give_back(conn, conversation_id, actor, now)
    )


@pages.post("/c/<id:conversation_id>/resolve")
def resolve(conversation_id: int) -> Any:
    """The customer has what he wanted; what is still open is asked about first, in the form that comes back."""
    actor, now, shown = the_actor(), services().clock(), more_came.required()
    try:
        with services().database.write() as conn:
            about = conversation_list.summary(conn, conversation_id)
            if about is None:
                abort(404)
            ends = resolving.open_ends(conn, conversation_id, actor, now, shown)
            if ends.beyond(row_id("waits"), row_id("answering")):
                return _ask(conversation_id, ends)
            if not conversations.resolve(conn, conversation_id, actor, now, shown):
                abort(409)
    except MoreCame as error:
        return _look_first(conversation_id, error)
    if errors.wants_json():
        return jsonify(undo=fragments.undo(row.show(about, now)))
    return done(conversation_id)


@pages.post("/c/<id:conversation_id>/resolve/undo")
def undo_resolve(conversation_id: int) -> Any:
    """It was a slip: everything is as it was."""
    return carry_out(conversation_id, lambda conn, actor, now: resolving.undo(conn, conversation_id, actor, now))


def _ask(conversation_id: int, ends: resolving.OpenEnds) -> Any:
    if errors.wants_json():
        return jsonify(ask=fragments.resolve_question(conversation_id, ends, more_came.required()))
    return page.render(conversation_id, ends=ends)


@pages.post("/c/<id:conversation_id>/reopen")
def reopen(conversation_id: int) -> Any:
    """There is something to add to a resolved conversation."""
    return carry_out(
        conversation_id, lambda conn, actor, now: conversations.reopen(conn, conversation_id, actor, now)
    )


@pages.post("/c/<id:conversation_id>/priority")
def priority(conversation_id: int) -> Any:
    """Say how urgent it is."""
    wish = request.form.get("priority", "")
    if wish not in tuple(Priority):
        abort(400)
    return carry_out(
        conversation_id,
        lambda conn, actor, now: conversations.set_priority(conn, conversation_id, Priority(wish), actor, now),
    )


@pages.post("/c/<id:conversation_id>/unread")
def mark_unread(conversation_id: int) -> Any:
    """It stands out in the list again; the list comes next, for whoever stays in a thread has seen it."""
    with services().database.write() as conn:
        if conversation_list.summary(conn, conversation_id) is None:
            abort(404)
        conversations.mark_unread(conn, conversation_id, services().clock())
    return redirect(url_for("inbox.box", box=request.args.get("box")), 303)


@pages.post("/c/<id:conversation_id>/turns/<id:turn_id>/handled")
def mark_handled(conversation_id: int, turn_id: int) -> Any:
    """This turn needs no reply."""
    return _decide(
        conversation_id,
        lambda conn, actor, now, shown: no_reply_needed.mark(conn, conversation_id, turn_id, actor, now, shown),
    )


@pages.post("/c/<id:conversation_id>/turns/<id:turn_id>/unhandled")
def unmark_handled(conversation_id: int, turn_id: int) -> Any:
    """It needs one after all."""
    return carry_out(
        conversation_id,
        lambda conn, actor, now: no_reply_needed.unmark(conn, conversation_id, turn_id, actor, now),
    )


def carry_out(conversation_id: int, change: Change, **where: Any) -> Any:
    """One change in one transaction: 404 for an unknown conversation, 409 if it is not as the page showed it."""
    with services().database.write() as conn:
        if conversation_list.summary(conn, conversation_id) is None:
            abort(404)
        if not change(conn, the_actor(), services().clock()):
            abort(409)
    return done(conversation_id, **where)


def _decide(conversation_id: int, decision: Decision) -> Any:
    """A change that says what its page had shown: what the customer has written since stays open, and is told."""
    later = 0

    def change(conn: Connection, actor: Actor, now: datetime) -> bool:
        nonlocal later
        shown = more_came.required()
        decided = decision(conn, actor, now, shown)
        later = desk_shown.still_waiting(conn, conversation_id, shown)
        return decided

    try:
        answer = carry_out(conversation_id, change)
    except MoreCame as error:
        return _look_first(conversation_id, error)
    return done_but(conversation_id, later) if later else answer


def _look_first(conversation_id: int, error: MoreCame) -> Any:
    """Nothing was done: the page shows what it had not shown."""
    more = more_came.look_first(conversation_id, error.count)
    if errors.wants_json():
        return jsonify(more=fragments.more_came(more)), 409
    return page.render(conversation_id, more=more), 409


def done(conversation_id: int, **where: Any) -> Any:
    """Nothing to say to a script, whose page hears the news by itself; the thread for a browser without one."""
    if errors.wants_json():
        return "", 204
    chosen = request.args.get("box")
    return redirect(url_for("inbox.thread", conversation_id=conversation_id, box=chosen, **where), 303)


def done_but(conversation_id: int, later: int) -> Any:
    """It is done; if `later` messages that the page had not shown wait, that is said."""
    if later and errors.wants_json():
        return jsonify(more=fragments.more_came(more_came.still_waiting(conversation_id, later)))
    return done(conversation_id, **({"more": later} if later else {}))


def refuse(conversation_id: int, wrong: dict[str, str]) -> Any:
    """What is wrong with a field, beside it, with everything that was typed."""
    if errors.wants_json():
        return jsonify(errors=wrong), 422
    return page.render(conversation_id, wrong=wrong, typed=request.form), 422


def _without_note(conn: Connection, conversation_id: int, to: int, note: str, actor: Actor, now: datetime) -> bool:
    return assignment.assign(conn, conversation_id, to, actor, now)


def row_id_in_address(name: str) -> int | None:
    """A row's id in the address."""
    return _row_id(request.args.get(name, ""))


def row_id(name: str) -> int | None:
    """A row's id in a form."""
    return _row_id(request.form.get(name, ""))


def _row_id(wish: str) -> int | None:
    if not re.fullmatch(r"\d{0,15}", wish, re.ASCII):
        abort(400)
    return int(wish) if wish else None
