"""The pieces of a page that also travel by websocket: one template each, rendered for a page or alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, current_app
from flask_babel import force_locale

from webui import views
from webui.linkview import Panel


@contextmanager
def speaking(app: Flask, language: str) -> Iterator[None]:
    """Render in a language outside of any request."""
    with app.test_request_context("/"), force_locale(language):
        yield


def bubble(message: views.Message) -> str:
    """One message of a thread."""
    return _render("_bubble.html", message=message)


def row(shown: views.Row) -> str:
    """One conversation of the list."""
    return _render("_row.html", row=shown, box=None, open_id=None)


def head(shown: views.Row) -> str:
    """The top line of a thread: who it is and who takes care of it."""
    return _render("_head.html", about=shown, box=None)


def notice(mark: views.Mark) -> str:
    """Somebody else answered while a reply was being written."""
    return _render("_answered.html", mark=mark)


def claimed(name: str) -> str:
    """A colleague is answering what this admin types a reply to."""
    return _render("_claimed.html", name=name)


def banner(link: Panel) -> str:
    """One line about the link, empty while all is well."""
    return _render("_banner.html", link=link)


def link_panel(link: Panel, owner: bool) -> str:
    """The link page's changing part; the browser puts its own CSRF token into the forms."""
    return _render("_link.html", link=link, owner=owner, csrf="", typed="", error=None)


def _render(template: str, **values: Any) -> str:
    return current_app.jinja_env.get_template(template).render(values)
