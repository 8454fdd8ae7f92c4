from datetime import UTC, datetime, timedelta

import pytest

from tests.usage.records import a_record
from usage.filling import fill_batch
from usage.models import UsageHour, UsageRow
from usage.storing import store

NOW = datetime.now(UTC)


@pytest.fixture
def rows(db):
    """Five rows that no hour counts, of five days, as an older version stores them."""
    store(
        [
            a_record(request_id=f"req_{n}", accepted_at=(NOW - timedelta(days=n)).timestamp())
            for n in range(5)
        ]
    )
    UsageHour.objects.all().delete()
    UsageRow.objects.update(is_in_hours=None)


def test_the_oldest_rows_come_first_and_each_once(rows):
    assert fill_batch(most=2) == 2
    assert set(UsageRow.objects.filter(is_in_hours=True).values_list("pk", flat=True)) == {
        "req_3",
        "req_4",
    }
    assert [fill_batch(most=2) for _ in range(3)] == [2, 1, 0]
    assert sum(hour.requests for hour in UsageHour.objects.all()) == 5


def test_rows_of_a_time_are_filled_alone(rows):
    assert fill_batch(before=NOW - timedelta(days=2, hours=12)) == 2
