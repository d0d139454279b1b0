"""Customers' profile pictures, as the session has drawn them anew."""

from pathlib import PurePath
from typing import Any

from flask import Blueprint, abort, send_file, url_for
from flask_login import login_required

from daemon.store import contact_pictures
from daemon.store.conversation_list import Summary
from daemon.store.media import FOLDER
from webui.base.context import services

pages = Blueprint("profile_picture", __name__)


def address(about: Summary) -> str | None:
    """Where a customer's picture is; another one has another address, so that browsers may keep each."""
    if about.contact_picture is None or about.is_forgotten:
        return None
    version = PurePath(about.contact_picture).stem
    return url_for("profile_picture.file", contact_id=about.contact_id, v=version)


@pages.get("/contacts/<id:contact_id>/picture")
@login_required  # type: ignore[untyped-decorator]
def file(contact_id: int) -> Any:
    """The picture, for people who are logged in."""
    with services().database.read() as conn:
        known = contact_pictures.get(conn, contact_id)
    folder = (services().config.data / FOLDER).resolve()
    path = (folder / (known.file or "")).resolve() if known else folder
    if not path.is_relative_to(folder) or not path.is_file():
        abort(404)
    response = send_file(path, mimetype="image/jpeg", max_age=0)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response
