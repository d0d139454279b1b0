"""Files in the reply field: brought here before the reply is sent, and named by it."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import IO, Any
from urllib.parse import unquote

from flask import Blueprint, Flask, abort, current_app, jsonify, request, session, url_for
from flask_babel import gettext
from flask_login import login_required
from itsdangerous import BadSignature, URLSafeSerializer

from daemon.desk import file_storage, settings
from daemon.desk.file_storage import FileRefused
from daemon.desk.media_budget import MediaBudget
from daemon.domain.attachments import OutgoingFile
from daemon.store import conversation_list
from daemon.store.quick_replies import QuickReply
from webui.base import context, formatting
from webui.base.context import services

pages = Blueprint("attachments", __name__)

MB = 1_000_000
# files of one answer
MOST_FILES = 20
_BUDGET = "media budget"
# bytes of a form beside its files
_FORM = 1_000_000


def _(text: str) -> str:
    return text


REFUSALS = {
    "empty": _("This file is empty."),
    "too_large": _("This file is too large: %(size)s at most."),
    "no_room": _("There is no room for this file on Balas's computer."),
    "no_voice": _("This is no recording that can be sent as a voice message."),
    "gone": _("An attached file is not here any more. Attach it again."),
    "too_many": _("These are too many files for one answer: 20 at most."),
}


def install(app: Flask) -> None:
    """Let who is logged in send files; a form without scripts brings them all at once.

    Before the form's token is looked at: that reads the form.
    """
    config = context.of(app).config
    app.extensions[_BUDGET] = MediaBudget(config.data, config.media_budget)

    @app.before_request
    def allow_files() -> None:
        if not session.get("_user_id"):
            return
        if request.endpoint == "attachments.bring" or (
            request.endpoint == "card_forms.send" and request.mimetype == "multipart/form-data"
        ):
            request.max_content_length = settings.LARGEST_UPLOAD * MB + _FORM
        elif request.endpoint == "replies.answer" and request.mimetype == "multipart/form-data":
            request.max_content_length = MOST_FILES * settings.LARGEST_UPLOAD * MB + _FORM
        elif request.endpoint in ("quick_replies.add", "quick_replies.change"):
            request.max_content_length = settings.LARGEST_UPLOAD * MB + _FORM


@pages.post("/c/<id:conversation_id>/files")
@login_required  # type: ignore[untyped-decorator]
def bring(conversation_id: int) -> Any:
    """Keep one file, the request's body, whose name is in a header; gives the word that a reply names it by.

    What comes with X-Voice was recorded, to be heard as a voice message.
    """
    with services().database.read() as conn:
        about = conversation_list.summary(conn, conversation_id)
        if about is None:
            abort(404)
        largest = largest_of(settings.load(conn, about.account_id))
    try:
        check_room(request.content_length or 0, largest)
    except FileRefused as error:
        return jsonify(error=refusal(error.reason, largest)), 413
    name = unquote(request.headers.get("X-File-Name", ""))
    is_voice = request.headers.get("X-Voice") == "1"
    try:
        file = keep(about.account_id, request.stream, name, request.mimetype, largest, is_voice=is_voice)
    except FileRefused as error:
        return jsonify(error=refusal(error.reason, largest)), 422
    return jsonify(word=word_of(file), name=file.name, size=formatting.size(file.size), kind=file.kind.value), 201


@pages.get("/c/<id:conversation_id>/files/room")
@login_required  # type: ignore[untyped-decorator]
def room(conversation_id: int) -> Any:
    """Whether a file of `size` bytes would be taken: asked before it sets out on a slow line."""
    size = request.args.get("size", "")
    if not re.fullmatch(r"\d{1,15}", size, re.ASCII):
        abort(400)
    with services().database.read() as conn:
        about = conversation_list.summary(conn, conversation_id)
        if about is None:
            abort(404)
        largest = largest_of(settings.load(conn, about.account_id))
    try:
        check_room(int(size), largest)
    except FileRefused as error:
        return jsonify(error=refusal(error.reason, largest)), 422
    return "", 204


def check_room(size: int, largest: int) -> None:
    """Raises FileRefused if a file of so many bytes is larger than it may be, or there is no room for it."""
    if size > largest:
        raise FileRefused("too_large")
    budget: MediaBudget = current_app.extensions[_BUDGET]
    if size > budget.left():
        raise FileRefused("no_room")


def sent(conversation_id: int) -> list[OutgoingFile]:
    """The files of a reply that is being sent: those that were brought before, and those in the form itself.

    Raises FileRefused.
    """
    words = " ".join(request.form.getlist("files")).split()
    uploads = [one for one in request.files.getlist("upload") if one.filename]
    if len(words) + len(uploads) > MOST_FILES:
        raise FileRefused("too_many")
    if not words and not uploads:
        return []
    with services().database.read() as conn:
        about = conversation_list.summary(conn, conversation_id)
        if about is None:
            abort(404)
        largest = largest_of(settings.load(conn, about.account_id))
    found = [file_of(word, about.account_id) for word in words]
    return found + [
        keep(about.account_id, one.stream, one.filename or "", one.mimetype, largest) for one in uploads
    ]


def keep_one(conversation_id: int, stream: IO[bytes], name: str, mime: str) -> OutgoingFile:
    """A file of a form of its own. Raises FileRefused."""
    with services().database.read() as conn:
        about = conversation_list.summary(conn, conversation_id)
        if about is None:
            abort(404)
        largest = largest_of(settings.load(conn, about.account_id))
    return keep(about.account_id, stream, name, mime, largest)


def refusal(reason: str, largest: int | None = None) -> str:
    """Why a file is not taken."""
    size = formatting.size(largest if largest is not None else settings.LARGEST_UPLOAD * MB)
    return gettext(REFUSALS[reason], size=size)


def word_of(file: OutgoingFile) -> str:
    """What a page has in its hands of a file that was brought."""
    return _signer().dumps(asdict(file))


def shown(files: Sequence[OutgoingFile]) -> list[dict[str, str]]:
    """Files that stand in the reply field when a page is shown again."""
    return [
        {"word": word_of(file), "name": file.name, "size": formatting.size(file.size), "kind": file.kind.value}
        for file in files
    ]


def ready(reply: QuickReply) -> dict[str, str] | None:
    """The file that a quick reply brings into the field; None without one, or if it is not here any more."""
    if reply.file is None or not file_storage.is_kept(services().config.data, reply.account_id, reply.file):
        return None
    return {**shown([reply.file])[0], "url": url_for("quick_replies.file", quick_reply_id=reply.id)}


def keep(
    account_id: int, stream: IO[bytes], name: str, mime: str, largest: int, *, is_voice: bool = False
) -> OutgoingFile:
    """Keep one file on the disk. Raises FileRefused."""
    data = services().config.data
    budget: MediaBudget = current_app.extensions[_BUDGET]
    left = budget.left()
    if left <= 0:
        raise FileRefused("no_room")
    try:
        file = file_storage.keep(data, account_id, stream, name, mime, min(largest, left), is_voice=is_voice)
    except OSError:
        raise FileRefused("no_room") from None
    except FileRefused as error:
        # it was cut off by what is left, not by what a file may have
        raise FileRefused("no_room" if error.reason == "too_large" and left < largest else error.reason) from None
    budget.take(file.size)
    return file


def file_of(word: str, account_id: int) -> OutgoingFile:
    """The file that a word of ours names; FileRefused if it is gone, 400 if the word is none of ours."""
    try:
        file = OutgoingFile(**_signer().loads(word))
    except (BadSignature, TypeError):
        abort(400)
    if not file_storage.is_kept(services().config.data, account_id, file):
        # nobody has sent it for days: it has been cleared away
        raise FileRefused("gone")
    return file


def largest_of(chosen: settings.DeskSettings) -> int:
    """Bytes of one file at most."""
    return chosen.largest_upload * MB


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="attached file")
