"""The bot's page: its texts, its keyword rules, and the try-out that shows what it would say and why."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, request
from flask_babel import gettext
from sqlalchemy import Connection

from daemon.desk.bot import rules
from daemon.desk.settings import BOT
from daemon.domain.desk import FieldError
from daemon.store import bot_rules
from daemon.store.bot_rules import BotRule
from webui.auth import owner_required, the_actor
from webui.base import layout
from webui.base.context import services
from webui.base.forms import Form
from webui.pages import settings_form

pages = Blueprint("bot", __name__)


def _(text: str) -> str:
    return text


# What is wrong with a field of a rule, by FieldError's field and reason.
FIELD_ERRORS = {
    ("keywords", "empty"): _("Write one word at least."),
    ("keywords", "too_long"): _("A keyword is too long."),
    ("keywords", "too_many"): _("There are too many keywords."),
    ("answer", "empty"): _("Write something first."),
    ("answer", "too_long"): _("This is longer than WhatsApp allows."),
    ("keywords", "unusable"): _("A keyword needs a letter, a digit or an emoji."),
    ("rule", "too_many"): _("There are too many rules. Delete some first."),
    ("rule", "unknown"): _("Somebody has deleted this rule meanwhile."),
}


@pages.get("/settings/bot")
@owner_required
def page() -> Any:
    """What the bot says, and to which words."""
    return _render(settings_form.typed(BOT), {})


@pages.post("/settings/bot")
@owner_required
def save() -> Any:
    """Keep what was typed, or say what is wrong with it."""
    return settings_form.save(read, _render, "bot.page")


def read(form: Form) -> dict[str, Any]:
    """The choices of this page by field of DeskSettings."""
    return settings_form.read(form, BOT)


@pages.get("/settings/bot/rules/new")
@owner_required
def new_rule() -> Any:
    """The form of a new rule."""
    return _render_rule(None, {"is_enabled": "1"}, {})


@pages.get("/settings/bot/rules/<id:rule_id>")
@owner_required
def edit_rule(rule_id: int) -> Any:
    """The form of one rule."""
    with services().database.read() as conn:
        rule = _rule(conn, rule_id)
    values = {
        "keywords": ", ".join(rule.keywords),
        "answer": rule.answer,
        "closes": "1" if rule.closes else "",
        "is_enabled": "1" if rule.is_enabled else "",
    }
    return _render_rule(rule_id, values, {})


@pages.post("/settings/bot/rules/new")
@owner_required
def add_rule() -> Any:
    """A new rule, tried after all others."""
    return _save_rule(None)


@pages.post("/settings/bot/rules/<id:rule_id>")
@owner_required
def change_rule(rule_id: int) -> Any:
    """Other words or another answer."""
    return _save_rule(rule_id)


@pages.post("/settings/bot/rules/<id:rule_id>/delete")
@owner_required
def delete_rule(rule_id: int) -> Any:
    """Away with it."""
    with services().database.write() as conn:
        _rule(conn, rule_id)
        rules.delete(conn, layout.account_of(conn), rule_id, the_actor(), services().clock())
    return layout.done(gettext("Deleted."), "bot.page", _anchor="rules")


@pages.post("/settings/bot/rules/<id:rule_id>/<any(up, down):way>")
@owner_required
def move_rule(rule_id: int, way: str) -> Any:
    """Try it earlier or later."""
    with services().database.write() as conn:
        _rule(conn, rule_id)
        rules.move(conn, layout.account_of(conn), rule_id, way == "up", the_actor(), services().clock())
    return layout.done(gettext("Saved."), "bot.page", _anchor="rules")


def _save_rule(rule_id: int | None) -> Any:
    form = Form(request.form)
    words, answer = form.typed.get("keywords", ""), form.typed.get("answer", "")
    closes, enabled = form.checked("closes"), form.checked("is_enabled")
    try:
        with services().database.write() as conn:
            if rule_id is not None:
                _rule(conn, rule_id)
            account_id, now = layout.account_of(conn), services().clock()
            rules.save(conn, account_id, rule_id, words, answer, closes, enabled, the_actor(), now)
    except FieldError as error:
        sentence = gettext(FIELD_ERRORS[error.field, error.reason])
        return _render_rule(rule_id, form.typed, {error.field: sentence}), 422
    return layout.done(gettext("Saved."), "bot.page", _anchor="rules")


def _rule(conn: Connection, rule_id: int) -> BotRule:
    found = next((one for one in bot_rules.listing(conn, layout.account_of(conn)) if one.id == rule_id), None)
    if found is None:
        abort(404)
    return found


def _render(values: Mapping[str, str], errors: dict[str, str]) -> str:
    with services().database.read() as conn:
        listed = bot_rules.listing(conn, layout.account_of(conn))
        return settings_form.show("pages/bot.html", conn, values, errors, rules=listed)


def _render_rule(rule_id: int | None, values: Mapping[str, str], errors: dict[str, str]) -> str:
    with services().database.read() as conn:
        return layout.show("pages/bot_rule.html", conn, rule_id=rule_id, values=values, errors=errors)
