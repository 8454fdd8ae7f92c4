from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from gateway_project.overview.period import CHOICES, Period

NOW = datetime(2026, 5, 10, 15, 17, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_now_is_in_the_last_step(settings, name, zone):
    settings.TIME_ZONE = zone
    period = Period.of(name, now=NOW)
    assert period.place(NOW) == period.choice.steps - 1
    assert period.place(period.since) == 0
    assert period.place(period.since - timedelta(seconds=1)) == -1
    assert period.since - period.before == period.until - period.since


@pytest.mark.parametrize(
    ("name", "until"),
    [
        ("1h", datetime(2026, 5, 10, 15, 20, tzinfo=UTC)),
        ("24h", datetime(2026, 5, 10, 16, tzinfo=UTC)),
        ("7d", datetime(2026, 5, 10, 18, tzinfo=UTC)),
        ("30d", datetime(2026, 5, 11, tzinfo=UTC)),
    ],
)
def test_steps_begin_by_the_clock(name, until):
    assert Period.of(name, now=NOW).until == until


def test_steps_begin_by_the_clock_of_the_gateway(settings):
    settings.TIME_ZONE = "Asia/Kolkata"  # 20:47 there
    assert Period.of("7d", now=NOW).until == datetime(2026, 5, 10, 18, 30, tzinfo=UTC)
    assert Period.of("24h", now=NOW).until == datetime(2026, 5, 10, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", ["", "2h", "all"])
def test_an_unknown_name_is_the_usual_one(name):
    assert Period.of(name, now=NOW).name == "24h"


def shown_in_berlin(period: Period) -> list[str]:
    return [f"{begin.astimezone(BERLIN):%a %d %b %H:%M}" for begin in period.begins]


@pytest.mark.parametrize(
    ("now", "changed"),
    [
        (datetime(2026, 4, 10, 9, 30, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 11, 10, 9, 30, tzinfo=UTC), date(2026, 10, 25)),
    ],
)
def test_each_day_is_a_step_where_the_clock_is_changed(settings, now, changed):
    settings.TIME_ZONE = "Europe/Berlin"
    period = Period.of("30d", now=now)
    days = [now.date() - timedelta(days=number) for number in range(29, -1, -1)]
    assert shown_in_berlin(period) == [f"{day:%a %d %b} 00:00" for day in days]
    begin = datetime.combine(changed, time(), tzinfo=BERLIN).astimezone(UTC)
    end = datetime.combine(changed + timedelta(days=1), time(), tzinfo=BERLIN).astimezone(UTC)
    assert end - begin != timedelta(days=1)
    place = days.index(changed)
    assert [period.place(begin), period.place(end - INSTANT), period.place(end)] == [
        place,
        place,
        place + 1,
    ]
    assert period.place(period.since - INSTANT) == -1
    assert period.place(period.until - INSTANT) == 29


@pytest.mark.parametrize(
    ("now", "changed"),
    [
        (datetime(2026, 4, 2, 9, 30, tzinfo=UTC), timedelta(hours=5)),
        (datetime(2026, 10, 30, 9, 30, tzinfo=UTC), timedelta(hours=7)),
    ],
)
def test_quarters_begin_by_the_clock_also_where_it_is_changed(settings, now, changed):
    settings.TIME_ZONE = "Europe/Berlin"
    period = Period.of("7d", now=now)
    hours = [shown[-5:] for shown in shown_in_berlin(period)]
    assert hours == ["12:00", "18:00", "00:00", "06:00"] * 7
    lengths = [end - begin for begin, end in pairwise((*period.begins, period.until))]
    assert sorted(set(lengths)) == sorted({timedelta(hours=6), changed})
    assert lengths.count(changed) == 1
    place = lengths.index(changed)
    last = period.begin(place) + changed - INSTANT
    assert (period.place(period.begin(place)), period.place(last)) == (place, place)
    assert period.place(now) == 27


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize("minute", [-90, -30, 0, 30, 90])
@pytest.mark.parametrize("change", [date(2026, 3, 29), date(2026, 10, 25)])
def test_now_is_in_the_last_step_while_the_clock_is_changed(settings, name, change, minute):
    settings.TIME_ZONE = "Europe/Berlin"
    now = datetime.combine(change, time(1), tzinfo=UTC) + timedelta(minutes=minute)
    period = Period.of(name, now=now)
    assert period.begins[-1] <= now < period.until
    assert list(period.begins) == sorted(set(period.begins))
