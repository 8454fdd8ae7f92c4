from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from limits.configuration.dates import end_of

NEW_YEAR = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)  # in Berlin


@pytest.fixture(autouse=True)
def _berlin(settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"


@pytest.mark.parametrize("value", [date(2026, 12, 31), "2026-12-31"])
def test_a_date_lasts_until_its_end_in_the_gateways_zone(value: object) -> None:
    assert end_of(value) == NEW_YEAR


@pytest.mark.parametrize("value", [datetime(2027, 1, 1), "2027-01-01T00:00", "2026-12-31T23:00Z"])  # noqa: DTZ001 - as YAML reads it
def test_a_time_without_a_zone_is_in_the_gateways(value: object) -> None:
    assert end_of(value) == NEW_YEAR


@pytest.mark.parametrize("value", ["soon", "2026-02-31", "", 5, None])
def test_anything_else_is_refused_with_an_example(value: object) -> None:
    with pytest.raises(ValueError, match="2026-12-31"):
        end_of(value)


@pytest.mark.parametrize(
    "value",
    ["9999-12-31", date(9999, 12, 31), "9999-12-31T23:59:59-12:00", "0001-01-01T00:00+12:00"],
)
def test_a_time_that_not_every_zone_knows_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="in the years 1970 to 9998"):
        end_of(value)
