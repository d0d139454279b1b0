"""The language of a request, and times, sizes and numbers as people say them in it."""

from datetime import datetime, timedelta
from typing import Any

from babel.dates import format_skeleton
from babel.support import NullTranslations
from flask import Flask, request, session
from flask_babel import (
    Babel,
    Domain,
    format_date,
    format_datetime,
    format_decimal,
    get_locale,
    get_timezone,
    gettext,
    ngettext,
)
from flask_login import current_user

from daemon.domain.phone_numbers import format_phone
from daemon.i18n.catalogue import catalogue
from daemon.i18n.languages import LANGUAGES, SOURCE
from webui.base import context


class Catalogue(Domain):  # type: ignore[misc]
    """Flask-Babel's texts, straight from the committed .po files."""

    def get_translations(self) -> NullTranslations:
        return catalogue(language())


def language() -> str:
    """The language of the present request."""
    locale = get_locale()
    return locale.language if locale else SOURCE


def install(app: Flask) -> None:
    """Give templates their texts and choose a language for each request."""
    config = context.of(app).config
    babel = Babel(
        app,
        default_locale=config.language,
        default_timezone=config.timezone.key,
        locale_selector=lambda: _choose(config.language),
    )
    babel.domain_instance = Catalogue()
    for code in LANGUAGES:
        catalogue(code)

    @app.context_processor
    def languages() -> dict[str, Any]:
        return {"languages": LANGUAGES, "language": language()}


def _choose(default: str) -> str:
    own = current_user.admin.language if current_user and current_user.is_authenticated else None
    for wish in (own, session.get("language")):
        if wish in LANGUAGES:
            return str(wish)
    return request.accept_languages.best_match(list(LANGUAGES)) or default


def clock_time(at: datetime) -> str:
    """The time of day in the shop, of twenty-four hours: 14.05 in Indonesian, 14:05 in English."""
    return str(format_skeleton("Hm", at, tzinfo=get_timezone(), locale=get_locale()))


def day(at: datetime, now: datetime) -> str:
    """Today, yesterday, a weekday of the last six days, or a date (a moment to come is always a date)."""
    days = (local(now).date() - local(at).date()).days
    if days < 0:
        return str(format_date(at, "EEEE, d MMMM"))
    if days == 0:
        return gettext("Today")
    if days == 1:
        return gettext("Yesterday")
    if days < 7:
        return str(format_datetime(at, "EEEE"))
    same_year = local(at).year == local(now).year
    return str(format_date(at, "d MMMM" if same_year else "d MMMM yyyy"))


def short_moment(at: datetime, now: datetime) -> str:
    """For a row of the list: the time if today, else the day, as short as it can be said."""
    days = (local(now).date() - local(at).date()).days
    if days <= 0:
        return clock_time(at)
    if days == 1:
        return gettext("Yesterday")
    if days < 7:
        return str(format_datetime(at, "EEEE"))
    return str(format_date(at, "d MMM" if local(at).year == local(now).year else "d/M/yy"))


def moment(at: datetime, now: datetime) -> str:
    """Day and time in words, for a sentence."""
    if local(at).date() == local(now).date():
        return clock_time(at)
    return gettext("%(day)s at %(time)s", day=day(at, now), time=clock_time(at))


def duration(span: timedelta) -> str:
    """How long somebody waits, in its largest unit."""
    minutes = max(0, int(span.total_seconds()) // 60)
    if minutes < 60:
        return ngettext("%(num)d min", "%(num)d min", max(1, minutes))
    if minutes < 48 * 60:
        return ngettext("%(num)d hr", "%(num)d hr", minutes // 60)
    return ngettext("%(num)d day", "%(num)d days", minutes // (24 * 60))


def local(at: datetime) -> datetime:
    """A moment in the shop's time zone."""
    return at.astimezone(context.services().config.timezone)


def size(count: int | float) -> str:
    """A file's size as people say it."""
    if count < 1_000_000:
        return f"{max(1, round(count / 1000)) if count else 0} KB"
    if count < 1_000_000_000:
        return f"{decimal(count / 1_000_000)} MB"
    return f"{decimal(count / 1_000_000_000)} GB"


def decimal(number: float) -> str:
    """A number with one digit after the point: 4.6, in Indonesian 4,6."""
    return str(format_decimal(round(number, 1), "0.0"))


def length(seconds: int | float) -> str:
    """The length of a recording, 0:07."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def phone(digits: str | None) -> str | None:
    """A number as people write it: +62 812-3456-7890."""
    return format_phone(digits) if digits else None
