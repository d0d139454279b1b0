"""The team's page: who is here, how much everybody has, and (for the owner) limits, invitations and accounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, redirect, request, session, url_for
from flask_babel import gettext
from flask_login import login_required
from sqlalchemy import Connection

from auth_store import admins
from auth_store.admins import Admin, Role
from daemon.desk import settings, team
from daemon.desk.team import AccountRefused
from daemon.store import presence
from daemon.store.assignment import Load, load_by_admin
from daemon.store.presence import TeamMember
from webui.auth import owner_required, the_actor, the_admin
from webui.base import formatting, layout
from webui.base.context import services
from webui.base.forms import Form

pages = Blueprint("team", __name__)

# where a new link waits in the owner's signed cookie until the page has shown it, once
_LINK = "new_setup_link"


@dataclass(frozen=True, slots=True)
class MemberCard:
    """A colleague as the page shows him."""

    id: int
    name: str
    username: str
    is_me: bool
    is_owner: bool
    state: str
    since: str
    conversations: int
    waiting: int
    most: int
    own_most: int | None


@pages.get("/team")
@login_required  # type: ignore[untyped-decorator]
def page() -> Any:
    """Everybody who may log in."""
    # a tab that refreshes itself must not take the link away from the page that waits for it
    return _render({}, {}, None if layout.is_refresh() else session.pop(_LINK, None))


@pages.post("/team/away")
@login_required  # type: ignore[untyped-decorator]
def set_away() -> Any:
    """I am away; or back."""
    away = request.form.get("away") == "1"
    with services().database.write() as conn:
        team.set_away(conn, layout.account_of(conn), the_actor(), away, services().clock())
    return redirect(url_for("team.page"), 303)


@pages.post("/team/<id:admin_id>/most")
@owner_required
def set_most(admin_id: int) -> Any:
    """How many conversations an admin takes by himself; empty for the shop's usual limit."""
    form, name = Form(request.form), f"most{admin_id}"
    most = form.number(name, 0, settings.MOST_CONVERSATIONS) if form.typed.get(name, "").strip() else None
    if form.errors:
        return _render(form.typed, form.errors, None), 422
    with services().database.write() as conn:
        _member(conn, admin_id)
        team.set_most(conn, layout.account_of(conn), admin_id, most, the_actor(), services().clock())
    return layout.done(gettext("Saved."), "team.page")


@pages.post("/team/invite")
@owner_required
def invite() -> Any:
    """A link with which a new admin chooses name and password; the last unused one stops working."""
    with services().database.write() as conn:
        token = team.invite(conn, Role.ADMIN, the_actor(), services().clock())
    return _show_link(token)


@pages.post("/team/<id:admin_id>/link")
@owner_required
def renew_password(admin_id: int) -> Any:
    """A link with which a colleague chooses a new password."""
    with services().database.write() as conn:
        found = _member(conn, admin_id)
        token = team.new_password_link(conn, admin_id, the_actor(), services().clock())
    return _show_link(token, found.name)


@pages.post("/team/<id:admin_id>/disable")
@owner_required
def disable(admin_id: int) -> Any:
    """Close a colleague's account: he is out at once, his conversations go back to the queue."""
    try:
        with services().database.write() as conn:
            found = _member(conn, admin_id)
            team.disable(conn, admin_id, the_actor(), services().clock())
    except AccountRefused:
        abort(403)
    return layout.done(gettext("%(name)s can no longer log in.", name=found.name), "team.page")


@pages.post("/team/<id:admin_id>/enable")
@owner_required
def enable(admin_id: int) -> Any:
    """Open a closed account again, with its old password."""
    with services().database.write() as conn:
        found = admins.by_id(conn, admin_id) or abort(404)
        team.enable(conn, admin_id, the_actor(), services().clock())
    return layout.done(gettext("%(name)s can log in again.", name=found.name), "team.page")


def _show_link(token: str, name: str = "") -> Any:
    session[_LINK] = {"token": token, "name": name}
    return redirect(url_for("team.page", _anchor="link"), 303)


def _member(conn: Connection, admin_id: int) -> Admin:
    found = admins.by_id(conn, admin_id)
    if found is None or found.disabled_at is not None:
        abort(404)
    return found


def _render(values: Mapping[str, str], errors: dict[str, str], link: dict[str, str] | None) -> str:
    now, me = services().clock(), the_admin()
    with services().database.read() as conn:
        account_id = layout.account_of(conn)
        usual = settings.load(conn, account_id).most_conversations
        loads = load_by_admin(conn, account_id)
        everybody = {one.id: one for one in admins.everyone(conn)}
        members = [
            _shown(one, everybody[one.admin_id], loads.get(one.admin_id, Load()), usual)
            for one in presence.team(conn, now)
        ]
        members.sort(key=lambda member: not member.is_me)
        return layout.show(
            "pages/team.html",
            conn,
            members=members,
            free=loads.get(None, Load()),
            closed=[one for one in everybody.values() if one.disabled_at] if me.is_owner else [],
            owner=me.is_owner,
            usual=usual,
            highest=settings.MOST_CONVERSATIONS,
            setup_url=f"{services().config.url}/setup/{link['token']}" if link else None,
            setup_name=link["name"] if link else "",
            values=values,
            errors=errors,
            wide=True,
        )


def _shown(one: TeamMember, account: Admin, load: Load, usual: int) -> MemberCard:
    state = "away" if one.away_since else "here" if one.is_here else "offline"
    since = formatting.moment(one.away_since, services().clock()) if one.away_since else ""
    return MemberCard(
        id=one.admin_id,
        name=one.name,
        username=account.username,
        is_me=one.admin_id == the_admin().id,
        is_owner=account.is_owner,
        state=state,
        since=since,
        conversations=load.conversations,
        waiting=load.waiting,
        most=usual if one.most_conversations is None else one.most_conversations,
        own_most=one.most_conversations,
    )
