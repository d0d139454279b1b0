"""The page of the tags: their names and colours, how often each is used, new ones, and away with them."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, request
from flask_babel import gettext, ngettext
from sqlalchemy import Connection

from daemon.desk import tags as desk_tags
from daemon.domain.desk import FieldError
from daemon.domain.tag_colours import TagColour
from daemon.store import tags
from daemon.store.tags import Tag, TagUse
from webui.auth import owner_required, the_actor
from webui.base import layout
from webui.base.context import services

pages = Blueprint("tag_settings", __name__)


def _(text: str) -> str:
    return text


COLOURS = {
    TagColour.GREY: _("Grey"),
    TagColour.RED: _("Red"),
    TagColour.ORANGE: _("Orange"),
    TagColour.GREEN: _("Green"),
    TagColour.TEAL: _("Teal"),
    TagColour.BLUE: _("Blue"),
    TagColour.PURPLE: _("Purple"),
    TagColour.PINK: _("Pink"),
}
# What is wrong with a field, by FieldError's field and reason.
FIELD_ERRORS = {
    ("tag", "empty"): _("Write something first."),
    ("tag", "too_long"): _("Use 40 characters at most."),
    ("tag", "too_many"): _("There are enough tags in this shop. Use one of them."),
    ("tag", "taken"): _("There is a tag of this name already."),
    ("tag", "unknown"): _("Somebody has deleted this tag meanwhile."),
    ("colour", "unknown"): _("Choose one of these colours."),
}


@pages.get("/settings/tags")
@owner_required
def page() -> Any:
    """All tags, and the form for a new one."""
    return _render(None, {"tag": "", "colour": TagColour.GREY.value}, {})


@pages.get("/settings/tags/<id:tag_id>")
@owner_required
def edit(tag_id: int) -> Any:
    """The form of one tag."""
    with services().database.read() as conn:
        found = _find(conn, tag_id)
    return _render(tag_id, {"tag": found.name, "colour": found.colour.value}, {})


@pages.post("/settings/tags")
@owner_required
def add() -> Any:
    """A new tag."""
    return _save(None)


@pages.post("/settings/tags/<id:tag_id>")
@owner_required
def change(tag_id: int) -> Any:
    """Another name or colour."""
    return _save(tag_id)


@pages.post("/settings/tags/<id:tag_id>/delete")
@owner_required
def delete(tag_id: int) -> Any:
    """Off everybody, and away."""
    with services().database.write() as conn:
        if not desk_tags.delete(conn, layout.account_of(conn), tag_id, the_actor(), services().clock()):
            abort(404)
    return layout.done(gettext("Deleted."), "tag_settings.page")


def _save(tag_id: int | None) -> Any:
    values = {"tag": request.form.get("tag", ""), "colour": request.form.get("colour", "")}
    try:
        with services().database.write() as conn:
            account_id, now = layout.account_of(conn), services().clock()
            desk_tags.save(conn, account_id, tag_id, values["tag"], values["colour"], the_actor(), now)
    except FieldError as error:
        return _render(tag_id, values, {error.field: gettext(FIELD_ERRORS[error.field, error.reason])}), 422
    return layout.done(gettext("Saved."), "tag_settings.page")


def _find(conn: Connection, tag_id: int) -> Tag:
    found = next((one for one in tags.every(conn, layout.account_of(conn)) if one.id == tag_id), None)
    if found is None:
        abort(404)
    return found


def _render(tag_id: int | None, values: Mapping[str, str], errors: dict[str, str]) -> str:
    with services().database.read() as conn:
        account_id = layout.account_of(conn)
        uses = tags.uses(conn, account_id)
        return layout.show(
            "pages/tags.html",
            conn,
            tag_id=tag_id,
            values=values,
            errors=errors,
            colours=[(colour.value, gettext(words)) for colour, words in COLOURS.items()],
            every=[(one, _used(uses[one.id])) for one in tags.every(conn, account_id)],
        )


def _used(use: TagUse) -> str:
    """How often a tag is used, in words."""
    customers = ngettext("%(num)d customer", "%(num)d customers", use.contacts)
    chats = ngettext("%(num)d chat", "%(num)d chats", use.conversations)
    return f"{customers} · {chats}"
