"""The page of the quick replies: the team's, which the owner writes, and everybody's own."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, request, send_file
from flask_babel import gettext
from flask_login import login_required
from sqlalchemy import Connection

from daemon.desk import file_storage, settings
from daemon.desk import quick_replies as desk_quick_replies
from daemon.desk.file_storage import FileRefused
from daemon.domain import placeholders
from daemon.domain.attachments import OutgoingFile
from daemon.domain.desk import FieldError
from daemon.domain.file_types import PICTURES
from daemon.store import quick_replies as store_quick_replies
from daemon.store.media import FOLDER
from daemon.store.quick_replies import QuickReply
from webui.auth import the_actor, the_admin
from webui.base import formatting, layout
from webui.base.context import services
from webui.inbox import attachments

pages = Blueprint("quick_replies", __name__)

OWN, TEAM = "own", "team"


def _(text: str) -> str:
    return text


# What is wrong with a field, by FieldError's field and reason.
FIELD_ERRORS = {
    ("shortcut", "empty"): _("Write something first."),
    ("shortcut", "format"): _("Use letters, digits and dashes, without spaces."),
    ("shortcut", "taken"): _("This shortcut exists already. Choose another one."),
    ("shortcut", "too_long"): _("32 characters at most."),
    ("text", "empty"): _("Write something first."),
    ("text", "too_long"): _("This is longer than WhatsApp allows."),
    ("quick_reply", "unknown"): _("Somebody has deleted this quick reply meanwhile."),
    ("quick_reply", "too_many"): _("There are too many quick replies. Delete some first."),
}


@pages.get("/settings/quick-replies")
@login_required  # type: ignore[untyped-decorator]
def page() -> Any:
    """All quick replies that this admin can use, and the form for a new one."""
    return _render(None, {"whose": TEAM if the_admin().is_owner else OWN}, {})


@pages.get("/settings/quick-replies/<id:quick_reply_id>")
@login_required  # type: ignore[untyped-decorator]
def edit(quick_reply_id: int) -> Any:
    """The form of one quick reply."""
    with services().database.read() as conn:
        found = _editable(conn, quick_reply_id)
    values = {"shortcut": found.shortcut, "text": found.text, "whose": _whose(found)}
    return _render(quick_reply_id, values, {}, found.file)


@pages.get("/settings/quick-replies/<id:quick_reply_id>/file")
@login_required  # type: ignore[untyped-decorator]
def file(quick_reply_id: int) -> Response:
    """What a quick reply brings along; a picture is shown in place."""
    with services().database.read() as conn:
        found = _usable(conn, quick_reply_id).file
    if found is None or not _is_here(found):
        abort(404)
    is_picture = found.mime in PICTURES
    response = send_file(
        services().config.data / FOLDER / found.file,
        mimetype=found.mime if is_picture else "application/octet-stream",
        as_attachment=not is_picture,
        download_name=found.name,
        max_age=0,
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@pages.post("/settings/quick-replies")
@login_required  # type: ignore[untyped-decorator]
def add() -> Any:
    """A new quick reply, the team's or one's own."""
    whose = request.form.get("whose", "")
    if whose not in (OWN, TEAM):
        abort(400)
    if whose == TEAM and not the_admin().is_owner:
        abort(403)
    return _save(None, None if whose == TEAM else the_admin().id)


@pages.post("/settings/quick-replies/<id:quick_reply_id>")
@login_required  # type: ignore[untyped-decorator]
def change(quick_reply_id: int) -> Any:
    """Another shortcut, text or file; whose it is stays."""
    with services().database.read() as conn:
        found = _editable(conn, quick_reply_id)
    return _save(quick_reply_id, found.admin_id)


@pages.post("/settings/quick-replies/<id:quick_reply_id>/delete")
@login_required  # type: ignore[untyped-decorator]
def delete(quick_reply_id: int) -> Any:
    """Away with it."""
    with services().database.write() as conn:
        _editable(conn, quick_reply_id)
        desk_quick_replies.delete(conn, layout.account_of(conn), quick_reply_id, the_actor(), services().clock())
    return layout.done(gettext("Deleted."), "quick_replies.page")


def _save(quick_reply_id: int | None, admin_id: int | None) -> Any:
    shortcut, text = request.form.get("shortcut", ""), request.form.get("text", "")
    values = {"shortcut": shortcut, "text": text, "whose": TEAM if admin_id is None else OWN}
    with services().database.read() as conn:
        account_id = layout.account_of(conn)
        largest = attachments.largest_of(settings.load(conn, account_id))
    brought = None
    try:
        # on the disk before its row, and before the database is locked
        brought = _brought(account_id, largest)
        with services().database.write() as conn:
            if quick_reply_id is not None:
                _editable(conn, quick_reply_id)
            actor, now = the_actor(), services().clock()
            desk_quick_replies.save(
                conn, account_id, quick_reply_id, admin_id, shortcut, text, actor, now, brought
            )
    except FileRefused as error:
        return _render(quick_reply_id, values, {"file": attachments.refusal(error.reason, largest)}), 422
    except FieldError as error:
        wrong = {error.field: gettext(FIELD_ERRORS[error.field, error.reason])}
        return _render(quick_reply_id, values, wrong, brought), 422
    return layout.done(gettext("Saved."), "quick_replies.page")


def _brought(account_id: int, largest: int) -> OutgoingFile | None:
    """The file that the form brings, or names because it had brought it before. Raises FileRefused."""
    upload = request.files.get("upload")
    if upload is not None and upload.filename:
        return attachments.keep(account_id, upload.stream, upload.filename, upload.mimetype, largest)
    word = request.form.get("file", "")
    return attachments.file_of(word, account_id) if word and "drop_file" not in request.form else None


def _is_here(found: OutgoingFile) -> bool:
    account_id = int(found.file.partition("/")[0])
    return file_storage.is_kept(services().config.data, account_id, found)


def _editable(conn: Connection, quick_reply_id: int) -> QuickReply:
    """One that this admin may change: a colleague's own does not exist for him, the team's is the owner's."""
    found = _usable(conn, quick_reply_id)
    if found.admin_id is None and not the_admin().is_owner:
        abort(403)
    return found


def _usable(conn: Connection, quick_reply_id: int) -> QuickReply:
    usable = store_quick_replies.listing(conn, layout.account_of(conn), the_admin().id)
    found = next((one for one in usable if one.id == quick_reply_id), None)
    if found is None:
        abort(404)
    return found


def _whose(found: QuickReply) -> str:
    return TEAM if found.admin_id is None else OWN


def _render(
    quick_reply_id: int | None,
    values: Mapping[str, str],
    errors: dict[str, str],
    attached: OutgoingFile | None = None,
) -> str:
    with services().database.read() as conn:
        account_id = layout.account_of(conn)
        usable = store_quick_replies.listing(conn, account_id, the_admin().id)
        return layout.show(
            "pages/quick_replies.html",
            conn,
            quick_reply_id=quick_reply_id,
            values=values,
            errors=errors,
            attached=attachments.shown([attached])[0] if attached and _is_here(attached) else None,
            files={one.id: _is_here(one.file) for one in usable if one.file},
            unknown_places=placeholders.unknown,
            size=formatting.size,
            largest=attachments.largest_of(settings.load(conn, account_id)),
            owner=the_admin().is_owner,
            team=[one for one in usable if one.admin_id is None],
            own=[one for one in usable if one.admin_id is not None],
        )
