"""The websocket: a tab says what it shows and hears what changes, from the cursor its page was read at."""

import json
import re
import secrets
import socket
import struct
import time
from typing import Any

from flask import Flask, Response, abort, current_app, g, request
from flask_login import current_user
from flask_sock import Sock
from simple_websocket import ConnectionClosed, Server
from wsproto.events import TextMessage

from auth_store.admins import Admin, by_session_key
from daemon.domain.desk import Box
from webui.auth import the_admin
from webui.base import context, formatting, link_panel
from webui.base.security import is_own_origin
from webui.inbox import fragments
from webui.live import presence
from webui.live.changes import Audience
from webui.live.hub import Hub, Tab, with_seq
from webui.live.presence import Typing

# A silent tab is asked for a sign of life this often and given up after twice as long; the browser does the same.
PING_SECONDS = 10
LARGEST_MESSAGE = 4096
SEND_TIMEOUT_SECONDS = 10
GOING_AWAY = 1001
# A close code of our own: the login has ended.
LOGGED_OUT = 4401


def install(app: Flask) -> None:
    """Add the websocket and its hub."""
    hub = Hub(app)
    app.extensions["live"] = hub
    app.config["SOCK_SERVER_OPTIONS"] = {"max_message_size": LARGEST_MESSAGE}
    app.before_request(_check)
    sock = Sock(app)

    @sock.route("/live")  # type: ignore[untyped-decorator]
    def live(ws: Server) -> None:
        admin = the_admin()
        audience = Audience(admin.id, admin.is_owner, formatting.language(), g.account_id)
        tab = Tab(audience, ws.event, secrets.token_hex(12))
        start = request.args.get("cursor", "")
        presence.arrive(context.services(), tab.token, admin.id)
        try:
            _converse(ws, hub, tab, admin, int(start) if re.fullmatch(r"\d{1,15}", start) else None)
        except (OSError, ConnectionClosed):
            pass
        finally:
            hub.leave(tab)
            presence.leave(context.services(), tab.token)


def _check() -> Response | None:
    """Nobody unknown and no foreign page may open the websocket (a websocket is not bound by CORS)."""
    if request.path != "/live":
        return None
    if not is_own_origin():
        abort(403)
    if not current_user.is_authenticated:
        return Response(status=401)
    # without per-message compression: a third less work a message, and no zlib state a tab
    request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
    hub: Hub = current_app.extensions["live"]
    if hub.is_full:
        return Response(status=503)
    return None


def _converse(ws: Server, hub: Hub, tab: Tab, admin: Admin, cursor: int | None) -> None:
    """This thread alone writes to the socket; it wakes when the browser or the hub has something."""
    _limit_waiting(ws.sock)
    joined = hub.join(tab)
    typing = Typing(context.services(), tab.token, admin.id, request.remote_addr)
    since = joined if cursor is None else cursor
    ws.send(with_seq({"type": "hello"}, since))
    heard = pinged = time.monotonic()
    while not tab.ended:
        ws.event.wait(PING_SECONDS)
        ws.event.clear()
        now = time.monotonic()
        is_behind = False
        while (text := ws.receive(timeout=0)) is not None:
            heard = now
            said = _object(str(text))
            if _listen(tab, said):
                is_behind = True
                # what happened between the reading of the page and this moment; the hub may be in the
                # middle of handing some of it out without knowing what this tab shows
                hub.catch_up(tab, _cursor(said, since))
            if "typing" in said:
                _send(ws, _typed(typing, said))
        reached = tab.cursor
        _send(ws, tab.take())
        if is_behind:
            ws.send('{"type": "caught-up"}')
        if now - heard > 2 * PING_SECONDS + 5:
            break
        if now - pinged >= PING_SECONDS:
            pinged = now
            if not _still_logged_in(admin.session_key):
                return ws.close(LOGGED_OUT)
            _still_watching(tab)
            # an account where much happens must not leave the tabs of a quiet one far behind
            ws.send(with_seq({"type": "ping"}, reached) if reached is not None else '{"type": "ping"}')
    ws.close(GOING_AWAY)


def _listen(tab: Tab, said: dict[str, Any]) -> bool:
    """What a tab says: {"open": id or null, "box": name or null, "page": "link" or null, "cursor": seq}.

    Returns whether it said what it shows.
    """
    shows = tab.audience
    if said.get("box", False) in (None, *Box):
        shows.box = said["box"]
    if "page" in said:
        shows.page = "link" if said["page"] == "link" else None
        _still_watching(tab)
    if "open" in said:
        wish = said["open"]
        shows.open = wish if isinstance(wish, int) and 0 < wish < 2**53 else None
    return bool(said.keys() & {"open", "box", "page"})


def _typed(typing: Typing, said: dict[str, Any]) -> list[str]:
    """{"typing": id or null, "take_over": true}: a claim, or word of the colleague who was faster."""
    conversation_id = said["typing"]
    # JSON's true is an int to Python
    if type(conversation_id) is not int or not 0 < conversation_id < 2**53:
        typing.stops()
        return []
    theirs = typing.goes_on(conversation_id, said.get("take_over") is True)
    if theirs is None:
        return []
    html = fragments.claimed(theirs.name)
    message = {"type": "claimed", "conversation": conversation_id, "name": theirs.name, "html": html}
    return [json.dumps(message, ensure_ascii=False)]


def _cursor(said: dict[str, Any], default: int) -> int:
    cursor = said.get("cursor")
    return cursor if isinstance(cursor, int) and 0 <= cursor < 2**53 else default


def _send(ws: Server, messages: list[str]) -> None:
    """Send messages one frame each, but all of them with one call to the kernel."""
    if messages:
        ws.sock.sendall(b"".join(ws.ws.send(TextMessage(data=message)) for message in messages))


def _object(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _still_logged_in(session_key: str) -> bool:
    with context.services().database.read() as conn:
        return by_session_key(conn, session_key) is not None


def _still_watching(tab: Tab) -> None:
    if tab.audience.page == "link" and tab.audience.owner:
        link_panel.keep_codes_coming(context.services())


def _limit_waiting(connection: socket.socket) -> None:
    """A browser that takes nothing for ten seconds is gone: it comes back with its cursor."""
    seconds = struct.pack("ll", SEND_TIMEOUT_SECONDS, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, seconds)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
