"""The panel beside a thread: what the shop remembers about the customer, and the conversation's tags."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import generate_csrf

from daemon.desk import contacts, conversations
from daemon.desk import tags as desk_tags
from daemon.domain.desk import FieldError
from daemon.store import conversation_list
from webui.base.context import services
from webui.inbox import actions, contact_card

pages = Blueprint("details", __name__)
pages.before_request(actions.only_admins)


def _(text: str) -> str:
    return text


# What is wrong with a field, by FieldError's field and reason.
FIELD_ERRORS = {
    ("shop_name", "too_long"): _("Use 80 characters at most."),
    ("note", "too_long"): _("This is too long. Shorten it."),
    ("name", "empty"): _("Give the field a name."),
    ("name", "too_long"): _("Use 40 characters at most."),
    ("name", "too_many"): _("There are enough fields. Remove one first."),
    ("value", "too_long"): _("Use 500 characters at most."),
    ("tag", "empty"): _("Write a tag first."),
    ("tag", "too_long"): _("Use 40 characters at most."),
    ("tag", "too_many"): _("There are enough tags in this shop. Use one of them."),
}


@pages.get("/c/<id:conversation_id>/details")
def panel(conversation_id: int) -> Any:
    """The panel alone, for a page that is open already."""
    with services().database.read() as conn:
        about = conversation_list.summary(conn, conversation_id)
        if about is None:
            abort(404)
        card = contact_card.read(conn, about, services().clock())
    return render_template(
        "inbox/_contact_panel.html", card=card, csrf=generate_csrf(), box=None, wrong={}, typed={}
    )


@pages.post("/c/<id:conversation_id>/contact")
def contact(conversation_id: int) -> Any:
    """Keep the shop's name for the customer, a note, or one of his fields (an empty value takes it away)."""
    form = request.form
    try:
        if "shop_name" in form:
            return _keep_his(conversation_id, contacts.rename, form["shop_name"])
        if "name" in form:
            return _keep_his(conversation_id, contacts.set_field, form["name"], form.get("value", ""))
        return _keep_his(conversation_id, contacts.save_note, form.get("note", ""))
    except FieldError as error:
        return _refuse(conversation_id, error)


@pages.post("/c/<id:conversation_id>/tag")
def tag(conversation_id: int) -> Any:
    """Add a tag."""
    name = request.form.get("tag", "")
    try:
        return _keep(
            conversation_id, lambda conn, actor, now: conversations.tag(conn, conversation_id, name, actor, now)
        )
    except FieldError as error:
        return _refuse(conversation_id, error)


@pages.post("/c/<id:conversation_id>/untag")
def untag(conversation_id: int) -> Any:
    """Take a tag off."""
    tag_id = actions.row_id("tag_id")
    if tag_id is None:
        abort(400)
    return _keep(
        conversation_id, lambda conn, actor, now: conversations.untag(conn, conversation_id, tag_id, actor, now)
    )


@pages.post("/c/<id:conversation_id>/contact/tag")
def contact_tag(conversation_id: int) -> Any:
    """Tag the customer himself."""
    try:
        return _keep_his(conversation_id, desk_tags.put_on, request.form.get("contact_tag", ""))
    except FieldError as error:
        return actions.refuse(conversation_id, {"contact_tag": field_error(error)})


@pages.post("/c/<id:conversation_id>/contact/untag")
def contact_untag(conversation_id: int) -> Any:
    """Take a tag off the customer."""
    tag_id = actions.row_id("tag_id")
    if tag_id is None:
        abort(400)
    return _keep_his(conversation_id, desk_tags.take_off, tag_id)


def _keep_his(conversation_id: int, what: Callable[..., bool], *values: Any) -> Any:
    """A change of the conversation's customer."""
    return _keep(
        conversation_id,
        lambda conn, actor, now: what(conn, contacts.of_conversation(conn, conversation_id), *values, actor, now),
    )


def field_error(error: FieldError) -> str:
    """What is wrong with a field, in a sentence."""
    return gettext(FIELD_ERRORS[error.field, error.reason])


def _keep(conversation_id: int, change: actions.Change) -> Any:
    """What is so already needs no word: saving the same twice is as good as once."""
    return actions.carry_out(conversation_id, lambda conn, actor, now: change(conn, actor, now) or True, details=1)


def _refuse(conversation_id: int, error: FieldError) -> Any:
    return actions.refuse(conversation_id, {error.field: field_error(error)})
