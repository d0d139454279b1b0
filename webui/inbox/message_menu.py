"""What is done with one message: new words for it, deleting it for everyone, a reaction to it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, jsonify, request
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy import Connection

from daemon.desk import message_changes
from daemon.domain.desk import Actor
from daemon.domain.message_changes import ChangeRefused
from webui.auth import login_manager, the_actor, the_admin
from webui.base import errors
from webui.base.context import services
from webui.inbox import actions, page
from webui.inbox.page import Draft

pages = Blueprint("message_menu", __name__)


def _(text: str) -> str:
    return text


REFUSALS = {
    "unknown": _("This message is not there any more."),
    "not_ours": _("Only what the shop has written can be changed."),
    "not_yours": _("Only who wrote this, or the owner, can change it."),
    "too_late": _("It is too late for that: WhatsApp allows 15 minutes for editing and 60 hours for deleting."),
    "not_sent": _("Nobody knows yet whether this was sent. Decide about that first."),
    "empty": _("Write something first."),
    "too_long": _("This is longer than WhatsApp allows (65,536 characters). Send it in parts."),
    "no_emoji": _("A reaction is one emoji."),
}

Change = Callable[[Connection, Actor, datetime], object]


@pages.before_request
def only_admins() -> Any:
    """Nothing here is for strangers."""
    return None if current_user.is_authenticated else login_manager.unauthorized()


@pages.post("/c/<id:conversation_id>/messages/<id:message_id>/edit")
def edit(conversation_id: int, message_id: int) -> Any:
    """Replace its words."""
    text, is_owner = request.form.get("text", ""), the_admin().is_owner
    draft = Draft(text, edits=message_id)
    return _carry_out(
        conversation_id,
        lambda conn, actor, now: message_changes.edit(
            conn, conversation_id, message_id, text, actor, is_owner, now
        ),
        draft,
    )


@pages.post("/c/<id:conversation_id>/messages/<id:message_id>/delete")
def delete(conversation_id: int, message_id: int) -> Any:
    """Delete it for everyone."""
    is_owner = the_admin().is_owner
    return _carry_out(
        conversation_id,
        lambda conn, actor, now: message_changes.revoke(conn, conversation_id, message_id, actor, is_owner, now),
    )


@pages.post("/c/<id:conversation_id>/messages/<id:message_id>/react")
def react(conversation_id: int, message_id: int) -> Any:
    """Put a reaction to it, or take ours back with an empty one."""
    emoji = request.form.get("emoji", "")
    return _carry_out(
        conversation_id,
        lambda conn, actor, now: message_changes.react(conn, conversation_id, message_id, emoji, actor, now),
    )


@pages.post("/c/<id:conversation_id>/changes/<id:change_id>/<decision>")
def decide(conversation_id: int, change_id: int, decision: str) -> Any:
    """A change that failed, or may have: once more (`again`), or let it be (`drop`)."""
    if decision not in ("again", "drop"):
        abort(404)
    is_owner = the_admin().is_owner

    def change(conn: Connection, actor: Actor, now: datetime) -> None:
        again = decision == "again"
        if not message_changes.decide(conn, conversation_id, change_id, again, actor, is_owner, now):
            abort(409)

    return _carry_out(conversation_id, change)


def _carry_out(conversation_id: int, change: Change, draft: Draft | None = None) -> Any:
    try:
        with services().database.write() as conn:
            change(conn, the_actor(), services().clock())
    except ChangeRefused as error:
        sentence = gettext(REFUSALS[error.reason])
        if errors.wants_json():
            return jsonify(error=sentence), 422
        shown = draft or Draft()
        return page.render(conversation_id, Draft(shown.text, error=sentence, edits=shown.edits)), 422
    return actions.done(conversation_id)
