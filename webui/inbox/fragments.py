"""The parts of a page that also travel by websocket: one template each, rendered for a page or alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, current_app
from flask_babel import force_locale

from daemon.desk.resolving import OpenEnds
from webui.base import current_account
from webui.base.link_panel import LinkPanel
from webui.inbox.activity import Activity
from webui.inbox.bubble import ShownMessage
from webui.inbox.more_came import MoreNotice
from webui.inbox.row import Row
from webui.inbox.thread_header import Colleague, ThreadHeader
from webui.inbox.turn_mark import Mark, TurnMark


@contextmanager
def speaking(app: Flask, language: str, account_id: int, every: list[int]) -> Iterator[None]:
    """Render in a language, for tabs that show one account of these, outside of any request."""
    with app.test_request_context("/"), force_locale(language):
        current_account.choose(account_id, every)
        yield


def bubble(message: ShownMessage) -> str:
    """One message of a thread."""
    return _render("inbox/_bubble.html", message=message, csrf="", shown="")


def transfer(message: ShownMessage) -> str:
    """How far a message's file is on its way; empty if it is there."""
    return _render("inbox/_transfer.html", message=message) if message.transfer else ""


def row(shown: Row) -> str:
    """One conversation of the list."""
    return _render("inbox/_row.html", row=shown, box=None, open_id=None, me=None)


def head(shown: Row, header: ThreadHeader) -> str:
    """The top line of a thread; the browser puts its CSRF token and what it has shown into the forms."""
    return _render("inbox/_thread_header.html", about=shown, header=header, box=None, me=None, csrf="", shown="")


def disappearing(shown: Row) -> str:
    """After how long WhatsApp deletes this chat's messages; nothing if it keeps them."""
    return _render("inbox/_disappearing.html", about=shown)


def turn_mark(shown: TurnMark) -> str:
    """What stands under a turn: who handled it, or since when the customer waits."""
    return _render("inbox/_turn_mark.html", mark=shown, csrf="", shown="")


def activity(line: Activity) -> str:
    """Something that happened to a conversation, between its messages."""
    return _render("inbox/_activity.html", activity=line)


def alarm(shown: Row) -> str:
    """A customer has been waiting too long: a word that stays until somebody has looked."""
    return _render("inbox/_alarm.html", row=shown)


def given(shown: Row, by: str | None) -> str:
    """An admin was given a conversation, by a colleague or by the desk itself."""
    return _render("inbox/_given.html", row=shown, by=by)


def team(colleagues: list[Colleague]) -> str:
    """Who is at the desk."""
    return _render("inbox/_team.html", colleagues=colleagues)


def notice(mark: Mark) -> str:
    """Somebody else answered while a reply was being written."""
    return _render("inbox/_answered.html", mark=mark)


def more_came(more: MoreNotice | None) -> str:
    """The customer has written more than the page of whoever decided had shown; empty if he has not."""
    return _render("inbox/_more_came.html", more=more) if more else ""


def answered_before(mark: Mark) -> str:
    """Somebody else answered, and the customer has asked something new since."""
    return _render("inbox/_answered_before.html", mark=mark)


def claimed(name: str, refused: bool = False) -> str:
    """A colleague is answering this; `refused`: a reply was not sent because of it."""
    return _render("inbox/_claimed.html", name=name, refused=refused)


def resolve_question(conversation_id: int, ends: OpenEnds, shown: int) -> str:
    """What resolving would cut off, with the choice to go on; `shown` is what its page had shown."""
    values = {"conversation_id": conversation_id, "ends": ends, "shown": shown}
    return _render("inbox/_resolve_question.html", box=None, csrf="", **values)


def undo(shown: Row) -> str:
    """A conversation was resolved: a word that offers to take it back."""
    return _render("inbox/_undo.html", row=shown, csrf="")


def resolved(conversation_id: int, name: str) -> str:
    """Somebody resolved a conversation while a reply was being written."""
    return _render("inbox/_resolved.html", conversation_id=conversation_id, name=name)


def banner(link: LinkPanel) -> str:
    """One line about the link, empty while all is well."""
    return _render("base/_banner.html", link=link)


def link_panel(link: LinkPanel, owner: bool) -> str:
    """The link page's changing part; the browser puts its own CSRF token into the forms."""
    return _render("base/_link_panel.html", link=link, owner=owner, csrf="", typed="", error=None)


def _render(template: str, **values: Any) -> str:
    return current_app.jinja_env.get_template(template).render(values)
