"""The page of the opening hours: several spans a weekday, holidays, all in the shop's own time zone."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, request
from flask_babel import format_date, gettext

from daemon.desk import settings
from daemon.domain.hours import Hours, write_spans
from webui.auth import owner_required, the_actor
from webui.base import formatting, layout
from webui.base.context import services
from webui.base.forms import Form, write_date

pages = Blueprint("hours", __name__)

MOST_HOLIDAYS = 400
# a Monday, to name the weekdays by
_MONDAY = datetime(2026, 1, 5)  # noqa: DTZ001


@pages.get("/settings/hours")
@owner_required
def page() -> Any:
    """The hours as they are."""
    with services().database.read() as conn:
        hours = settings.load(conn, layout.account_of(conn)).hours
    return _render(_typed(hours), {})


@pages.post("/settings/hours")
@owner_required
def save() -> Any:
    """Keep what was typed, or say what is wrong with it."""
    form = Form(request.form)
    hours = read(form)
    if form.errors:
        return _render(form.typed, form.errors), 422
    with services().database.write() as conn:
        settings.save(conn, layout.account_of(conn), {"hours": hours}, the_actor(), services().clock())
    return layout.done(gettext("Saved."), "hours.page")


def read(form: Form) -> Hours:
    """Opening hours as they were typed."""
    holidays = form.dates("holidays", MOST_HOLIDAYS)
    week = tuple(form.spans(f"day{weekday}") for weekday in range(7))
    # a shop that is never open needs no desk: nothing typed means that hours don't matter
    return Hours(week if any(week) else (), holidays)


def _typed(hours: Hours) -> dict[str, str]:
    """Hours as the form would have sent them."""
    days = {f"day{n}": write_spans(spans) for n, spans in enumerate(hours.week)}
    holidays = "\n".join(write_date(day) for day in sorted(hours.holidays))
    return {"holidays": holidays} | days


def now_in_words(hours: Hours, now: datetime) -> str:
    """Whether the shop is open at this moment, and if not, when it opens."""
    zone = services().config.timezone
    if hours.is_open(now, zone):
        return gettext("The shop is open now.")
    opening = hours.next_opening(now, zone)
    if opening is None:
        return gettext("The shop is closed now.")
    return gettext("The shop is closed now. It opens again: %(moment)s.", moment=formatting.moment(opening, now))


def _render(values: Mapping[str, str], errors: dict[str, str]) -> str:
    now = services().clock()
    weekdays = [format_date(_MONDAY + timedelta(days=n), "EEEE", rebase=False) for n in range(7)]
    with services().database.read() as conn:
        hours = settings.load(conn, layout.account_of(conn)).hours
        return layout.show(
            "pages/hours.html",
            conn,
            values=values,
            errors=errors,
            weekdays=weekdays,
            zone=services().config.timezone.key,
            clock=formatting.clock_time(now),
            state=now_in_words(hours, now),
        )
