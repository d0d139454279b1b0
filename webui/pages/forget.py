"""Forgetting a customer who asks for it: the owner is asked once more, then everything goes."""

from typing import Any

from flask import Blueprint, abort, redirect, url_for
from flask_babel import gettext
from sqlalchemy import Connection

from daemon.desk import contacts
from daemon.desk.contacts import Customer
from daemon.desk.forget import StillSending, forget
from daemon.domain.ids import ChatKind
from daemon.store import conversation_list, erasing, media
from daemon.store.conversation_list import Summary
from webui.auth import owner_required, the_actor
from webui.base import layout
from webui.base.context import services
from webui.inbox import row

pages = Blueprint("forgetting", __name__)


def _(text: str) -> str:
    return text


_STILL_SENDING = _("A reply to this customer is leaving right now. Try again in a moment.")


@pages.get("/c/<id:conversation_id>/forget")
@owner_required
def page(conversation_id: int) -> Any:
    """Say what goes, and ask."""
    return _ask(conversation_id)


@pages.get("/contacts/<id:contact_id>/forget")
@owner_required
def page_of_contact(contact_id: int) -> Any:
    """The same of somebody who may never have written."""
    return _ask_about(contact_id)


@pages.post("/contacts/<id:contact_id>/forget")
@owner_required
def carry_out_of_contact(contact_id: int) -> Any:
    """Erase him, then his files."""
    try:
        with services().database.write() as conn:
            whose = _contact(conn, contact_id)
            gone = forget(conn, whose.account_id, contact_id, the_actor(), services().clock())
    except StillSending:
        return _ask_about(contact_id, gettext(_STILL_SENDING)), 409
    if gone is not None:
        media.remove(services().config.data, gone.files)
    return layout.done(gettext("Forgotten."), "contacts.page")


@pages.post("/c/<id:conversation_id>/forget")
@owner_required
def carry_out(conversation_id: int) -> Any:
    """Erase the customer, then his files."""
    try:
        with services().database.write() as conn:
            about = _about(conversation_list.summary(conn, conversation_id))
            gone = forget(conn, about.account_id, about.contact_id, the_actor(), services().clock())
    except StillSending:
        return _ask(conversation_id, gettext(_STILL_SENDING)), 409
    if gone is not None:
        # only now: a transaction that fails must not have lost them
        media.remove(services().config.data, gone.files)
    return redirect(url_for("inbox.thread", conversation_id=conversation_id), 303)


def _ask(conversation_id: int, error: str | None = None) -> str:
    with services().database.read() as conn:
        about = _about(conversation_list.summary(conn, conversation_id))
        return layout.show(
            "pages/forget.html",
            conn,
            back=url_for("inbox.thread", conversation_id=conversation_id, details=1),
            person=row.person(about),
            is_group=about.kind == ChatKind.GROUP,
            messages=len(erasing.of_contacts(conn, erasing.family(conn, about.contact_id))),
            error=error,
        )


def _ask_about(contact_id: int, error: str | None = None) -> str:
    with services().database.read() as conn:
        whose = _contact(conn, contact_id)
        known = contacts.details(conn, contact_id)
        return layout.show(
            "pages/forget.html",
            conn,
            back=url_for("contact.page", contact_id=contact_id),
            person=row.person_of(whose.contact_id, known.shop_name or known.name, known.phone),
            is_group=False,
            messages=len(erasing.of_contacts(conn, erasing.family(conn, contact_id))),
            error=error,
        )


def _contact(conn: Connection, contact_id: int) -> Customer:
    found = contacts.of_account(conn, layout.account_of(conn), contact_id)
    if found is None:
        abort(404)
    return found


def _about(found: Summary | None) -> Summary:
    if found is None or found.is_forgotten:
        abort(404)
    return found
