"""For machines that watch over Balas: does it answer, can it send, and how much waits.

`/healthz` tells everybody one word. Reasons and gauges (no names, phones or texts) are for programs on this
machine, and for those that bring BALAS_METRICS_TOKEN.
"""

import hmac
import ipaddress

from flask import Blueprint, Flask, Response, abort, request
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from daemon import heartbeat
from daemon.domain.links import LinkReason, is_online
from daemon.store import accounts
from daemon.store.links import Link
from webui.base.context import services
from webui.monitoring import gauges

pages = Blueprint("health", __name__)

# by one of these a proxy says that it asks for somebody else
_BY_PROXY = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")
_TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


def install(app: Flask) -> None:
    """Add these pages."""
    app.register_blueprint(pages)


@pages.get("/healthz")
@pages.get("/health", endpoint="health")
def healthz() -> Response:
    """Whether this process answers and can read its database; the link may be down."""
    try:
        with services().database.read() as conn:
            conn.execute(text("SELECT count(*) FROM account"))
    except DBAPIError:
        return _say("the database can't be read", 503)
    return _say("ok")


@pages.get("/readyz")
def readyz() -> Response:
    """Whether replies can leave now from every account in use; if not, each link's state and reason.

    What the link's row says counts only while those who write it live.
    """
    if heartbeat.is_silent(services().config.data, heartbeat.SUPERVISOR):
        return _not_ready("the daemon shows no sign of life")
    try:
        with services().database.read() as conn:
            links = [link for _, link in accounts.in_use(conn)]
            several = len(accounts.every(conn)) > 1
    except DBAPIError:
        return _say("the database can't be read", 503)
    obstacles = [
        f"account {link.account_id}: {obstacle}" if several else obstacle
        for link in links
        if (obstacle := _obstacle(link))
    ]
    if links and not obstacles:
        return _say("ready")
    return _not_ready(", ".join(obstacles) or "no number")


@pages.get("/metrics")
def metrics() -> Response:
    """The gauges in Prometheus's text format."""
    if not _is_trusted():
        abort(403)
    with services().database.read() as conn:
        lines = list(gauges.lines(conn, services().config.data, services().clock()))
    return Response("\n".join(lines) + "\n", content_type=_TEXT_FORMAT)


def _not_ready(why: str) -> Response:
    return _say(f"not ready: {why}" if _is_trusted() else "not ready", 503)


def _say(words: str, status: int = 200) -> Response:
    return Response(f"{words}\n", status, mimetype="text/plain")


def _is_trusted() -> bool:
    """Whether a program on this machine asks for itself, or one that knows the token."""
    token = services().config.metrics_token
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if hmac.compare_digest(given.encode(), token.encode()):
            return True
    if any(name in request.headers for name in _BY_PROXY):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _obstacle(link: Link) -> str:
    """What keeps this link from sending, in the words of its state; empty if nothing does."""
    if is_online(link.state):
        silent = heartbeat.is_silent(services().config.data, heartbeat.session(link.account_id))
        return "its session shows no sign of life" if silent else ""
    return f"{link.state.value} ({link.reason.value})" if link.reason != LinkReason.NONE else link.state.value
