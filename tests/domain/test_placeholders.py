"""Placeholders in prepared texts, and the opening hours that go into them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from daemon.domain.hours import Hours, parse_spans
from daemon.domain.placeholders import fill, opening

JAKARTA = ZoneInfo("Asia/Jakarta")
DAY = parse_spans("08:00-12:00, 13:30-17:00")
WEEKDAYS = (DAY, DAY, DAY, DAY, DAY, (), ())


def jakarta(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JAKARTA).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Halo {name}, ini {shop}", "Halo Ani, ini Toko Kita"),
        ("Halo {Name}{admin}!", "Halo Ani!"),
        ("Buka {hours} oleh {admin}.", "Buka oleh."),
        ("{diskon} {} {name", "{diskon} {} {name"),
        ("{{name}}", "{Ani}"),
        ("tanpa", "tanpa"),
    ],
)
def test_placeholders_are_filled_and_other_braces_stay(text: str, result: str) -> None:
    assert fill(text, name="Ani", shop="Toko Kita") == result


def test_what_is_filled_in_is_one_line_and_is_not_filled_again() -> None:
    assert fill("Halo {name}", name="{shop}\n{hours}", shop="Toko") == "Halo {shop} {hours}"


@pytest.mark.parametrize(
    ("now", "text"),
    [
        ("2026-11-23 07:00", "08:00–12:00, 13:30–17:00"),
        ("2026-11-23 12:30", "08:00–12:00, 13:30–17:00"),
        ("2026-11-23 17:00", "24/11 08:00–12:00, 13:30–17:00"),
        ("2026-11-27 18:00", "01/12 08:00–12:00, 13:30–17:00"),
    ],
)
def test_the_opening_hours_are_todays_or_those_of_the_next_day(now: str, text: str) -> None:
    hours = Hours(WEEKDAYS, frozenset({date(2026, 11, 30)}))
    assert opening(hours, jakarta(now), JAKARTA) == text


def test_a_shop_without_hours_is_open_all_day_and_one_that_never_opens_has_none() -> None:
    now = jakarta("2026-11-23 07:00")
    assert opening(Hours(), now, JAKARTA) == "00:00–24:00"
    assert opening(Hours(((),) * 7), now, JAKARTA) == ""
