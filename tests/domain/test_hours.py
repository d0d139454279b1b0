"""Opening hours: spans as people write them, holidays, and time counted while the shop is open."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.hours import DAY, Hours, Span, parse_spans, write_spans

JAKARTA = ZoneInfo("Asia/Jakarta")
BERLIN = ZoneInfo("Europe/Berlin")
SPLIT = parse_spans("08:00-12:00, 13:30-17:00")
WEEK = (SPLIT, SPLIT, SPLIT, SPLIT, SPLIT, parse_spans("09-12"), ())
MONDAY = "2026-11-23"


def moment(text: str, zone: ZoneInfo = JAKARTA) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("", ()),
        (" ", ()),
        ("08:00-17:00", (Span(480, 1020),)),
        ("13.30–17 ; 8—12", (Span(480, 720), Span(810, 1020))),
        ("00:00-24:00", (Span(0, DAY),)),
        ("8-12, 12-17", (Span(480, 720), Span(720, 1020))),
    ],
)
def test_spans_are_read_as_people_write_them(text: str, spans: tuple[Span, ...]) -> None:
    assert parse_spans(text) == spans


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("pagi", "format"),
        ("8", "format"),
        ("8-12-17", "format"),
        ("8-25", "format"),
        ("8-24:01", "format"),
        ("8:60-9", "format"),
        ("8:5-9", "format"),
        ("-8-9", "format"),
        ("٨-٩", "format"),
        ("08000-9", "format"),
        ("17-8", "order"),
        ("8-8", "order"),
        ("8-12, 11-13", "overlap"),
        ("8-12, 8-12", "overlap"),
    ],
)
def test_bad_spans_are_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}$"):
        parse_spans(text)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (f"{MONDAY} 07:59:59", False),
        (f"{MONDAY} 08:00", True),
        (f"{MONDAY} 12:00", False),
        (f"{MONDAY} 13:30", True),
        (f"{MONDAY} 17:00", False),
        ("2026-11-28 11:59", True),
        ("2026-11-29 11:59", False),
    ],
)
def test_the_shop_is_open_in_its_own_time_zone(at: str, is_open: bool) -> None:
    assert Hours(WEEK).is_open(moment(at), JAKARTA) == is_open


def test_a_holiday_counts_for_its_local_day_only() -> None:
    hours = Hours((), frozenset({date(2026, 11, 23)}))
    assert hours.is_open(moment("2026-11-22 23:59"), JAKARTA)
    assert not hours.is_open(moment("2026-11-23 00:00"), JAKARTA)
    assert not hours.is_open(moment("2026-11-23 23:59"), JAKARTA)
    assert hours.next_opening(moment("2026-11-23 03:00"), JAKARTA) == moment("2026-11-24 00:00")


def test_the_next_opening_skips_closed_days_and_is_now_while_open() -> None:
    hours = Hours(WEEK, frozenset({date(2026, 11, 30)}))
    now = moment("2026-11-28 12:00")
    assert hours.next_opening(now, JAKARTA) == moment("2026-12-01 08:00")
    assert hours.next_opening(moment(f"{MONDAY} 09:00"), JAKARTA) == moment(f"{MONDAY} 09:00")
    assert Hours(((),) * 7).next_opening(now, JAKARTA) is None


def test_only_open_time_counts() -> None:
    hours = Hours(WEEK)
    since, until = moment("2026-11-27 16:00"), moment("2026-11-30 08:30")
    assert hours.open_time(since, until, JAKARTA) == timedelta(hours=1 + 3 + 0.5)
    assert hours.open_time(until, since, JAKARTA) == timedelta(0)


def test_a_day_on_which_the_clock_changes_is_as_long_as_it_is() -> None:
    night = Hours((parse_spans("00:00-24:00"),) * 7)
    spring, autumn = "2026-03-29", "2026-10-25"
    for day, length in ((spring, 23), (autumn, 25)):
        since = moment(f"{day} 00:00", BERLIN)
        until = moment(f"{date.fromisoformat(day) + timedelta(days=1)} 00:00", BERLIN)
        assert night.open_time(since, until, BERLIN) == timedelta(hours=length)


def spans_of(minutes: list[int]) -> tuple[Span, ...]:
    """Spans between every second pair of cuts: they neither touch nor overlap."""
    cuts = sorted(set(minutes))
    return tuple(Span(a, b) for i, (a, b) in enumerate(pairwise(cuts)) if i % 2 == 0)


DAYS = st.lists(st.integers(0, DAY), max_size=6).map(spans_of)
HOURS = st.builds(
    Hours,
    st.one_of(st.just(()), st.lists(DAYS, min_size=7, max_size=7).map(tuple)),
    st.frozensets(st.dates(date(2026, 3, 20), date(2026, 4, 10)), max_size=4),
)
MOMENTS = st.datetimes(datetime(2026, 3, 20), datetime(2026, 4, 10), timezones=st.just(UTC))  # noqa: DTZ001
ZONES = st.sampled_from([JAKARTA, BERLIN, ZoneInfo("America/St_Johns")])


@given(DAYS)
def test_written_spans_are_read_back(spans: tuple[Span, ...]) -> None:
    assert parse_spans(write_spans(spans)) == spans


@given(HOURS)
def test_hours_survive_being_kept(hours: Hours) -> None:
    assert Hours.from_json(hours.to_json()) == hours  # type: ignore[arg-type]


@given(HOURS, MOMENTS, ZONES)
def test_the_shop_is_open_at_its_next_opening_and_closed_before(
    hours: Hours, at: datetime, zone: ZoneInfo
) -> None:
    opening = hours.next_opening(at, zone)
    assert hours.is_open(at, zone) == (opening == at)
    if opening is not None:
        assert hours.is_open(opening, zone)
        assert hours.open_time(at, opening, zone) == timedelta(0)


@given(HOURS, st.lists(MOMENTS, min_size=3, max_size=3).map(sorted), ZONES)
def test_open_time_adds_up_and_is_never_longer_than_the_clocks(
    hours: Hours, moments: list[datetime], zone: ZoneInfo
) -> None:
    first, middle, last = moments
    parts = hours.open_time(first, middle, zone) + hours.open_time(middle, last, zone)
    assert hours.open_time(first, last, zone) == parts
    assert timedelta(0) <= parts <= last - first


@given(minutes=st.integers(1, 3000), earlier=st.integers(0, 5000))
def test_who_has_waited_since_then_has_waited_so_long_and_nobody_who_came_later(
    minutes: int, earlier: int
) -> None:
    hours, until = Hours(WEEK, frozenset({date.fromisoformat(MONDAY)})), moment("2026-11-25T10:00")
    length, earliest = timedelta(minutes=minutes), until - timedelta(days=30)
    since = hours.open_since(length, until, JAKARTA, earliest)
    assert since is not None
    came = until - timedelta(minutes=earlier)
    assert (hours.open_time(came, until, JAKARTA) >= length) == (came <= since)


def test_nobody_has_waited_through_more_than_the_shop_was_open() -> None:
    until = moment("2026-11-25T10:00")
    earliest = until - timedelta(days=1)
    assert Hours(WEEK).open_since(timedelta(hours=9), until, JAKARTA, earliest) is None
    assert Hours().open_since(timedelta(hours=24), until, JAKARTA, earliest) == earliest
