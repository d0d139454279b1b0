"""Times, numbers and phone numbers as people write them."""

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given
from hypothesis import strategies as st

from webui.base.formatting import clock_time, decimal, phone, size


@pytest.mark.parametrize(
    ("language", "written"),
    [("id", ["12.05", "00.00", "4,6", "5,0", "1,1 MB"]), ("en", ["12:05", "00:00", "4.6", "5.0", "1.1 MB"])],
)
def test_times_and_numbers_are_written_as_the_language_does(language: str, written: list[str]) -> None:
    app = Flask("shop")
    Babel(app, default_locale=language, default_timezone="Asia/Jakarta")
    with app.test_request_context():
        times = [clock_time(datetime(2026, 3, 4, *clock, tzinfo=UTC)) for clock in ((5, 5), (17, 0))]
        assert [*times, decimal(4.61), decimal(5), size(1_050_000)] == written
        assert size(999_999) == "1000 KB"


def test_numbers_are_shown_as_people_write_them() -> None:
    assert phone("6281234567890") == "+62 812-3456-7890"
    assert phone("62811603333") == "+62 811-603-333"
    assert phone("491711234567") == "+49 171 1234567"
    assert phone("14155552671") == "+1 415-555-2671"
    assert phone(None) is None


@given(st.text("0123456789", min_size=1, max_size=20))
def test_every_digit_of_a_number_is_shown(digits: str) -> None:
    shown = phone(digits) or ""
    assert shown.startswith("+")
    assert re.sub(r"\D", "", shown) == digits
