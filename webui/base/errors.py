"""Every error is a sentence and a way on; no codes, no details of what was asked."""

import logging
import traceback

from flask import Flask, Response, jsonify, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from daemon.store.busy import is_busy

log = logging.getLogger("webui")


def _(text: str) -> str:
    return text


# What happened, and what to do about it.
SENTENCES = {
    400: (_("This page was too old."), _("Reload it and try once more.")),
    401: (_("You are logged out."), _("Log in again; what you wrote is still here.")),
    403: (_("This is not for your account."), _("Ask the owner of the shop to do it.")),
    404: (_("There is nothing here."), _("The link may be old, or the conversation has moved.")),
    405: (_("There is nothing here."), _("The link may be old, or the conversation has moved.")),
    409: (_("Somebody else was faster."), _("The page shows how it stands now.")),
    413: (_("That is too long to send."), _("Shorten it and try again.")),
    429: (_("Too many attempts."), _("Wait a few minutes, then try again.")),
    503: (_("Balas is busy with something long."), _("Nothing was written. Try again in a moment.")),
    500: (_("Something went wrong on our side."), _("Nothing was lost. Try again in a moment.")),
}


def install(app: Flask) -> None:
    """Show a sentence for every error of the app, and keep what people wrote out of the log."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def wants_json() -> bool:
    """Whether a script of ours asks, rather than a browser's page load."""
    return request.accept_mimetypes.best == "application/json"


def _http_error(error: HTTPException) -> BaseResponse | tuple[Response | str, int]:
    if error.response is not None or (error.code and error.code < 400):
        return error.get_response()
    return _page(400 if isinstance(error, CSRFError) else error.code or 500)


def _unexpected(error: Exception) -> tuple[Response | str, int]:
    if is_busy(error):
        log.warning("%s %s: the database is busy", request.method, request.endpoint)
        return _page(503)
    # an exception's text may quote a message or a number, its place and type never do
    places = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s %s failed: %s\n%s", request.method, request.endpoint, type(error).__name__, places)
    return _page(500)


def _page(code: int) -> tuple[Response | str, int]:
    happened, todo = SENTENCES.get(code, SENTENCES[500 if code >= 500 else 400])
    if wants_json():
        return jsonify(error=f"{gettext(happened)} {gettext(todo)}"), code
    return render_template("base/error.html", happened=happened, todo=todo), code
