"""The page of the groups: which are shown here, and what in each waits for an answer."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request
from flask_babel import gettext

from daemon.desk import groups as desk_groups
from daemon.domain.groups import GroupMode
from daemon.domain.links import can_send
from daemon.domain.questions import QuestionKind, Stage
from daemon.store import groups, links, questions
from daemon.store.groups import Group
from webui.auth import owner_required, the_actor
from webui.base import layout
from webui.base.context import services
from webui.inbox import row

pages = Blueprint("groups", __name__)


def _(text: str) -> str:
    return text


MODES = {
    GroupMode.OFF: _("Off"),
    GroupMode.MENTIONED: _("When we are mentioned"),
    GroupMode.ALWAYS: _("Every message"),
}


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """One group as its line says it."""

    contact_id: int
    name: str
    detail: str
    mode: str


@pages.get("/settings/groups")
@owner_required
def page() -> Any:
    """Every group that is known; WhatsApp is asked at each look in which ones the number is."""
    if not layout.is_refresh():
        services().note(lambda conn: desk_groups.ask_for_all(conn, layout.account_of(conn), services().clock()))
    now = services().clock()
    with services().database.read() as conn:
        account_id = layout.account_of(conn)
        asked = questions.newest(conn, account_id, QuestionKind.JOINED_GROUPS, desk_groups.ALL_GROUPS)
        return layout.show(
            "pages/groups.html",
            conn,
            groups=[_shown(one) for one in groups.every(conn, account_id)],
            modes=[(mode.value, gettext(words)) for mode, words in MODES.items()],
            is_online=can_send(links.get(conn, account_id).state),
            is_asking=asked is not None and asked.stage(now) == Stage.ASKING,
        )


@pages.post("/settings/groups")
@owner_required
def save() -> Any:
    """Switch those whose choice is another one now."""
    wishes = {one.removeprefix("mode-"): value for one, value in request.form.items() if one.startswith("mode-")}
    now, actor = services().clock(), the_actor()
    with services().database.write() as conn:
        account_id = layout.account_of(conn)
        for one in groups.every(conn, account_id):
            wish = wishes.get(str(one.contact_id))
            if wish in set(GroupMode):
                desk_groups.switch(conn, account_id, one.contact_id, GroupMode(wish), actor, now)
    return layout.done(gettext("Saved."), "groups.page")


def _shown(group: Group) -> ShownGroup:
    name = group.name or gettext("Group %(number)d", number=group.contact_id)
    return ShownGroup(group.contact_id, name, row.group_state(group), group.mode.value)
