from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from limits.reading.forecast import in_words, runs_out_at

DAY = 86_400
MONDAY = datetime(2026, 11, 30, tzinfo=UTC).timestamp()
ZONE = ZoneInfo("UTC")


def forecast(used: int, *, amount: int = 100, after: float = DAY) -> float | None:
    """Of a week that began on Monday."""
    now = MONDAY + after
    return runs_out_at(used=used, amount=amount, start=MONDAY, end=MONDAY + 7 * DAY, now=now)


def test_the_pace_so_far_goes_on() -> None:
    assert forecast(25) == MONDAY + 4 * DAY
    assert forecast(25, amount=50) == MONDAY + 2 * DAY


@pytest.mark.parametrize(
    ("used", "after"),
    [(10, DAY), (0, DAY), (100, DAY), (150, DAY), (90, 3600)],
    ids=["lasts", "nothing used", "used up", "over", "too early to tell"],
)
def test_there_is_no_forecast(used: int, after: float) -> None:
    assert forecast(used, after=after) is None


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0.5, "runs out today at 12:00"),
        (3, "runs out on Thursday"),
        (6, "runs out on Sunday"),
        (7, "runs out on 2026-12-07"),
    ],
)
def test_near_days_are_named(days: float, words: str) -> None:
    assert in_words(MONDAY + days * DAY, now=MONDAY, zone=ZONE) == words


def test_days_are_those_of_the_zone() -> None:
    at = MONDAY + 3 * DAY - 1800
    assert in_words(at, now=MONDAY, zone=ZoneInfo("Europe/Berlin")) == "runs out on Thursday"
    assert in_words(at, now=MONDAY, zone=ZONE) == "runs out on Wednesday"
