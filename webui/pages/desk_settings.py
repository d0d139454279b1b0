"""The page of the desk's rules: who may answer, who is given work, what happens when nobody answers."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, url_for
from flask_login import login_required

from daemon.desk.settings import DeskSettings
from daemon.desk.team import MOST_CONVERSATIONS
from daemon.domain.desk import Assign
from webui.auth import owner_required, the_admin
from webui.base import layout
from webui.base.context import services
from webui.base.forms import Form
from webui.pages import settings_form

pages = Blueprint("desk_settings", __name__)

A_DAY = 1440
MOST_AUTOMATIC_TEXTS = 50
LONGEST_AUTOMATIC_TEXT = 4000


@pages.get("/settings")
@login_required  # type: ignore[untyped-decorator]
def start() -> Any:
    """What an account may set: the owner the desk, everybody else his own quick replies."""
    return redirect(url_for("desk_settings.page" if the_admin().is_owner else "quick_replies.page"))


@pages.get("/settings/desk")
@owner_required
def page() -> Any:
    """The rules as they are."""
    return _render(_typed(settings_form.load()), {})


@pages.post("/settings/desk")
@owner_required
def save() -> Any:
    """Keep what was typed, or say what is wrong with it."""
    return settings_form.save(read, _render, "desk_settings.page")


def read(form: Form) -> dict[str, Any]:
    """The choices of this page by field of DeskSettings."""
    return {
        "strict": form.checked("strict"),
        "show_typing": form.checked("show_typing"),
        "assign": Assign(form.choice("assign", Assign)),
        "most_conversations": form.number("most_conversations", 1, MOST_CONVERSATIONS),
        "return_after": form.number("return_after", 0, A_DAY),
        "alarm_after": form.number("alarm_after", 0, A_DAY),
        "keep_days": form.number("keep_days", 0, 3650),
        "automatic_texts": form.blocks("automatic_texts", LONGEST_AUTOMATIC_TEXT, MOST_AUTOMATIC_TEXTS),
    }


def _typed(chosen: DeskSettings) -> dict[str, str]:
    """Choices as the form would have sent them."""
    return {
        "strict": "1" if chosen.strict else "",
        "show_typing": "1" if chosen.show_typing else "",
        "assign": chosen.assign.value,
        "most_conversations": str(chosen.most_conversations),
        "return_after": str(chosen.return_after),
        "alarm_after": str(chosen.alarm_after),
        "keep_days": str(chosen.keep_days),
        "automatic_texts": "\n---\n".join(chosen.automatic_texts),
    }


def _render(values: Mapping[str, str], errors: dict[str, str]) -> str:
    with services().database.read() as conn:
        return layout.show(
            "desk_settings.html",
            conn,
            values=values,
            errors=errors,
            defaults=DeskSettings(),
            highest=MOST_CONVERSATIONS,
        )
