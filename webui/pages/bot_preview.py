"""The try-out: what the bot would say to a text, and the steps by which it comes to that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, request
from flask_babel import gettext

from daemon.desk import settings
from daemon.desk.bot import decide
from daemon.desk.bot.decide import BotVerdict, DecisionStep, Said, Situation, Why
from daemon.store import bot_rules
from daemon.store.bot_rules import BotRule
from webui.auth import owner_required
from webui.base import formatting, layout
from webui.base.context import services
from webui.base.forms import Form

pages = Blueprint("bot_test", __name__)

LONGEST_TEXT = 4000
# the customer of the try-out
EXAMPLE_NAME = "Ratna"


def _(text: str) -> str:
    return text


GATES = {
    "bot": _("Is the bot on?"),
    "online": _("Is WhatsApp connected?"),
    "person": _("Is it one customer, not a group?"),
    "open": _("Does the customer wait for an answer?"),
    "unclaimed": _("Is nobody answering?"),
    "new": _("Is the message new?"),
    "customer_last": _("Did the customer write last?"),
    "away": _("Away message"),
    "busy": _("Busy message"),
    "greeting": _("Greeting"),
}
REASONS = {
    Why.OK: _("Yes."),
    Why.BOT_OFF: _("The bot is off."),
    Why.NOT_ONLINE: _("WhatsApp is not connected."),
    Why.NO_PERSON: _("The bot never speaks in groups."),
    Why.TURN_CLOSED: _("The customer was already answered."),
    Why.CLAIMED: _("An admin is writing an answer."),
    Why.NOTHING_NEW: _("There is nothing new to answer."),
    Why.TOO_OLD: _("The message is too old."),
    Why.NOT_THE_CUSTOMERS_TURN: _("The customer has not written since the last answer."),
    Why.SWITCHED_OFF: _("Switched off."),
    Why.NO_KEYWORD: _("None of its words is in the text."),
    Why.KEYWORD: _("“%(keyword)s” is in the text."),
    Why.SAID_BEFORE: _("The customer had this text not long ago."),
    Why.SPOKE_ALREADY: _("The bot has spoken already since the last answer."),
    Why.SHOP_OPEN: _("The shop is open then."),
    Why.SHOP_CLOSED: _("The shop is closed then."),
    Why.SOMEBODY_THERE: _("An admin is here."),
    Why.NOBODY_THERE: _("No admin is here."),
    Why.KNOWN_CONTACT: _("The customer has written before."),
    Why.NEW_CONTACT: _("The customer writes for the first time."),
}


@dataclass(frozen=True, slots=True)
class ShownStep:
    """One question on the way, its answer, and whether it is one of the texts rather than a condition."""

    question: str
    passed: bool
    why: str
    is_text: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen."""

    says: str | None
    what: str
    closes: bool
    steps: list[ShownStep]


@pages.get("/settings/bot/test")
@owner_required
def page() -> Any:
    """An empty try-out."""
    now = services().clock()
    return _render({"at": _typed_time(now), "is_new": "1"}, {}, None)


@pages.post("/settings/bot/test")
@owner_required
def try_out() -> Any:
    """What the bot would say to what was typed (nothing is sent or kept)."""
    form, now = Form(request.form), services().clock()
    text = form.text("text", LONGEST_TEXT, required=True)
    at = _time(form, now)
    if form.errors:
        return _render(form.typed, form.errors, None), 422
    situation = Situation(
        messages=(Said(text, at, at),),
        is_new=form.checked("is_new"),
        somebody_there=not form.checked("nobody"),
        name=EXAMPLE_NAME,
        shop=services().config.shop,
    )
    with services().database.read() as conn:
        account_id = layout.account_of(conn)
        rules = bot_rules.listing(conn, account_id)
        chosen = settings.load(conn, account_id)
    found = decide.decide(situation, chosen, rules, at, services().config.timezone)
    return _render(form.typed, {}, _shown(found, rules))


def _typed_time(moment: datetime) -> str:
    """As the browser's field for date and time has it."""
    return formatting.local(moment).strftime("%Y-%m-%dT%H:%M")


def _time(form: Form, now: datetime) -> datetime:
    typed = form.typed.get("at", "")
    try:
        moment = datetime.strptime(typed, "%Y-%m-%dT%H:%M").replace(tzinfo=services().config.timezone)
    except ValueError:
        form.complain("at", gettext("Choose a day and a time."))
        return now
    if not 2000 <= moment.year <= 2100:
        form.complain("at", gettext("Choose a day and a time."))
        return now
    return moment


def _shown(found: BotVerdict, rules: list[BotRule]) -> Preview:
    by_key = {f"rule:{rule.id}": ", ".join(rule.keywords) for rule in rules}

    def question(name: str) -> str:
        return gettext("Rule: %(words)s", words=by_key[name]) if name in by_key else gettext(GATES[name])

    steps = [_step(step, question(step.name)) for step in found.steps]
    what = question(found.key) if found.key else ""
    return Preview(found.text if found.key else None, what, found.closes, steps)


def _step(step: DecisionStep, question: str) -> ShownStep:
    why = gettext(REASONS[step.why], keyword=step.values.get("keyword", ""))
    is_text = step.name in (decide.AWAY, decide.BUSY, decide.GREETING) or step.name.startswith("rule:")
    return ShownStep(question, step.passed, why, is_text)


def _render(values: Mapping[str, str], errors: dict[str, str], shown: Preview | None) -> str:
    with services().database.read() as conn:
        return layout.show("pages/bot_preview.html", conn, values=values, errors=errors, shown=shown)
