"""Logging in and out, the one-time set-up link, and the choice of language."""

from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_limiter import RateLimitExceeded
from flask_login import LoginManager, current_user, login_user, logout_user
from werkzeug.wrappers import Response as BaseResponse

from auth_store import admins
from daemon.desk import logins
from daemon.domain.desk import Actor
from daemon.domain.messages import Author
from daemon.i18n.languages import LANGUAGES
from webui.base import errors
from webui.base.context import services
from webui.base.security import limiter

pages = Blueprint("auth", __name__)
login_manager = LoginManager()

# Wrong passwords allowed from one address, and for one name from anywhere.
ADDRESS_LIMIT = "10 per 5 minutes"
NAME_LIMIT = "30 per hour"


def _(text: str) -> str:
    return text


# What is wrong with a field of the set-up form, by AccountError's field and reason.
FIELD_ERRORS = {
    ("username", "format"): _("Use 2 to 32 small letters, digits, dots or dashes; begin with a letter."),
    ("username", "taken"): _("Somebody here already uses that name. Choose another one."),
    ("name", "format"): _("Write your name, 80 characters at most."),
    ("password", "too_short"): _("Use at least 10 characters. A short sentence is fine."),
    ("password", "too_long"): _("Use 200 characters at most."),
}


class User:
    """An admin as Flask-Login sees one; the cookie carries the session key, never the id."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, admin: admins.Admin) -> None:
        self.admin = admin

    def get_id(self) -> str:
        return self.admin.session_key


def install(app: Flask) -> None:
    """Add the pages and the login cookie."""
    login_manager.init_app(app)
    login_manager.unauthorized_handler(_not_logged_in)
    app.register_blueprint(pages)
    app.register_error_handler(RateLimitExceeded, _too_many)


def _not_logged_in() -> Any:
    """A browser goes to the login and comes back; a script is told."""
    if errors.wants_json():
        abort(401)
    wish = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("auth.login", next=wish))


@login_manager.user_loader  # type: ignore[untyped-decorator]
def _load(session_key: str) -> User | None:
    with services().database.read() as conn:
        admin = admins.by_session_key(conn, session_key)
    return User(admin) if admin else None


def the_admin() -> admins.Admin:
    """Who is logged in; for pages that require a login."""
    admin: admins.Admin = current_user.admin
    return admin


def the_actor() -> Actor:
    """Who is logged in and from where, as the owner's log knows people; for pages that require a login."""
    return Actor(Author.ADMIN, the_admin().id, request.remote_addr)


def owner_required(view: Any) -> Any:
    """Let only the owner in (401 and 403 are made here and nowhere else)."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not current_user.is_authenticated:
            return login_manager.unauthorized()
        if not the_admin().is_owner:
            abort(403)
        return view(*args, **kwargs)

    return guarded


def _typed_name() -> str:
    return request.form.get("username", "").strip().lower()[:64]


def _was_refused(response: Response) -> bool:
    return response.status_code == 401


@pages.get("/login")
def login() -> Any:
    """The login form."""
    if current_user.is_authenticated:
        return redirect(_next())
    return render_template("auth/login.html", username="", error=None, next=request.args.get("next", ""))


@pages.post("/login")
@limiter.limit(ADDRESS_LIMIT, deduct_when=_was_refused)
@limiter.limit(NAME_LIMIT, key_func=lambda: f"name:{_typed_name()}", deduct_when=_was_refused)
def check_login() -> Any:
    """Log in, or say that name and password don't belong together."""
    database, name, now = services().database, _typed_name(), services().clock()
    # a password takes long to check: nobody who writes is to wait for it
    with database.read() as conn:
        admin = admins.authenticate(conn, name, request.form.get("password", "")[:1000])
    with database.write() as conn:
        if admin is None:
            logins.refused(conn, name, request.remote_addr, now)
        else:
            logins.logged_in(conn, admin, request.remote_addr, now)
    if admin is None:
        return _login_form(gettext("That name and password don't belong together."), 401)
    _start_session(admin)
    return redirect(_next(), 303)


@pages.post("/logout")
def logout() -> BaseResponse:
    """Forget the login of this browser."""
    if current_user.is_authenticated:
        with services().database.write() as conn:
            logins.logged_out(conn, the_actor(), services().clock())
    logout_user()
    chosen = session.get("language")
    session.clear()
    if chosen:
        session["language"] = chosen
    return redirect(url_for("auth.login"), 303)


@pages.post("/language")
def choose_language() -> BaseResponse:
    """Remember a language: for the admin's account, or for this browser before the login."""
    wish = request.form.get("language", "")
    if wish not in LANGUAGES:
        abort(400)
    session["language"] = wish
    if current_user.is_authenticated:
        with services().database.write() as conn:
            admins.set_language(conn, the_admin().id, wish)
    return redirect(_next(), 303)


@pages.get("/setup/<token>")
def setup(token: str) -> Any:
    """The form with which a new admin chooses name and password."""
    with services().database.read() as conn:
        link = admins.find_setup_link(conn, token, services().clock())
        renewed = admins.by_id(conn, link.admin_id) if link and link.admin_id else None
    if link is None:
        return render_template("auth/setup.html", link=None), 404
    return render_template("auth/setup.html", link=link, renewed=renewed, values={}, field=None, error=None)


@pages.post("/setup/<token>")
@limiter.limit(ADDRESS_LIMIT, deduct_when=lambda response: response.status_code == 404)
def use_setup(token: str) -> Any:
    """Make the account (or renew its password), use the link up, and log in: one transaction."""
    form, now = request.form, services().clock()
    try:
        with services().database.write() as conn:
            link = admins.find_setup_link(conn, token, now)
            if link is None:
                return render_template("auth/setup.html", link=None), 404
            renewed = admins.by_id(conn, link.admin_id) if link.admin_id else None
            name, password, address = form.get("name", ""), form.get("password", ""), request.remote_addr
            admin = logins.set_up(conn, link, _typed_name(), name, password, address, now)
    except admins.AccountError as error:
        sentence = gettext(FIELD_ERRORS[error.field, error.reason])
        values = {"username": form.get("username", "")[:64], "name": form.get("name", "")[:80]}
        page = render_template(
            "auth/setup.html", link=link, renewed=renewed, values=values, field=error.field, error=sentence
        )
        return page, 422
    _start_session(admin)
    return redirect(url_for("link.page") if admin.is_owner else url_for("inbox.box"), 303)


def _start_session(admin: admins.Admin) -> None:
    chosen = session.get("language")
    session.clear()
    if chosen:
        session["language"] = chosen
    session.permanent = True
    login_user(User(admin))


def _next() -> str:
    """Where to go on: a path of ours, never another host."""
    wish = request.values.get("next", "")
    parts = urlsplit(wish)
    foreign = parts.scheme or parts.netloc or "\\" in wish or not wish.isprintable()
    return wish if wish.startswith("/") and not foreign else url_for("inbox.box")


def _login_form(error: str, code: int) -> tuple[str, int]:
    page = render_template(
        "auth/login.html", username=_typed_name(), error=error, next=request.form.get("next", "")
    )
    return page, code


def _too_many(error: RateLimitExceeded) -> tuple[str, int]:
    return _login_form(gettext("Too many attempts. Wait a few minutes, then try again."), 429)
