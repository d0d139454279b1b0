"""For machines that watch over Balas: does it answer, can it send, and how much waits.

`/healthz` tells everybody one word. Reasons and gauges (no names, phones or texts) are for programs on this
machine, and for those that bring BALAS_METRICS_TOKEN.
"""

import hmac
import ipaddress
import shutil
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, Response, abort, request
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from daemon import heartbeat
from daemon.domain.links import LinkReason, LinkState, can_send
from daemon.store import accounts, events, gauges, links
from daemon.store.links import Link
from webui.base.context import services

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
        lines = list(_gauges(conn, services().clock()))
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


def _links(conn: Connection) -> list[Link]:
    return [links.get(conn, account.id) for account in accounts.every(conn)]


def _obstacle(link: Link) -> str:
    """What keeps this link from sending, in the words of its state; empty if nothing does."""
    if can_send(link.state):
        silent = heartbeat.is_silent(services().config.data, heartbeat.session(link.account_id))
        return "its session shows no sign of life" if silent else ""
    return f"{link.state.value} ({link.reason.value})" if link.reason != LinkReason.NONE else link.state.value


def _gauges(conn: Connection, now: datetime) -> Iterator[str]:
    links = _links(conn)
    yield from _family(
        "balas_link_up",
        "gauge",
        "1 while replies can leave",
        ((_of(link), can_send(link.state)) for link in links),
    )
    yield from _family(
        "balas_link_state",
        "gauge",
        "1 for the state that the link is in",
        ((_of(link) | {"state": state.value}, link.state == state) for link in links for state in LinkState),
    )
    yield from _family(
        "balas_link_since_timestamp_seconds",
        "gauge",
        "Since when the link is in its state",
        ((_of(link), link.since.timestamp()) for link in links),
    )
    yield from _family(
        "balas_phone_last_seen_timestamp_seconds",
        "gauge",
        "When the primary phone last gave a sign of life",
        ((_of(link), link.phone_seen_at.timestamp()) for link in links if link.phone_seen_at),
    )
    replies = gauges.unsettled_replies(conn)
    yield from _family(
        "balas_outbox",
        "gauge",
        "Replies that are not settled, by state",
        (
            (_of(link) | {"state": state.value}, replies.get((link.account_id, state), 0))
            for link in links
            for state in gauges.UNSETTLED
        ),
    )
    turns = gauges.open_turns(conn)
    waiting = [(_of(link), turns.get(link.account_id, gauges.OpenTurns())) for link in links]
    yield from _family(
        "balas_turns_open", "gauge", "Customers who wait for an answer", ((who, one.count) for who, one in waiting)
    )
    yield from _family(
        "balas_oldest_open_turn_seconds",
        "gauge",
        "How long the one who waits longest has waited",
        ((who, (now - one.oldest).total_seconds() if one.oldest else 0) for who, one in waiting),
    )
    yield from _ingest_times(links)
    everybody: dict[str, str] = {}
    seq = events.last_seq(conn)
    yield from _family("balas_events_total", "counter", "Entries of the event log so far", [(everybody, seq)])
    tabs = gauges.open_tabs(conn, now)
    yield from _family("balas_websockets", "gauge", "Open browser tabs", [(everybody, tabs)])
    free = shutil.disk_usage(services().config.data).free
    yield from _family("balas_disk_free_bytes", "gauge", "Room left for the data folder", [(everybody, free)])


def _ingest_times(links: list[Link]) -> Iterator[str]:
    """How long it took to write what came in, from its arrival to its commit."""
    told = [
        (_of(link), heartbeat.read(services().config.data, heartbeat.session(link.account_id))) for link in links
    ]
    name = "balas_ingest_seconds"
    yield from _head(name, "histogram", "From an event's arrival to its being on disk")
    for who, found in told:
        if found is not None:
            yield from _samples(f"{name}_bucket", ((who | {"le": limit}, n) for limit, n in found.classes))
            yield from _samples(f"{name}_sum", [(who, found.total)])
            yield from _samples(f"{name}_count", [(who, sum(found.counts))])


def _of(link: Link) -> dict[str, str]:
    return {"account": str(link.account_id)}


def _family(name: str, kind: str, meaning: str, samples: Any) -> Iterator[str]:
    """One gauge with its head."""
    yield from _head(name, kind, meaning)
    yield from _samples(name, samples)


def _head(name: str, kind: str, meaning: str) -> Iterator[str]:
    yield f"# HELP {name} {meaning}."
    yield f"# TYPE {name} {kind}"


def _samples(name: str, samples: Any) -> Iterator[str]:
    """The lines of one gauge; the values of our labels need no escaping."""
    for labels, value in samples:
        inside = ",".join(f'{key}="{word}"' for key, word in labels.items())
        yield f"{name}{{{inside}}} {float(value):.15g}" if inside else f"{name} {float(value):.15g}"
