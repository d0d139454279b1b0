"""The page of the report: how much the team has answered, how fast, and how customers found it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, request
from flask_babel import format_date, gettext, ngettext
from flask_login import login_required

from daemon.desk import reports, settings
from daemon.desk.reports import Handled, Report, ReportRow, Spread
from webui.auth import the_admin
from webui.base import formatting, layout
from webui.base.context import services
from webui.base.dates import iso_day, midnight

pages = Blueprint("metrics", __name__)

LONGEST_SPAN_DAYS = 366
NOTHING = "–"


def _(text: str) -> str:
    return text


# By word in the address: label, and days back to the first one.
SPANS = {"today": (_("Today"), 0), "7": (_("7 days"), 6), "30": (_("30 days"), 29)}
DEFAULT_SPAN = "7"
# The parts of the bar, in its order, with the class that colours each.
PARTS = (
    ("by_admins", _("By the team"), "team"),
    ("by_phone", _("On the phone"), "phone"),
    ("by_companion", _("On another linked device"), "companion"),
    ("by_bot", _("By the bot"), "bot"),
    ("without_reply", _("Needed no reply"), "quiet"),
    ("still_open", _("Still waiting"), "open"),
)


@dataclass(frozen=True, slots=True)
class Period:
    """The days that are shown, the last one included; `name` is empty for days that were typed."""

    name: str
    first: date
    last: date
    error: str | None = None


@dataclass(frozen=True, slots=True)
class BarPart:
    """One part of the bar, in percent of its length."""

    label: str
    count: int
    tone: str
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class AdminRow:
    """One admin's row; `share` is the length of his bar in percent of the longest."""

    name: str
    is_me: bool
    report: ReportRow
    share: float


@pages.get("/report")
@login_required  # type: ignore[untyped-decorator]
def page() -> Any:
    """The report of a span; the owner sees every admin's, everybody else the team's and his own."""
    period, zone = _period(), services().config.timezone
    with services().database.read() as conn:
        account_id = layout.account_of(conn)
        hours = settings.load(conn, account_id).hours
        since, until = midnight(period.first), midnight(period.last + timedelta(days=1))
        report = reports.report(conn, account_id, since, until, hours, zone)
        shown = layout.show(
            "pages/reports.html",
            conn,
            period=period,
            days=_days(period),
            spans=[(name, gettext(label)) for name, (label, _back) in SPANS.items()],
            team=report.team,
            parts=_parts(report.handled),
            turns=report.handled.turns,
            people=_people(report),
            says_hours=bool(hours.week or hours.holidays),
            span=span_in_words,
            percent=percent,
            score=score,
            spread=spread,
            wide=True,
        )
    return (shown, 422) if period.error else shown


def _period() -> Period:
    """Which days are asked for; unusable ones are said to be so, and the last seven shown."""
    today = formatting.local(services().clock()).date()
    typed = request.args.get("from", ""), request.args.get("to", "")
    name = request.args.get("span", DEFAULT_SPAN)
    usual = Period(DEFAULT_SPAN, today - timedelta(days=SPANS[DEFAULT_SPAN][1]), today)
    if not any(typed):
        if name not in SPANS:
            return usual
        return Period(name, today - timedelta(days=SPANS[name][1]), today)
    first, last = (iso_day(day) for day in typed)
    if first is None or last is None:
        return Period("", usual.first, usual.last, gettext("Choose both days."))
    if last < first:
        return Period("", first, first, gettext("The last day comes before the first."))
    if (last - first).days >= LONGEST_SPAN_DAYS:
        return Period("", first, first, gettext("Choose one year at most."))
    return Period("", first, last)


def _days(period: Period) -> str:
    first, last = (str(format_date(day, "d MMMM yyyy", rebase=False)) for day in (period.first, period.last))
    return first if first == last else f"{first} – {last}"


def _parts(handled: Handled) -> list[BarPart]:
    """The turns by who closed them, laid end to end."""
    parts, start = [], 0.0
    for name, label, tone in PARTS:
        count: int = getattr(handled, name)
        width = 100 * count / handled.turns if handled.turns else 0.0
        parts.append(BarPart(gettext(label), count, tone, round(start, 3), round(width, 3)))
        start += width
    return parts


def _people(report: Report) -> list[AdminRow]:
    me = the_admin()
    most = max((one.row.answered for one in report.admins), default=0)
    return [
        AdminRow(
            one.name,
            one.admin_id == me.id,
            one.row,
            round(100 * one.row.answered / most, 3) if most else 0.0,
        )
        for one in report.admins
        if me.is_owner or one.admin_id == me.id
    ]


def span_in_words(span: timedelta | None) -> str:
    """A waiting time in its largest sensible unit: 45 sec, 12 min, 3 hr 5 min, 2 days."""
    if span is None:
        return NOTHING
    seconds = round(span.total_seconds())
    if seconds < 100:
        return ngettext("%(num)d sec", "%(num)d sec", seconds)
    minutes = round(seconds / 60)
    if minutes < 100:
        return ngettext("%(num)d min", "%(num)d min", minutes)
    if minutes < 48 * 60:
        return gettext("%(hours)d hr %(minutes)d min", hours=minutes // 60, minutes=minutes % 60)
    return ngettext("%(num)d day", "%(num)d days", round(minutes / (24 * 60)))


def spread(found: Spread) -> str:
    """The middle and the slowest tenth, side by side."""
    return f"{span_in_words(found.median)} / {span_in_words(found.p90)}"


def percent(share: float | None) -> str:
    """A share of 0 to 1."""
    return NOTHING if share is None else f"{round(100 * share)}%"


def score(mean: float | None) -> str:
    """A mean score."""
    return NOTHING if mean is None else formatting.decimal(mean)
