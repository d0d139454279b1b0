"""The page of the alerts outside the inbox: where they go, whether they arrive, and what they are about."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, request
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy import Connection

from daemon.alerts import channels, evaluate, message
from daemon.alerts.channels import ChannelError
from daemon.desk import alert_settings
from daemon.desk.alert_settings import TooManyChannels
from daemon.domain.alerts import FIELDS, AlertChoices, AlertKind
from daemon.domain.sentences.alerts import FAILURES, KINDS, TITLES
from daemon.store import accounts, alerts
from daemon.store.alerts import AlertPost, Channel, KnownAlready
from webui.auth import owner_required, the_actor
from webui.base import formatting, layout
from webui.base.context import services
from webui.base.forms import Form, as_typed

pages = Blueprint("alerts", __name__)

TIMES = ("down_after", "waiting_after")


def _(text: str) -> str:
    return text


# What is wrong with an address, by ChannelError's reason.
ADDRESS_ERRORS = {
    "empty": _("Write something first."),
    "too_long": _("This is too long for an address."),
    "unknown": _("Balas does not know this service. The examples show how an address begins."),
    "here": _("That would show alerts on the computer that runs Balas, where nobody may look."),
    "incomplete": _("Something is missing in this address, or it is written differently. Look at the examples."),
    "known": _("Alerts go to this address already."),
    "many": _("There are too many addresses. Delete one first."),
}
NOT_ADDED: dict[type[Exception], str] = {KnownAlready: "known", TooManyChannels: "many"}


@dataclass(frozen=True, slots=True)
class ChannelView:
    """One channel as the page shows it: its service, its address without secrets, and how it went."""

    id: int
    service: str
    shown: str
    arrived: str
    failed: str
    is_awaited: bool


@dataclass(frozen=True, slots=True)
class WrongView:
    """Something that is wrong now."""

    title: str
    sentences: list[str]


@pages.app_context_processor
def trouble() -> dict[str, Any]:
    """What every page needs for the owner's banner."""
    return {"alerts_fail": _alerts_fail}


def _alerts_fail() -> bool:
    """Whether the owner has to be told that alerts do not arrive."""
    if not current_user.is_authenticated or not current_user.admin.is_owner:
        return False
    with services().database.read() as conn:
        return alerts.any_failing(conn)


@pages.get("/settings/alerts")
@owner_required
def page() -> Any:
    """Where alerts go and what they are about."""
    with services().database.read() as conn:
        return _render(conn, _typed(alerts.choices(conn)), {})


@pages.post("/settings/alerts")
@owner_required
def choose() -> Any:
    """Keep what alerts are to be about."""
    form = Form(request.form)
    times = {name: form.setting(name, FIELDS[name]) for name in TIMES}
    chosen = AlertChoices(**times, unwanted=frozenset(kind for kind in AlertKind if not form.checked(kind.value)))
    if form.errors:
        with services().database.read() as conn:
            return _render(conn, form.typed, form.errors), 422
    with services().database.write() as conn:
        alert_settings.choose(conn, layout.account_of(conn), chosen, the_actor(), services().clock())
    return layout.done(gettext("Saved."), "alerts.page")


@pages.post("/settings/alerts/channels")
@owner_required
def add() -> Any:
    """Another address, checked by Apprise."""
    typed = request.form.get("url", "")
    try:
        address = channels.parse(typed)
        with services().database.write() as conn:
            whose, actor, now = layout.account_of(conn), the_actor(), services().clock()
            alert_settings.add_channel(conn, whose, address.url, address.service, address.shown, actor, now)
    except (ChannelError, KnownAlready, TooManyChannels) as error:
        reason = error.reason if isinstance(error, ChannelError) else NOT_ADDED[type(error)]
        with services().database.read() as conn:
            values = _typed(alerts.choices(conn)) | {"url": typed}
            return _render(conn, values, {"url": gettext(ADDRESS_ERRORS[reason])}), 422
    return layout.done(gettext("Added. Send a test to see whether alerts arrive."), "alerts.page")


@pages.post("/settings/alerts/channels/<id:channel_id>/test")
@owner_required
def send_test(channel_id: int) -> Any:
    """Put a test on its way; the page shows what has become of it."""
    with services().database.write() as conn:
        if alerts.channel(conn, channel_id) is None:
            abort(404)
        last = alerts.newest_tests(conn).get(channel_id)
        if last is None or not _is_under_way(last):
            evaluate.send_test(conn, services().config, channel_id, services().clock())
    return layout.done(gettext("The test is on its way."), "alerts.page")


@pages.post("/settings/alerts/channels/<id:channel_id>/delete")
@owner_required
def delete(channel_id: int) -> Any:
    """No more alerts to this address."""
    now = services().clock()
    with services().database.write() as conn:
        if not alert_settings.remove_channel(conn, layout.account_of(conn), channel_id, the_actor(), now):
            abort(404)
    return layout.done(gettext("Deleted."), "alerts.page")


def _typed(chosen: AlertChoices) -> dict[str, str]:
    """Choices as the form would have sent them."""
    values = {kind.value: "" if kind in chosen.unwanted else "1" for kind in AlertKind}
    return values | {name: as_typed(getattr(chosen, name)) for name in TIMES} | {"url": ""}


def _is_under_way(one: AlertPost) -> bool:
    return one.state in (alerts.DUE, alerts.SENDING)


def _render(conn: Connection, values: Mapping[str, str], errors: dict[str, str]) -> str:
    now = services().clock()
    tests = alerts.newest_tests(conn)
    # the two forms of this page are sent apart: what the other one holds is as it is kept
    kept = _typed(alerts.choices(conn)) if "down_after" not in values else {}
    return layout.show(
        "pages/alerts.html",
        conn,
        values=kept | dict(values),
        errors=errors,
        settings=FIELDS,
        defaults=AlertChoices(),
        kinds=[(kind.value, gettext(label)) for kind, label in KINDS.items()],
        channels=[_channel(one, tests.get(one.id), now) for one in alerts.channels(conn)],
        wrong=_wrong(conn, now),
    )


def _channel(one: Channel, test: AlertPost | None, now: datetime) -> ChannelView:
    arrived = failed = ""
    if one.good_at:
        arrived = gettext("Last delivered: %(moment)s.", moment=formatting.moment(one.good_at, now))
    if one.is_failing and one.failed_at and one.failed_why:
        when = gettext("Not delivered: %(moment)s.", moment=formatting.moment(one.failed_at, now))
        failed = f"{when} {gettext(FAILURES[one.failed_why])}"
    awaited = test is not None and _is_under_way(test)
    return ChannelView(one.id, one.service, one.shown, arrived, failed, awaited)


def _wrong(conn: Connection, now: datetime) -> list[WrongView]:
    """What is wrong now and was told, or would have been."""
    names = {one.id: one.name for one in accounts.every(conn)}
    found = []
    for one in alerts.unfinished(conn):
        if one.alert.raised_at is None:
            continue
        title = gettext(TITLES[one.alert.about, one.alert.step])
        if one.account_id is not None and len(names) > 1:
            title = f"{title} ({names[one.account_id]})"
        since = gettext("Since: %(moment)s.", moment=formatting.moment(one.alert.since, now))
        said = message.sentences(one.alert, lambda text: gettext(text), lambda at: formatting.moment(at, now))
        found.append(WrongView(title, [*said, since]))
    return found
