"""Hands out the files of messages: in place only what is harmless and what it calls itself, never as a page."""

import base64
import binascii
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, send_file
from flask_login import login_required
from werkzeug.utils import secure_filename

from daemon.domain.attachments import ODD, SMALL, THUMBNAIL, small_of
from daemon.domain.file_types import HEAD, shown_as
from daemon.store import threads
from daemon.store.media import FOLDER
from webui.base.context import services

pages = Blueprint("media", __name__)

# nothing that comes from here is ever a page, whatever a browser makes of it
_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; sandbox"


@pages.get("/media/<id:message_id>")
@login_required  # type: ignore[untyped-decorator]
def file(message_id: int) -> Response:
    """The downloaded file of a message, whole or a range of it; shown in place only if it is a harmless kind."""
    about = _about(message_id)
    path = _path(str(about.get("file") or ""))
    mime = None if about.get(ODD) else shown_as(str(about.get("mime") or ""), _head(path))
    name = secure_filename(str(about.get("name") or "")) or f"balas-{message_id}{path.suffix}"
    return _handed_out(path, mime or "application/octet-stream", name, as_attachment=mime is None)


@pages.get("/media/<id:message_id>/small")
@login_required  # type: ignore[untyped-decorator]
def small(message_id: int) -> Response:
    """What a thread shows of a picture: a JPEG of ours."""
    about = _about(message_id)
    if not about.get(SMALL):
        abort(404)
    path = _path(small_of(str(about.get("file") or "")))
    return _handed_out(path, "image/jpeg", f"balas-{message_id}.jpg")


@pages.get("/media/<id:message_id>/preview")
@login_required  # type: ignore[untyped-decorator]
def preview(message_id: int) -> Response:
    """The JPEG that travelled in the message."""
    try:
        content = base64.b64decode(str(_about(message_id).get(THUMBNAIL) or ""), validate=True)
    except binascii.Error:
        abort(404)
    if shown_as("image/jpeg", content[:HEAD]) is None:
        abort(404)
    return _handed_out(BytesIO(content), "image/jpeg", f"balas-{message_id}-preview.jpg")


def _about(message_id: int) -> dict[str, Any]:
    with services().database.read() as conn:
        bubble = threads.bubble(conn, message_id)
    return (bubble.media if bubble else None) or {}


def _path(name: str) -> Path:
    """A file below the folder of attachments, or nothing."""
    folder = (services().config.data / FOLDER).resolve()
    path = (folder / name).resolve()
    if not name or not path.is_relative_to(folder) or not path.is_file():
        abort(404)
    return path


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as content:
            return content.read(HEAD)
    except FileNotFoundError:
        abort(404)


def _handed_out(content: Path | BytesIO, mime: str, name: str, *, as_attachment: bool = False) -> Response:
    try:
        response = send_file(content, mimetype=mime, as_attachment=as_attachment, download_name=name, max_age=0)
    except FileNotFoundError:
        # forgotten since we looked
        abort(404)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response
