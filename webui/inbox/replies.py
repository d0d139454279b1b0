"""Answering: the reply field's way to the desk's one door, and what becomes of a reply that is held."""

import re
from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, jsonify, redirect, request, url_for
from flask_babel import gettext
from flask_login import login_required

from daemon.desk import notes, outgoing, replies, settings, unreadable_replies
from daemon.desk import shown as desk_shown
from daemon.desk.file_storage import FileRefused
from daemon.desk.outgoing import Decision
from daemon.desk.unreadable_replies import UnreadableDecision
from daemon.domain.desk import ClaimedByAnother, OnlyTheAssignee
from daemon.domain.messages import Author
from daemon.domain.placeholders import fill, opening
from daemon.domain.turns import AlreadyAnswered, Closer, MoreCame, NotAnswerable
from daemon.store import conversation_list, groups, quick_replies, threads
from webui.auth import the_actor, the_admin
from webui.base import errors
from webui.base.context import services, the_account
from webui.inbox import actions, attachments, bubble, fragments, message_menu, more_came, page, turn_mark
from webui.inbox.more_came import MoreNotice
from webui.inbox.page import Draft

pages = Blueprint("replies", __name__)


def _(text: str) -> str:
    return text


REFUSALS = {
    "empty": _("Write something first."),
    "too_long": _("This is longer than WhatsApp allows (65,536 characters). Send it in parts."),
    "blocked": _("This customer is blocked on WhatsApp. Unblock them in the details first."),
    "unknown_conversation": _("This conversation is closed. Open the customer's newest one."),
    "left_group": _("This number is no longer in the group, so nothing can be sent there."),
    "only_group_admins": _("Only the group's admins may write there, and this number is none of them."),
}


@pages.post("/c/<id:conversation_id>/answer")
@login_required  # type: ignore[untyped-decorator]
def answer(conversation_id: int) -> Any:
    """Queue a reply through the desk's one door, or say who was faster or is answering already."""
    if request.form.get("mode") == "note":
        # whatever else the page holds: a note never reaches the customer
        return note(conversation_id)
    if (edits := actions.row_id("edits")) is not None:
        return message_menu.edit(conversation_id, edits)
    text, turn_id, key = _reply_form()
    if (shown := more_came.shown()) is None:
        sentence = " ".join(gettext(words) for words in errors.SENTENCES[400])
        return _refuse(conversation_id, 400, Draft(text, error=sentence, turn_id=turn_id))
    draft = Draft(text, turn_id=turn_id, quoted=actions.row_id("quoted"))
    try:
        draft = replace(draft, files=tuple(attachments.sent(conversation_id)))
    except FileRefused as error:
        return _refuse(conversation_id, 422, replace(draft, error=attachments.refusal(error.reason)))
    now = services().clock()
    try:
        with services().database.write() as conn:
            message_id = replies.answer(
                conn,
                conversation_id,
                Closer(Author.ADMIN, the_admin().id),
                text,
                now,
                turn_id=turn_id,
                request_key=key,
                follow_up=bool(request.form.get("follow_up")),
                take_over=bool(request.form.get("take_over")),
                address=request.remote_addr,
                shown=shown,
                quoted=draft.quoted,
                files=draft.files,
            )
            later = desk_shown.still_waiting(conn, conversation_id, shown)
    except AlreadyAnswered as error:
        note_refusal(conversation_id)
        return _refuse(conversation_id, 409, replace(draft, notice=turn_mark.notice(error.mark, now)))
    except ClaimedByAnother as error:
        return _refuse(conversation_id, 409, replace(draft, claimed_by=error.claim.name))
    except OnlyTheAssignee as error:
        sentence = gettext("Only %(name)s may answer this.", name=error.name)
        return _refuse(conversation_id, 409, replace(draft, error=sentence))
    except NotAnswerable as error:
        return _refuse(
            conversation_id,
            422,
            replace(draft, error=gettext(REFUSALS[error.reason])),
        )
    except MoreCame as error:
        more = more_came.look_first(conversation_id, error.count)
        return _refuse(conversation_id, 409, draft, more)
    return sent(conversation_id, message_id, later)


@pages.post("/c/<id:conversation_id>/note")
@login_required  # type: ignore[untyped-decorator]
def note(conversation_id: int) -> Any:
    """Write something that only the team sees."""
    text, turn_id, _key = _reply_form()
    try:
        with services().database.write() as conn:
            message_id = notes.add(conn, conversation_id, text, the_actor(), services().clock())
    except NotAnswerable as error:
        draft = Draft(text, error=gettext(REFUSALS[error.reason]), turn_id=turn_id, mode="note")
        return _refuse(conversation_id, 422, draft)
    return sent(conversation_id, message_id)


