"""The page of the rating: whether customers are asked for 1 to 5 after their conversation was resolved."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint
from flask_babel import gettext

from daemon.desk.settings import RATING
from webui.auth import owner_required
from webui.base.context import services
from webui.base.forms import Form
from webui.pages import settings_form

pages = Blueprint("rating", __name__)


@pages.get("/settings/rating")
@owner_required
def page() -> Any:
    """The choices as they are."""
    return _render(settings_form.typed(RATING), {})


@pages.post("/settings/rating")
@owner_required
def save() -> Any:
    """Keep what was typed, or say what is wrong with it."""
    return settings_form.save(read, _render, "rating.page")


def read(form: Form) -> dict[str, Any]:
    """The choices of this page by field of DeskSettings; asking needs a question."""
    found = settings_form.read(form, RATING)
    if found["rating"] and not found["rating_question"]:
        form.complain("rating_question", gettext("Write something first."))
    return found


def _render(values: Mapping[str, str], errors: dict[str, str]) -> str:
    with services().database.read() as conn:
        return settings_form.show("pages/rating.html", conn, values, errors)
