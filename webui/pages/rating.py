"""The page of the rating: whether customers are asked for 1 to 5 after their conversation was resolved."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint

from daemon.desk.settings import DeskSettings
from webui.auth import owner_required
from webui.base import layout
from webui.base.context import services
from webui.base.forms import Form
from webui.pages import settings_form

pages = Blueprint("rating", __name__)

LONGEST_TEXT = 1000
# A week: after that a "5" means something else.
LONGEST_WAIT = 7 * 1440


@pages.get("/settings/rating")
@owner_required
def page() -> Any:
    """The choices as they are."""
    return _render(_typed(settings_form.load()), {})


@pages.post("/settings/rating")
@owner_required
def save() -> Any:
    """Keep what was typed, or say what is wrong with it."""
    return settings_form.save(read, _render, "rating.page")


def read(form: Form) -> dict[str, Any]:
    """The choices of this page by field of DeskSettings; asking needs a question."""
    wanted = form.checked("rating")
    return {
        "rating": wanted,
        "rating_question": form.text("rating_question", LONGEST_TEXT, required=wanted),
        "rating_thanks": form.text("rating_thanks", LONGEST_TEXT),
        "rating_within": form.number("rating_within", 1, LONGEST_WAIT),
    }


def _typed(chosen: DeskSettings) -> dict[str, str]:
    return {
        "rating": "1" if chosen.rating else "",
        "rating_question": chosen.rating_question,
        "rating_thanks": chosen.rating_thanks,
        "rating_within": str(chosen.rating_within),
    }


def _render(values: Mapping[str, str], errors: dict[str, str]) -> str:
    with services().database.read() as conn:
        return layout.show("rating.html", conn, values=values, errors=errors, defaults=DeskSettings())
