"""The inbox: the list of conversations, one thread beside it, and what has been looked at."""

import re
from typing import Any

from flask import Blueprint, abort, request
from flask_login import login_required
from sqlalchemy import Connection

from daemon.desk import assignment, contact_refresh, notes
from daemon.store import conversation_list, conversations, events, messages
from daemon.store.conversation_list import Summary
from webui.auth import the_actor, the_admin
from webui.base.context import services
from webui.inbox import page

pages = Blueprint("inbox", __name__)


@pages.get("/")
@login_required  # type: ignore[untyped-decorator]
def box() -> Any:
    """The list, with no thread open."""
    return page.render(None)


@pages.get("/c/<id:conversation_id>")
@login_required  # type: ignore[untyped-decorator]
def thread(conversation_id: int) -> Any:
    """One conversation, with the list beside it; looking at it marks it as seen."""
    if "before" not in request.args and "X-Peek" not in request.headers:
        _ask_about_customer(_mark_seen(conversation_id, None))
    return page.render(conversation_id)


@pages.post("/c/<id:conversation_id>/seen")
@login_required  # type: ignore[untyped-decorator]
def seen(conversation_id: int) -> Any:
    """A message arrived while its thread was in front of somebody."""
    upto = request.form.get("message_id", "")
    if not re.fullmatch(r"\d{1,15}", upto):
        abort(400)
    _mark_seen(conversation_id, int(upto))
    return "", 204


def _ask_about_customer(about: Summary) -> None:
    """Whoever opens a chat wants to see whose it is: WhatsApp is asked for his picture, every few days."""
    now = services().clock()
    with services().database.read() as conn:
        is_due = contact_refresh.is_due(conn, about, now)
    if is_due:
        services().note(lambda conn: contact_refresh.ask(conn, about, now))


def _mark_seen(conversation_id: int, upto: int | None) -> Summary:
    """Take the unread count back, for everyone; writes only when there is one."""
    database = services().database
    with database.read() as conn:
        about = conversation_list.summary(conn, conversation_id)
        if about is None:
            abort(404)
        named = any(one.conversation_id == conversation_id for one in notes.unseen_mentions(conn, the_admin().id))
        given = assignment.is_new_to(conn, about, the_admin().id)
    if not about.unread and not named and not given:
        return about
    admin_id, actor, now = the_admin().id, the_actor(), services().clock()

    def see(conn: Connection) -> None:
        notes.see(conn, conversation_id, admin_id, now)
        assignment.look(conn, conversation_id, actor, now)
        last = messages.newest_id(conn, conversation_id)
        if conversations.see(conn, conversation_id, min(upto, last) if upto is not None else last):
            kind = events.EventKind.CONVERSATION_CHANGED
            events.append(conn, about.account_id, kind, now, conversation_id)

    services().note(see)
    return about
