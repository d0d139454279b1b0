"""Files that came with messages: how a thread shows them, and how they are handed out."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, send_file, url_for
from flask_babel import gettext
from flask_login import login_required
from werkzeug.utils import secure_filename

from daemon.domain.attachments import GONE, LARGEST_FILE, WAITS, MissingFile
from daemon.store import messages
from daemon.store.messages import Bubble
from webui.base import formatting
from webui.base.context import services


def _(text: str) -> str:
    return text


pages = Blueprint("media", __name__)

IMAGES = {"image/jpeg", "image/png", "image/webp", "image/gif"}
SOUNDS = {"audio/ogg", "audio/mpeg", "audio/mp4", "audio/aac"}
VIDEOS = {"video/mp4"}
# What stands in the bubble of a file that is not here.
OPEN_THE_PHONE = _("open the phone to see it")
MISSING = {
    MissingFile.LARGE: _("too large for Balas: open the phone to see it"),
    MissingFile.DEADLY: _("can't be fetched safely: open the phone to see it"),
    MissingFile.EXPIRED: _("WhatsApp no longer has it: open the phone to see it"),
    MissingFile.DAMAGED: _("it is damaged: open the phone to see it"),
    MissingFile.FAILED: _("could not be fetched: open the phone to see it"),
}
NO_ROOM = _("no room for it on Balas's computer: open the phone to see it")

# What a browser may show in place; everything else is a download.
INLINE = IMAGES | SOUNDS | VIDEOS


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file inside a bubble; one that has not been downloaded has no `url`: `missing` says why."""

    shape: str
    url: str | None
    missing: str | None
    name: str | None
    detail: str


def shown(bubble: Bubble) -> ShownFile | None:
    """How a message's media appears in its thread; None for a message without."""
    if not bubble.kind.info.has_file:
        return None
    about = bubble.media or {}
    mime = _mime(about)
    url = url_for("media.file", message_id=bubble.id) if about.get("file") else None
    details = []
    if isinstance(seconds := about.get("seconds"), int | float) and seconds > 0:
        details.append(formatting.length(seconds))
    if isinstance(count := about.get("size"), int | float) and count > 0:
        details.append(formatting.size(count))
    name = about.get("name")
    return ShownFile(
        shape=_shape(mime) if url else "none",
        url=url,
        missing=gettext(_why_missing(about)) if url is None else None,
        name=name if isinstance(name, str) else None,
        detail=" · ".join(details),
    )


def _why_missing(about: dict[str, Any]) -> str:
    gone, size = about.get(GONE), about.get("size")
    if gone in MISSING:
        return MISSING[gone]
    if isinstance(size, int) and size > LARGEST_FILE:
        return MISSING[MissingFile.LARGE]
    return NO_ROOM if about.get(WAITS) else OPEN_THE_PHONE


def _shape(mime: str) -> str:
    for shape, mimes in (("image", IMAGES), ("audio", SOUNDS), ("video", VIDEOS)):
        if mime in mimes:
            return shape
    return "download"


def _mime(about: dict[str, Any]) -> str:
    return str(about.get("mime") or "").partition(";")[0].strip().lower()


@pages.get("/media/<id:message_id>")
@login_required  # type: ignore[untyped-decorator]
def file(message_id: int) -> Response:
    """The downloaded file of a message; shown in place only if it is a harmless kind."""
    with services().database.read() as conn:
        bubble = messages.bubble(conn, message_id)
    about = (bubble.media if bubble else None) or {}
    folder = (services().config.data / "media").resolve()
    path = (folder / str(about.get("file") or "")).resolve()
    if not about.get("file") or not path.is_relative_to(folder) or not path.is_file():
        abort(404)
    mime = _mime(about)
    inline = mime in INLINE
    name = secure_filename(str(about.get("name") or "")) or f"balas-{message_id}{path.suffix}"
    response = send_file(
        path,
        mimetype=mime if inline else "application/octet-stream",
        as_attachment=not inline,
        download_name=name,
        max_age=0,
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; img-src 'self'; media-src 'self'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response
