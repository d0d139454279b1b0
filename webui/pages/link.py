"""The link page: where the link stands, pairing by QR or by code, unlinking, connecting again."""

from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import login_required
from sqlalchemy import Connection

from daemon.desk import pairing
from daemon.domain.account_names import LONGEST
from daemon.domain.phone_numbers import PhoneError, parse_phone
from daemon.store import accounts, events, links
from webui.auth import owner_required, the_admin
from webui.base import link_panel, qr
from webui.base.context import services, the_account

pages = Blueprint("link", __name__)


@pages.get("/link")
@login_required  # type: ignore[untyped-decorator]
def page() -> Any:
    """The state of the link, with codes for the owner while there is nothing linked."""
    if the_admin().is_owner:
        link_panel.keep_codes_coming(services())
    return render()


@pages.get("/link/qr.svg")
@owner_required
def qr_svg() -> Response:
    """The present QR code as a picture."""
    with services().database.read() as conn:
        account = _account(conn)
        text = links.get(conn, account.id).qr
    if not text:
        abort(404)
    return Response(qr.svg(text), mimetype="image/svg+xml")


@pages.post("/link/code")
@owner_required
def ask_code() -> Any:
    """Ask for a pairing code for the number that was typed."""
    typed = request.form.get("phone", "")
    try:
        digits = parse_phone(typed, services().config.country)
    except PhoneError:
        sentence = gettext("Write the shop's WhatsApp number with its country code, for example 62 812 3456 7890.")
        return render(typed=typed[:30], error=sentence), 422
    with services().database.write() as conn:
        pairing.ask_for_code(conn, _account(conn).id, digits, services().clock())
    return redirect(url_for("link.page"), 303)


@pages.post("/link/qr")
@owner_required
def use_qr() -> Any:
    """Back from the pairing code to the QR."""
    with services().database.write() as conn:
        pairing.use_qr(conn, _account(conn).id, services().clock())
    return redirect(url_for("link.page"), 303)


@pages.get("/link/unlink")
@owner_required
def confirm_unlink() -> Any:
    """Say what unlinking means, and ask."""
    return render(template="pages/unlink.html")


@pages.post("/link/unlink")
@owner_required
def unlink() -> Any:
    """Wish the account unlinked."""
    with services().database.write() as conn:
        pairing.wish_unlink(conn, _account(conn).id, services().clock())
    return redirect(url_for("link.page"), 303)


@pages.post("/link/reconnect")
@owner_required
def reconnect() -> Any:
    """Wish for a connection now."""
    with services().database.write() as conn:
        pairing.wish_reconnect(conn, _account(conn).id, services().clock())
    return redirect(url_for("link.page"), 303)


def _account(conn: Connection) -> accounts.Account:
    account = the_account(conn)
    if account is None:
        abort(404)
    return account


def render(template: str = "pages/link.html", typed: str = "", error: str | None = None, **more: Any) -> str:
    """The page as it is now, with what was typed and what is wrong with it."""
    with services().database.read() as conn:
        cursor = events.last_seq(conn)
        account = the_account(conn)
        link = links.get(conn, account.id) if account else None
        removable = account is not None and accounts.may_be_removed(conn, account.id)
    owner = the_admin().is_owner
    panel = link_panel.show(account, link, services().clock(), owner) if account and link else None
    values: dict[str, Any] = {"cursor": cursor, "link": panel, "typed": typed, "error": error, "owner": owner}
    values |= {"account": account, "removable": removable, "longest": LONGEST}
    return render_template(template, **values | more)
