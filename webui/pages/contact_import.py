"""Taking customers in from a file: what it would do is shown first; then it is done, some rows at a time."""

import json
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, request
from flask_babel import gettext, ngettext

from daemon.desk import contact_import
from daemon.desk.contact_import import Outcome, Planned
from daemon.domain import contact_files
from daemon.domain.contact_files import FileRow, Problem, UnreadableFile
from webui.auth import owner_required, the_actor
from webui.base import layout
from webui.base.context import services

pages = Blueprint("contact_import", __name__)

# lines of a preview, of each sort; the counts are of all
SHOWN = 50
_AT_A_TIME = 100


def _(text: str) -> str:
    return text


FILE_ERRORS = {
    "empty": _("There is nothing in this file."),
    "too_large": _("This file is too large: 500 KB at most."),
    "too_many": _("There are more than 5,000 numbers in this file. Take it in in parts."),
    "no_numbers": _("No column of this file holds phone numbers. Give them a title such as “Phone”."),
    "no_file": _("Choose a file first."),
}
PROBLEMS = {
    Problem.NO_NUMBER: _("no number"),
    Problem.BAD_NUMBER: _("this is no phone number"),
    Problem.ROUNDED: _("the spreadsheet has rounded the number; format the column as text"),
    Problem.NO_NAME: _("no name"),
    Problem.TWICE: _("this number has come before in this file"),
}


@pages.get("/contacts/import")
@owner_required
def page() -> Any:
    """Choose a file."""
    return _choose(None)


@pages.post("/contacts/import")
@owner_required
def preview() -> Any:
    """What a file would do; nothing is kept."""
    file = request.files.get("file")
    data = file.stream.read(contact_files.LARGEST_FILE + 1) if file else b""
    if file:
        file.close()
    try:
        if not file or not file.filename:
            raise UnreadableFile("no_file")
        rows = contact_files.read(data, services().config.country)
    except UnreadableFile as error:
        return _choose(gettext(FILE_ERRORS[error.reason])), 422
    with services().database.read() as conn:
        planned = contact_import.plan(conn, layout.account_of(conn), rows)
        wrong = [row for row in rows if row.problem]
        return layout.show(
            "pages/contact_import.html",
            conn,
            error=None,
            preview=True,
            new=_of(planned, Outcome.NEW),
            changed=_of(planned, Outcome.CHANGED),
            known=len(_of(planned, Outcome.KNOWN)),
            ours=len(_of(planned, Outcome.OURS)),
            wrong=[(row, gettext(PROBLEMS[row.problem])) for row in wrong if row.problem],
            most=SHOWN,
            rows=_packed([one.row for one in planned if one.outcome in (Outcome.NEW, Outcome.CHANGED)]),
        )


@pages.post("/contacts/import/carry-out")
@owner_required
def carry_out() -> Any:
    """Take the rows of a preview in."""
    rows = _unpacked(request.form.get("rows", ""))
    new = changed = 0
    with services().database.read() as conn:
        account_id = layout.account_of(conn)
    for start in range(0, len(rows), _AT_A_TIME):
        with services().database.write() as conn:
            made, named = contact_import.take(
                conn, account_id, rows[start : start + _AT_A_TIME], services().clock()
            )
        new, changed = new + made, changed + named
    with services().database.write() as conn:
        contact_import.record(conn, account_id, new, changed, the_actor(), services().clock())
    said = (
        ngettext("%(num)d new customer", "%(num)d new customers", new),
        ngettext("%(num)d with another name", "%(num)d with another name", changed),
    )
    return layout.done(gettext("Taken in: %(what)s.", what=", ".join(said)), "contacts.page")


def _of(planned: Sequence[Planned], outcome: Outcome) -> list[Planned]:
    return [one for one in planned if one.outcome == outcome]


def _packed(rows: Sequence[FileRow]) -> str:
    return json.dumps([[row.name, row.phone] for row in rows], ensure_ascii=False)


def _unpacked(text: str) -> list[FileRow]:
    """The rows of a preview; they are looked at again like those of a file, whoever has sent them."""
    try:
        found = [(str(name), str(phone)) for name, phone in json.loads(text or "[]")]
    except (ValueError, TypeError):
        abort(400)
    rows = []
    for name, phone in found[: contact_files.MOST_ROWS]:
        row = contact_files.row(0, name, f"+{phone}", services().config.country)
        if row.problem is None:
            rows.append(row)
    return rows


def _choose(error: str | None) -> str:
    with services().database.read() as conn:
        layout.account_of(conn)
        return layout.show("pages/contact_import.html", conn, error=error, preview=False)
