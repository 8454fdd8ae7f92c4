"""The sums of the overview are those of the records."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gateway_project.overview.period import Period
from gateway_project.overview.traffic import traffic_of
from tests.usage.records import a_record
from usage.storing import store

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 10, 15, 17, 30, tzinfo=UTC)
AGO = {"1h": timedelta(minutes=90), "24h": timedelta(hours=30), "7d": timedelta(days=9)}


def ids():
    number = 0
    while True:
        number += 1
        yield f"req_{number:04}"


@pytest.fixture
def rows():
    name = ids()

    def at(moment, **fields):
        return a_record(request_id=next(name), accepted_at=moment.timestamp(), **fields)

    failed = {"status": 502, "error_code": "upstream_error"}
    store(
        [
            at(NOW, duration_ms=900, is_streamed=True, first_byte_ms=90),
            at(NOW, duration_ms=3000),
            at(NOW, **failed),
            at(NOW, status=499, is_client_gone=True, connection=""),
            at(NOW, is_client_gone=True),  # in the midst of its stream
            at(NOW - timedelta(minutes=10), connection="other", **failed),
            *(at(NOW - ago) for ago in AGO.values()),
        ]
    )


@pytest.mark.parametrize("name", ["1h", "24h", "7d", "30d"])
def test_each_request_is_answered_left_or_failed(rows, name):
    period = Period.of(name, now=NOW)
    with CaptureQueriesContext(connection) as queries:
        found = traffic_of(period, now=NOW)
    older = sum(NOW - ago >= period.since for ago in AGO.values())
    total = found.total
    assert (total.requests, total.failures, total.left, total.ok) == (6 + older, 2, 2, 2 + older)
    assert total.of("unpriced") == 3 + older  # no price is set
    assert total.tokens == 1100 * (6 + older)
    assert total.first_byte_p95_ms == 100
    assert len(queries) == 1


def test_the_period_before_is_as_long(rows):
    assert traffic_of(Period.of("1h", now=NOW), now=NOW).before.requests == 1
    assert traffic_of(Period.of("24h", now=NOW), now=NOW).before.requests == 1
    assert traffic_of(Period.of("30d", now=NOW), now=NOW).before.requests == 0


def test_steps_are_those_of_the_period(rows):
    steps = traffic_of(Period.of("1h", now=NOW), now=NOW).steps
    assert [step.requests for step in steps] == [0] * 9 + [1, 0, 5]


def test_connections_have_their_last_24_hours(rows):
    hours = traffic_of(Period.of("1h", now=NOW), now=NOW).hours
    assert set(hours) == {"openai", "other"}
    assert [sums.requests for sums in hours["openai"]] == [0] * 21 + [1, 0, 4]
    assert hours["other"][-1].failure_rate == 1
