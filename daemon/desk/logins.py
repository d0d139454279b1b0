"""Logins in the owner's log: who came in, who was refused, who went, and what a set-up link made.

`address` is the network address that the browser comes from.
"""

from datetime import datetime

from sqlalchemy import Connection

from auth_store import admins
from auth_store.admins import Admin, SetupLink
from daemon.domain.desk import Action, Actor
from daemon.domain.messages import Author
from daemon.store import audit


def logged_in(conn: Connection, admin: Admin, address: str | None, now: datetime) -> None:
    """Somebody gave his name and password."""
    audit.record(conn, None, Action.LOGIN, Actor(Author.ADMIN, admin.id, address), now)


def refused(conn: Connection, username: str, address: str | None, now: datetime) -> None:
    """A name and a password don't belong together, or the account is closed."""
    # what was typed is written down only if it is somebody's name: it may as well be a password
    meant = admins.by_username(conn, username)
    audit.record(conn, None, Action.LOGIN_FAILED, Actor(Author.ADMIN, meant.id if meant else None, address), now)


def logged_out(conn: Connection, actor: Actor, now: datetime) -> None:
    """Somebody went."""
    audit.record(conn, None, Action.LOGOUT, actor, now)


def set_up(
    conn: Connection, link: SetupLink, username: str, name: str, password: str, address: str | None, now: datetime
) -> Admin:
    """Use a link up: make its account, or renew the password of the account that it is for, and log in.

    Raises AccountError for what was typed; the link stays good.
    """
    if link.admin_id is None:
        admin, what = admins.create(conn, username, name, password, link.role, now), "created"
    else:
        admin, what = admins.set_password(conn, link.admin_id, password), "password"
    admins.use_setup_link(conn, link, now)
    actor, detail = Actor(Author.ADMIN, admin.id, address), {"what": what}
    audit.record(conn, None, Action.ADMIN_CHANGED, actor, now, subject_id=admin.id, detail=detail)
    logged_in(conn, admin, address, now)
    return admin
