"""The page of the desk's rules: who may answer, who is given work, what happens when nobody answers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, redirect, url_for
from flask_login import login_required

from daemon.desk import kept_sizes
from daemon.desk.settings import DESK
from webui.auth import owner_required, the_admin
from webui.base.context import services
from webui.base.forms import Form
from webui.pages import kept_chart, settings_form

pages = Blueprint("desk_settings", __name__)


@pages.get("/settings")
@login_required  # type: ignore[untyped-decorator]
def start() -> Any:
    """What an account may set: the owner the desk, everybody else his own quick replies."""
    return redirect(url_for("desk_settings.page" if the_admin().is_owner else "quick_replies.page"))


@pages.get("/settings/desk")
@owner_required
def page() -> Any:
    """The rules as they are."""
    return _render(settings_form.typed(DESK), {})


@pages.post("/settings/desk")
@owner_required
def save() -> Any:
    """Keep what was typed, or say what is wrong with it."""
    return settings_form.save(read, _render, "desk_settings.page")


def read(form: Form) -> dict[str, Any]:
    """The choices of this page by field of DeskSettings."""
    return settings_form.read(form, DESK)


def _render(values: Mapping[str, str], errors: dict[str, str]) -> str:
    # no snapshot of the books is held meanwhile
    config = services().config
    chart = kept_chart.draw(kept_sizes.measure(config.data, Path(services().database.path)), config.media_budget)
    with services().database.read() as conn:
        return settings_form.show("pages/desk_settings.html", conn, values, errors, kept=chart)
