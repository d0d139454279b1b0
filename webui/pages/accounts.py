"""The owner adds an account, calls one something else, or takes away one that was never linked."""

from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from flask_babel import gettext

from daemon.desk import pairing
from daemon.domain.account_names import LONGEST, BadName
from daemon.store import accounts
from webui.auth import owner_required
from webui.base import current_account, layout
from webui.base.context import services
from webui.pages import link

pages = Blueprint("naming", __name__)


def _(text: str) -> str:
    return text


# What is wrong with a name, by BadName's reason.
NAME_ERRORS = {
    "empty": _("Write a name for this number."),
    "too_long": _("Use %(count)d characters at most."),
    "characters": _("Use letters, digits, spaces and signs only."),
    "letters": _("Use at least one letter."),
    "taken": _("Another number has this name already."),
}


@pages.post("/link/add")
@owner_required
def add() -> Any:
    """One more account; its page shows the code to scan."""
    typed, now = request.form.get("new_name", ""), services().clock()
    try:
        with services().database.write() as conn:
            made = accounts.add(conn, typed, now).id
            # at once, even if its page is late in asking
            pairing.keep_codes_coming(conn, made, now)
            every = [one.id for one in accounts.every(conn)]
    except BadName as error:
        return _refuse("new_name", typed, error)
    current_account.choose(made, every)
    return redirect(url_for("link.page"), 303)


@pages.post("/link/name")
@owner_required
def rename() -> Any:
    """Another name for this account."""
    typed = request.form.get("own_name", "")
    try:
        with services().database.write() as conn:
            accounts.rename(conn, layout.account_of(conn), typed, services().clock())
    except BadName as error:
        return _refuse("own_name", typed, error)
    return redirect(url_for("link.page"), 303)


@pages.post("/link/remove")
@owner_required
def remove() -> Any:
    """Away with an account that was never linked."""
    with services().database.write() as conn:
        if not accounts.remove(conn, layout.account_of(conn), services().clock()):
            abort(409)
        every = [one.id for one in accounts.every(conn)]
    current_account.choose(every[0], every)
    return redirect(url_for("link.page"), 303)


def _refuse(field: str, typed: str, error: BadName) -> Any:
    sentence = gettext(NAME_ERRORS[error.reason], count=LONGEST)
    return link.render(names={field: typed[: 2 * LONGEST]}, name_errors={field: sentence}), 422
