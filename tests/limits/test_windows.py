from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from limits.choices import Window
from limits.windows import FOREVER, Span, end_of, is_of_calendar, span_of, zone_of

HOUR = 3600
DAY = 24 * HOUR
CALENDAR = [Window.DAY, Window.WEEK, Window.MONTH]
ZONES = sorted(available_timezones() - {"localtime"})
BEGIN, END = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (1990, 2040))


def seconds(text, zone="UTC"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def span(window, zone, text):
    """The window of a local time, as local times."""
    found = span_of(window, ZoneInfo(zone), seconds(text, zone))
    told = [datetime.fromtimestamp(second, ZoneInfo(zone)) for second in found]
    return tuple(f"{one:%Y-%m-%d %H:%M}" for one in told)


@pytest.mark.parametrize(
    ("window", "at", "expected"),
    [
        (Window.DAY, "2026-11-28 12:00", ("2026-11-28 00:00", "2026-11-29 00:00")),
        (Window.DAY, "2026-11-28 00:00", ("2026-11-28 00:00", "2026-11-29 00:00")),
        (Window.DAY, "2026-11-27 23:59:59.999", ("2026-11-27 00:00", "2026-11-28 00:00")),
        (Window.WEEK, "2026-11-28 12:00", ("2026-11-23 00:00", "2026-11-30 00:00")),
        (Window.WEEK, "2026-11-29 23:59:59", ("2026-11-23 00:00", "2026-11-30 00:00")),
        (Window.WEEK, "2026-11-30 00:00", ("2026-11-30 00:00", "2026-12-07 00:00")),
        (Window.WEEK, "2027-01-01 08:00", ("2026-12-28 00:00", "2027-01-04 00:00")),
        (Window.MONTH, "2026-11-30 23:59:59", ("2026-11-01 00:00", "2026-12-01 00:00")),
        (Window.MONTH, "2026-12-01 00:00", ("2026-12-01 00:00", "2027-01-01 00:00")),
        (Window.MONTH, "2028-02-29 12:00", ("2028-02-01 00:00", "2028-03-01 00:00")),
        (Window.MONTH, "2027-02-28 12:00", ("2027-02-01 00:00", "2027-03-01 00:00")),
        (Window.DAY, "2028-02-29 12:00", ("2028-02-29 00:00", "2028-03-01 00:00")),
        (Window.DAY, "2028-02-28 12:00", ("2028-02-28 00:00", "2028-02-29 00:00")),
        (Window.DAY, "2027-02-28 12:00", ("2027-02-28 00:00", "2027-03-01 00:00")),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/Los_Angeles"])
def test_windows_begin_by_the_clocks_of_their_zone(zone, window, at, expected):
    assert span(window, zone, at) == expected


def test_the_same_moment_is_in_other_days_elsewhere():
    at = seconds("2026-11-30 23:30")
    starts = {
        zone: span_of(Window.MONTH, ZoneInfo(zone), at).start
        for zone in ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati")
    }
    assert starts == {
        "UTC": seconds("2026-11-01"),
        "Europe/Berlin": seconds("2026-11-30 23:00"),
        "America/New_York": seconds("2026-11-01 04:00"),
        "Pacific/Kiritimati": seconds("2026-11-30 10:00"),
    }


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),  # half an hour
        ("America/Sao_Paulo", "2018-11-04", 23),  # midnight is skipped
        ("America/Sao_Paulo", "2018-02-17", 25),  # the hour before midnight comes twice
        ("Africa/Cairo", "2026-04-24", 23),
        ("America/Havana", "2026-11-01", 25),  # the hour after midnight comes twice
        ("Pacific/Apia", "2011-12-29", 24),  # the next day was left out
        ("UTC", "2026-03-29", 24),
    ],
)
def test_a_day_is_as_long_as_its_clocks_say(zone, day, hours):
    start, end = span_of(Window.DAY, ZoneInfo(zone), seconds(f"{day} 12:00", zone))
    assert end - start == hours * HOUR


def test_a_day_whose_midnight_is_skipped_begins_the_moment_after():
    zone = ZoneInfo("America/Sao_Paulo")
    start = span_of(Window.DAY, zone, seconds("2018-11-04 12:00", "America/Sao_Paulo")).start
    assert datetime.fromtimestamp(start, zone).isoformat() == "2018-11-04T01:00:00-02:00"
    before = span_of(Window.DAY, zone, start - 1)
    assert (before.end, datetime.fromtimestamp(before.start, zone).day) == (start, 3)


def test_a_month_with_a_change_of_clocks_has_an_hour_less_or_more():
    zone = ZoneInfo("Europe/Berlin")
    march, october = (
        span_of(Window.MONTH, zone, seconds(f"2026-{month}-15")) for month in ("03", "10")
    )
    assert march.end - march.start == 31 * DAY - HOUR
    assert october.end - october.start == 31 * DAY + HOUR


def test_each_moment_of_a_year_is_in_one_day():
    for name in ("Europe/Berlin", "America/Sao_Paulo", "America/St_Johns", "Africa/Cairo"):
        zone = ZoneInfo(name)
        hours = range(int(seconds("2010-01-01")), int(seconds("2011-01-01")), HOUR // 4)
        found = list(dict.fromkeys(span_of(Window.DAY, zone, at) for at in hours))
        assert all(one.end == following.start for one, following in pairwise(found))
        assert len(found) == 366  # the first one began in the year before, or the last ends in 2011


@given(st.sampled_from(CALENDAR), st.sampled_from(ZONES), st.floats(BEGIN, END))
@example(Window.DAY, "America/St_Johns", 1_289_099_000.0)  # set back a minute past midnight
def test_windows_cover_all_time_once(window, name, at):
    zone = ZoneInfo(name)
    found = span_of(window, zone, at)
    assert found.start <= at < found.end
    assert span_of(window, zone, found.start) == found
    assert span_of(window, zone, found.end).start == found.end
    assert end_of(window, zone, found.start) == found.end


def test_a_total_has_no_end():
    assert span_of(Window.TOTAL, ZoneInfo("UTC"), 1e9) == Span(0, int(FOREVER))
    assert end_of(Window.TOTAL, ZoneInfo("UTC"), 0) == FOREVER


@pytest.mark.parametrize("window", [Window.MINUTE, Window.HOUR, Window.NONE])
def test_what_rolls_has_no_span(window):
    assert not is_of_calendar(window)
    with pytest.raises(ValueError, match="calendar"):
        span_of(window, ZoneInfo("UTC"), 0)


@pytest.mark.parametrize("window", list(Window))
def test_a_period_of_a_former_window_ends_within_a_month(window):
    start = int(seconds("2026-11-28 12:34"))
    assert start < end_of(window, ZoneInfo("UTC"), start) <= start + 32 * DAY


def test_no_zone_is_the_gateways_own(settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    assert zone_of("") == zone_of("No/Where") == ZoneInfo("Asia/Tokyo")
    assert zone_of("Europe/Berlin") == ZoneInfo("Europe/Berlin")
