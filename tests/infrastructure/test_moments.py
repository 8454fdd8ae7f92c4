from datetime import UTC, datetime, timedelta

import pytest

from infrastructure.moments import Moment, age_of, span

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "ago"),
    [
        (-5, "now"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (3600, "1 h ago"),
        (47 * 3600, "47 h ago"),
        (86400 * 3, "3 days ago"),
    ],
)
def test_a_moment_is_relative(seconds, ago):
    assert Moment.of(NOW - timedelta(seconds=seconds), now=NOW).ago == ago


def test_a_moment_may_be_ahead():
    later = Moment.of(NOW + timedelta(days=12, minutes=1), now=NOW)
    assert later.relative == "in 12 days"
    assert Moment.of(NOW - timedelta(hours=3), now=NOW).relative == "3 h ago"


@pytest.mark.parametrize(
    ("seconds", "age"), [(0, "just now"), (60, "1 min"), (3 * 3600, "3 h"), (4 * 86400, "4 days")]
)
def test_an_age_needs_no_seconds(seconds, age):
    assert age_of(NOW - timedelta(seconds=seconds), now=NOW) == age


def test_the_exact_time_names_its_zone(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    moment = Moment.of(NOW, now=NOW)
    assert moment.exact == "2026-05-01 14:00:00.000 CEST"
    assert datetime.fromisoformat(moment.iso) == NOW


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(None, "–"), (0, "0 ms"), (999, "999 ms"), (1234, "1.2 s"), (65_000, "1 min 5 s")],
)
def test_a_span_is_as_exact_as_it_is_short(milliseconds, text):
    assert span(milliseconds) == text
