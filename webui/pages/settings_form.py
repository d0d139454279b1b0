"""The shop's choices on a page: read as they are, and kept as they were typed."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import request
from flask_babel import gettext

from daemon.desk import settings
from daemon.desk.settings import DeskSettings
from webui.auth import the_actor
from webui.base import layout
from webui.base.context import services
from webui.base.forms import Form


def load() -> DeskSettings:
    """The choices as they are."""
    with services().database.read() as conn:
        return settings.load(conn, layout.account_of(conn))


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
