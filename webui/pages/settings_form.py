"""The desk's settings on their pages: shown as they are, read as their fields say, and kept."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import request
from flask_babel import gettext
from sqlalchemy import Connection

from daemon.desk import settings
from daemon.desk.settings import FIELDS, DeskSettings
from webui.auth import the_actor
from webui.base import layout
from webui.base.context import services
from webui.base.forms import Form, as_typed


def typed(page: str) -> dict[str, str]:
    """The settings of a page as its form would have sent them."""
    with services().database.read() as conn:
        chosen = settings.load(conn, layout.account_of(conn))
    return {name: as_typed(getattr(chosen, name)) for name in _names(page)}


def read(form: Form, page: str) -> dict[str, Any]:
    """What was typed for the settings of a page."""
    return {name: form.setting(name, FIELDS[name]) for name in _names(page)}


def save(
    read: Callable[[Form], dict[str, Any]],
    render: Callable[[Mapping[str, str], dict[str, str]], str],
    endpoint: str,
) -> Any:
    """Keep what `read` finds in the form and go back to the page, or show it again with what is wrong (422)."""
    form = Form(request.form)
    changes = read(form)
    if form.errors:
        return render(form.typed, form.errors), 422
    with services().database.write() as conn:
        settings.save(conn, layout.account_of(conn), changes, the_actor(), services().clock())
    return layout.done(gettext("Saved."), endpoint)


def show(template: str, conn: Connection, values: Mapping[str, str], errors: dict[str, str], **more: Any) -> str:
    """A page with fields for settings; their labels and bounds are found by name."""
    more |= {"settings": FIELDS, "defaults": DeskSettings()}
    return layout.show(template, conn, values=values, errors=errors, **more)


def _names(page: str) -> list[str]:
    return [name for name, field in FIELDS.items() if field.page == page]