@pages.get("/quick-replies.json")
@login_required  # type: ignore[untyped-decorator]
def quick() -> Any:
    """What `/` offers in a reply field, filled in for the conversation `c`."""
    wish = request.args.get("c", "")
    if not re.fullmatch(r"\d{1,15}", wish, re.ASCII):
        abort(400)
    with services().database.read() as conn:
        about, account = conversation_list.summary(conn, int(wish)), the_account(conn)
        if about is None or account is None or about.account_id != account.id:
            abort(404)
        found = quick_replies.listing(conn, account.id, the_admin().id)
        hours = settings.load(conn, account.id).hours
        members = groups.members(conn, about.contact_id) if about.group else []
    filled = {
        "name": about.contact_name or "",
        "shop": services().config.shop,
        "hours": opening(hours, services().clock(), services().config.timezone),
        "admin": the_admin().name,
    }
    return jsonify(
        # whom a reply in a group can name
        members=[one.name for one in members if one.name],
        replies=[
            {
                "shortcut": one.shortcut,
                "text": fill(one.text, **filled),
                "own": one.admin_id is not None,
                "file": attachments.ready(one),
            }
            for one in found
        ],
    )


@pages.post("/c/<id:conversation_id>/replies/<id:message_id>/<decision>")
@login_required  # type: ignore[untyped-decorator]
def decide(conversation_id: int, message_id: int, decision: str) -> Any:
    """What becomes of a held, an uncertain or an unreadable reply."""
    if decision not in (*Decision, *UnreadableDecision):
        abort(404)
    now, actor, shown = services().clock(), the_actor(), more_came.required()
    try:
        with services().database.write() as conn:
            if decision in tuple(UnreadableDecision):
                wish = UnreadableDecision(decision)
                done = unreadable_replies.decide(conn, conversation_id, message_id, wish, shown, now, actor)
            else:
                done = outgoing.decide(conn, conversation_id, message_id, Decision(decision), now, actor, shown)
            if not done:
                abort(409)
            later = desk_shown.still_waiting(conn, conversation_id, shown)
    except ClaimedByAnother as error:
        sentence = gettext("%(name)s is answering this", name=error.claim.name)
        return _refuse_decision(conversation_id, sentence)
    except OnlyTheAssignee as error:
        return _refuse_decision(conversation_id, gettext("Only %(name)s may answer this.", name=error.name))
    except MoreCame as error:
        return _refuse(conversation_id, 409, Draft(), more_came.look_first(conversation_id, error.count))
    return actions.done_but(conversation_id, later)


def _refuse_decision(conversation_id: int, sentence: str) -> Any:
    """Why it was not sent again: a word for a script, the thread with the sentence for a browser without one."""
    if errors.wants_json():
        return jsonify(error=sentence), 403
    return page.render(conversation_id, Draft(error=sentence)), 403


def _reply_form() -> tuple[str, int | None, str | None]:
    """Text, turn and request key of a reply."""
    turn, key = request.form.get("turn_id", ""), request.form.get("request_key", "")
    if not re.fullmatch(r"\d{0,15}", turn) or not re.fullmatch(r"[\w-]{0,64}", key, re.ASCII):
        abort(400)
    return request.form.get("text", ""), int(turn) if turn else None, key or None


def sent(conversation_id: int, message_id: int, later: int = 0) -> Any:
    """The new bubble for a script, the thread for a browser without one; `later` messages came unseen."""
    now = services().clock()
    with services().database.read() as conn:
        found = threads.bubble(conn, message_id)
    if found is None or found.conversation_id != conversation_id:
        abort(400)
    if errors.wants_json():
        shown = fragments.bubble(bubble.show(found, now))
        more = fragments.more_came(more_came.still_waiting(conversation_id, later))
        return jsonify(id=message_id, bubble=shown, turn_id="", request_key=Draft().request_key, more=more), 201
    box = request.args.get("box")
    return redirect(url_for("inbox.thread", conversation_id=conversation_id, box=box, more=later or None), 303)


def _refuse(conversation_id: int, code: int, draft: Draft, more: MoreNotice | None = None) -> Any:
    """Why nothing was sent, with everything that was typed."""
    if errors.wants_json():
        with services().database.read() as conn:
            if conversation_list.summary(conn, conversation_id) is None:
                abort(404)
        notice = fragments.notice(draft.notice) if draft.notice else ""
        claim = fragments.claimed(draft.claimed_by, refused=True) if draft.claimed_by else ""
        told = fragments.more_came(more)
        return jsonify(notice=notice, claim=claim, error=draft.error, more=told), code
    return page.render(conversation_id, draft, more=more), code


def note_refusal(conversation_id: int) -> None:
    """A second answer was prevented: the owner wants to know how often that happens."""
    with services().database.write() as conn:
        about = conversation_list.summary(conn, conversation_id)
        if about is not None:
            replies.note_refusal(conn, about.account_id, conversation_id, the_actor(), services().clock())
