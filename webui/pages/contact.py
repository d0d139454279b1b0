"""One customer's page: what the shop knows about him, his chats, and merging him with another by hand."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from flask_babel import gettext
from flask_login import login_required
from sqlalchemy import Connection

from daemon.desk import contact_merging, contacts
from daemon.desk import tags as desk_tags
from daemon.desk.contact_merging import MergeRefused
from daemon.desk.contacts import Customer
from daemon.domain.desk import FieldError
from daemon.store import contact_list, erasing
from webui.auth import the_actor
from webui.base import layout
from webui.base.context import services
from webui.inbox import actions, contact_card, contact_panel
from webui.pages import contacts as list_page

pages = Blueprint("contact", __name__)
pages.before_request(actions.only_admins)

# of a search for whom to merge him with
_OFFERED = 20


def _(text: str) -> str:
    return text


REFUSALS = {
    "same": _("These two are one customer already."),
    "unknown": _("This customer is not there any more."),
    "leaving": _("A reply to one of them has not left yet. Merge them when it has."),
}


@pages.get("/contacts/<id:contact_id>")
@login_required  # type: ignore[untyped-decorator]
def page(contact_id: int) -> Any:
    """What is known; somebody who was merged leads to whom he was merged into."""
    return _render(contact_id, {}, {})


@pages.post("/contacts/<id:contact_id>")
def change(contact_id: int) -> Any:
    """The shop's name, a note, or one of the fields."""
    form = request.form
    if "shop_name" in form:
        return _keep(contact_id, contacts.rename, form["shop_name"])
    if "name" in form:
        return _keep(contact_id, contacts.set_field, form["name"], form.get("value", ""))
    return _keep(contact_id, contacts.save_note, form.get("note", ""))


@pages.post("/contacts/<id:contact_id>/tag")
def tag(contact_id: int) -> Any:
    """Tag him."""
    return _keep(contact_id, desk_tags.put_on, request.form.get("contact_tag", ""))


@pages.post("/contacts/<id:contact_id>/untag")
def untag(contact_id: int) -> Any:
    """Take a tag off."""
    return _keep(contact_id, desk_tags.take_off, actions.row_id("tag_id") or 0)


@pages.get("/contacts/<id:contact_id>/merge")
def choose(contact_id: int) -> Any:
    """Whom to merge him with: a search, then both side by side with what happens."""
    other = list_page.number("with")
    return _compare(contact_id, other) if other is not None else _offer(contact_id)


@pages.post("/contacts/<id:contact_id>/merge")
def merge(contact_id: int) -> Any:
    """Make one customer of both; this one stays."""
    other = actions.row_id("with")
    if other is None:
        abort(400)
    try:
        with services().database.write() as conn:
            account_id = layout.account_of(conn)
            contact_merging.merge(conn, account_id, contact_id, other, the_actor(), services().clock())
    except MergeRefused as error:
        if error.reason == "unknown":
            abort(404)
        return _compare(contact_id, other, gettext(REFUSALS[error.reason])), 409
    return layout.done(gettext("The two are one customer now."), "contact.page", contact_id=contact_id)


def _keep(contact_id: int, what: Callable[..., bool], *values: Any) -> Any:
    try:
        with services().database.write() as conn:
            whose = _found(conn, contact_id)
            what(conn, whose, *values, the_actor(), services().clock())
    except FieldError as error:
        name = "contact_tag" if error.field == "tag" else error.field
        return _render(contact_id, {name: contact_panel.field_error(error)}, request.form), 422
    return layout.done(gettext("Saved."), "contact.page", contact_id=contact_id)


def _found(conn: Connection, contact_id: int) -> Customer:
    found = contacts.of_account(conn, layout.account_of(conn), contact_id)
    if found is None:
        abort(404)
    return found


def _render(contact_id: int, wrong: dict[str, str], typed: Any) -> Any:
    with services().database.read() as conn:
        survivor = erasing.find(conn, contact_id)
        if survivor is not None and survivor.contact_id != contact_id:
            return redirect(url_for("contact.page", contact_id=survivor.contact_id))
        whose = _found(conn, contact_id)
        card = contact_card.of_contact(conn, whose.account_id, contact_id, None, services().clock())
        values = {"card": card, "conversation_id": whose.conversation_id, "wrong": wrong, "typed": typed}
        return layout.show("pages/contact.html", conn, **values)


def _offer(contact_id: int) -> str:
    wanted = list_page.search()
    with services().database.read() as conn:
        whose = _found(conn, contact_id)
        found = []
        if wanted.typed:
            found = contact_list.listing(conn, whose.account_id, wanted.words, wanted.digits, limit=_OFFERED + 1)
        values = {
            "card": contact_card.of_contact(conn, whose.account_id, contact_id, None, services().clock()),
            "rows": [list_page.shown(one) for one in found[:_OFFERED] if one.id != contact_id],
            "are_more": len(found) > _OFFERED,
            "q": wanted.typed,
        }
        return layout.show("pages/contact_merge.html", conn, other=None, error=None, **values)


def _compare(contact_id: int, other: int, error: str | None = None) -> str:
    with services().database.read() as conn:
        now = services().clock()
        cards = []
        for one in (contact_id, other):
            whose = _found(conn, one)
            cards.append(contact_card.of_contact(conn, whose.account_id, one, None, now))
        if contact_id == other:
            abort(404)
        return layout.show(
            "pages/contact_merge.html", conn, card=cards[0], other=cards[1], error=error, rows=[], q=""
        )
