"""The inbox: the list of conversations, one thread beside it, and the reply."""

import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import login_required
from sqlalchemy import Connection

from daemon.desk import decisions
from daemon.desk import turns as desk
from daemon.desk.decisions import Decision
from daemon.domain.messages import Author
from daemon.domain.turns import AlreadyAnswered, Closer, NotAnswerable
from daemon.store import accounts, conversations, events, messages, turns
from daemon.store.conversations import Box
from webui import errors, fragments, linkview, views
from webui.auth import the_admin
from webui.context import services, the_account

pages = Blueprint("inbox", __name__)

LIST_LENGTH = 60
THREAD_LENGTH = 60


def _(text: str) -> str:
    return text


REFUSALS = {
    "empty": _("Write something first."),
    "too_long": _("This is longer than WhatsApp allows (65,536 characters). Send it in parts."),
    "unknown_conversation": _("This conversation is closed. Open the customer's newest one."),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the reply field when a page is shown again: nothing typed may be lost."""

    text: str = ""
    notice: views.Mark | None = None
    error: str | None = None
    turn_id: int | None = None
    request_key: str = field(default_factory=lambda: secrets.token_urlsafe(16))


@pages.get("/")
@login_required  # type: ignore[untyped-decorator]
def box() -> Any:
    """The list, with no thread open."""
    return _page(None)


@pages.get("/c/<id:conversation_id>")
@login_required  # type: ignore[untyped-decorator]
def thread(conversation_id: int) -> Any:
    """One conversation, with the list beside it; looking at it marks it as seen."""
    if "before" not in request.args and "X-Peek" not in request.headers:
        _mark_seen(conversation_id, None)
    return _page(conversation_id)


@pages.post("/c/<id:conversation_id>/seen")
@login_required  # type: ignore[untyped-decorator]
def seen(conversation_id: int) -> Any:
    """A message arrived while its thread was in front of somebody."""
    upto = request.form.get("message_id", "")
    if not re.fullmatch(r"\d{1,15}", upto):
        abort(400)
    _mark_seen(conversation_id, int(upto))
    return "", 204


@pages.post("/c/<id:conversation_id>/answer")
@login_required  # type: ignore[untyped-decorator]
def answer(conversation_id: int) -> Any:
    """Queue a reply through the desk's one door, or say who was faster."""
    text, turn_id, key = _reply_form()
    follow_up = bool(request.form.get("follow_up"))
    now = services().clock()
    closer = Closer(Author.ADMIN, the_admin().id)
    try:
        with services().database.write() as conn:
            message_id = desk.answer(
                conn,
                conversation_id,
                closer,
                text,
                now,
                turn_id=turn_id,
                request_key=key,
                follow_up=follow_up,
                take_over=bool(request.form.get("take_over")),
                address=request.remote_addr,
            )
            bubble = messages.bubble(conn, message_id)
    except AlreadyAnswered as error:
        return _refuse(conversation_id, 409, Draft(text, notice=views.mark(error.mark, now), turn_id=turn_id))
    except NotAnswerable as error:
        return _refuse(conversation_id, 422, Draft(text, error=gettext(REFUSALS[error.reason]), turn_id=turn_id))
    if bubble is None or bubble.conversation_id != conversation_id:
        abort(400)
    if errors.wants_json():
        shown = fragments.bubble(views.message(bubble, now))
        return jsonify(id=message_id, bubble=shown, turn_id="", request_key=Draft().request_key), 201
    return redirect(url_for("inbox.thread", conversation_id=conversation_id, box=request.args.get("box")), 303)


@pages.post("/c/<id:conversation_id>/replies/<id:message_id>/<decision>")
@login_required  # type: ignore[untyped-decorator]
def decide(conversation_id: int, message_id: int, decision: str) -> Any:
    """What becomes of a held or an uncertain reply."""
    if decision not in tuple(Decision):
        abort(404)
    now = services().clock()
    with services().database.write() as conn:
        if not decisions.decide(conn, conversation_id, message_id, Decision(decision), now):
            abort(409)
    return "", 204


def _reply_form() -> tuple[str, int | None, str | None]:
    """Text, turn and request key of a reply."""
    turn, key = request.form.get("turn_id", ""), request.form.get("request_key", "")
    if not re.fullmatch(r"\d{0,15}", turn) or not re.fullmatch(r"[\w-]{0,64}", key, re.ASCII):
        abort(400)
    return request.form.get("text", ""), int(turn) if turn else None, key or None


def _refuse(conversation_id: int, code: int, draft: Draft) -> Any:
    if errors.wants_json():
        with services().database.read() as conn:
            if conversations.summary(conn, conversation_id) is None:
                abort(404)
        notice = fragments.notice(draft.notice) if draft.notice else ""
        return jsonify(notice=notice, error=draft.error), code
    return _page(conversation_id, draft), code


def _mark_seen(conversation_id: int, upto: int | None) -> None:
    """Take the unread count back, for everyone; writes only when there is one."""
    database = services().database
    with database.read() as conn:
        about = conversations.summary(conn, conversation_id)
        if about is None:
            abort(404)
    if not about.unread:
        return
    now = services().clock()
    with database.write() as conn:
        last = messages.newest_id(conn, conversation_id)
        if conversations.see(conn, conversation_id, min(upto, last) if upto is not None else last):
            kind = events.EventKind.CONVERSATION_CHANGED
            events.append(conn, about.account_id, kind, now, conversation_id)


def _chosen_box() -> Box:
    wish = request.args.get("box", "")
    return Box(wish) if wish in set(Box) else Box.ALL


def _before() -> datetime | None:
    """Where an older part of the list begins, as milliseconds in the address."""
    wish = request.args.get("older", "")
    return datetime.fromtimestamp(int(wish) / 1000, UTC) if re.fullmatch(r"\d{1,14}", wish) else None


def _page(conversation_id: int | None, draft: Draft | None = None) -> str:
    """The whole page from one consistent view of the database, with the cursor it was read at."""
    now, admin, chosen = services().clock(), the_admin(), _chosen_box()
    with services().database.read() as conn:
        values: dict[str, Any] = {"cursor": events.last_seq(conn), "box": chosen.value, "link": None}
        account = the_account(conn)
        rows: list[conversations.Summary] = []
        counts = dict.fromkeys(Box, 0)
        if account:
            values["link"] = linkview.panel(account, accounts.get_link(conn, account.id), now, owner=False)
            rows = conversations.listing(conn, account.id, chosen, admin.id, LIST_LENGTH + 1, _before())
            counts = conversations.counts(conn, account.id, admin.id)
        if conversation_id is not None:
            values |= _thread(conn, conversation_id, now, draft)
    values["rows"] = [views.row(about, now) for about in rows[:LIST_LENGTH]]
    values["older_rows"] = values["rows"][-1].at if len(rows) > LIST_LENGTH else None
    values["counts"] = {place.value: count for place, count in counts.items()}
    return render_template("inbox.html", **values)


def _thread(conn: Connection, conversation_id: int, now: datetime, draft: Draft | None) -> dict[str, Any]:
    about = conversations.summary(conn, conversation_id)
    if about is None:
        abort(404)
    before = None
    if re.fullmatch(r"\d{1,15}", request.args.get("before", "")):
        first = messages.bubble(conn, int(request.args["before"]))
        if first is None or first.conversation_id != conversation_id:
            abort(404)
        before = (first.sent_at, first.id)
    bubbles = messages.thread(conn, conversation_id, THREAD_LENGTH + 1, before)
    shown = bubbles[-THREAD_LENGTH:]
    if draft is None:
        draft = Draft(turn_id=turns.current(conn, conversation_id))
    return {
        "about": views.row(about, now),
        "resolved": about.status == conversations.Status.RESOLVED,
        "messages": [views.message(bubble, now) for bubble in shown],
        "older": shown[0].id if len(bubbles) > THREAD_LENGTH else None,
        "is_older_part": before is not None,
        "draft": draft,
    }
