"""Which account (linked number) a request is about: its conversation's, else the one in its address.

With one account there is nothing to choose and addresses stay short. With several, every address carries one
(`account=2`), so that two tabs can show two of them; one without gets the account that was looked at last.
"""

from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, abort, current_app, g, redirect, request
from flask_login import current_user
from sqlalchemy import Column, Connection, select
from werkzeug.wrappers import Response as BaseResponse

from daemon.store import accounts
from daemon.store.tables.core import conversation, message
from webui.base.context import services

# what an address may name, and the row it stands for
_OWNED: dict[str, tuple[Column[int], Column[int]]] = {
    "conversation_id": (conversation.c.id, conversation.c.account_id),
    "message_id": (message.c.id, message.c.account_id),
}
# pages that are about no account
_WITHOUT_ACCOUNT = {"auth", "health"}
_LIVE = "live"
_COOKIE = "number"
_A_YEAR = 365 * 24 * 3600


def install(app: Flask) -> None:
    """Decide for every request of somebody who is logged in, and let every address carry the choice."""
    app.before_request(_choose)
    app.url_defaults(_carry)
    app.after_request(_remember)


def choose(account_id: int | None, account_ids: list[int]) -> None:
    """Everything up to the end of this request or fragment is about one account of these."""
    g.account_id, g.account_ids = account_id, account_ids


def _choose() -> BaseResponse | None:
    if not _has_account(request.endpoint) or not current_user.is_authenticated:
        return None
    named = {name: value for name, value in (request.view_args or {}).items() if name in _OWNED}
    wish = request.args.get("account")
    with services().database.read() as conn:
        account_ids = [account.id for account in accounts.every(conn)]
        if named:
            chosen = _owner(conn, named)
        elif wish is not None:
            chosen = next((account_id for account_id in account_ids if str(account_id) == wish), None)
        elif len(account_ids) > 1 and request.method in ("GET", "HEAD") and request.endpoint != _LIVE:
            wishes = [*request.args.items(multi=True), ("account", str(_last_seen(account_ids)))]
            return redirect(f"{request.path}?{urlencode(wishes)}")
        else:
            # a form that carries no account was on a page of the time when there was only this one
            chosen = account_ids[0] if account_ids else None
    if chosen is None and (named or wish is not None):
        abort(404)
    choose(chosen, account_ids)
    return None


def _owner(conn: Connection, named: dict[str, int]) -> int | None:
    """The account of the rows that an address names; None if one of them is unknown or they don't fit together."""
    owners = set()
    for name, row_id in named.items():
        row, owner = _OWNED[name]
        owners.add(conn.execute(select(owner).where(row == row_id)).scalar())
    return owners.pop() if len(owners) == 1 else None


def _carry(endpoint: str, values: dict[str, Any]) -> None:
    account_ids = g.get("account_ids") or []
    if len(account_ids) > 1 and _has_account(endpoint) and not values.keys() & _OWNED.keys():
        values.setdefault("account", g.account_id)


def _remember(response: Response) -> Response:
    """What a person looks at is what he sees when he comes back; what his tabs read again by themselves is not."""
    by_itself = "X-Peek" in request.headers or request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"
    if len(g.get("account_ids") or []) < 2 or request.method != "GET" or by_itself:
        return response
    chosen = str(g.account_id)
    if response.status_code == 200 and response.mimetype == "text/html" and request.cookies.get(_COOKIE) != chosen:
        secure = current_app.config["SESSION_COOKIE_SECURE"]
        response.set_cookie(_COOKIE, chosen, _A_YEAR, httponly=True, samesite="Lax", secure=secure)
    return response


def _last_seen(account_ids: list[int]) -> int:
    before = request.cookies.get(_COOKIE, "")
    return next((account_id for account_id in account_ids if str(account_id) == before), account_ids[0])


def _has_account(endpoint: str | None) -> bool:
    return endpoint is not None and endpoint != "static" and endpoint.partition(".")[0] not in _WITHOUT_ACCOUNT
