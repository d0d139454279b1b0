"""What every page beside the inbox has: menu, banner, the account, who acts, and one message of success."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from daemon.store import events, links
from webui.base import link_panel
from webui.base.context import services, the_account


def account_of(conn: Connection) -> int:
    """The id of the account that this request is about; 404 before the daemon has ever run."""
    account = the_account(conn)
    if account is None:
        abort(404)
    return account.id


def show(template: str, conn: Connection, **values: Any) -> str:
    """A page in its frame, with the cursor at which it was read."""
    account = the_account(conn)
    panel = None
    if account:
        link = links.get(conn, account.id)
        panel = link_panel.show(account, link, services().clock(), owner=False)
    values |= {"cursor": events.last_seq(conn), "link": panel, "is_refresh": is_refresh()}
    return render_template(template, **values)


def is_refresh() -> bool:
    """Whether an open page reads its changing parts again: nothing that is shown once is meant for it."""
    return "X-Peek" in request.headers


def done(message: str, endpoint: str, **values: Any) -> Response:
    """After a form was carried out: back to a page, which says so once."""
    flash(message)
    return redirect(url_for(endpoint, **values), 303)
