import pytest

from tests.usage.records import a_log, a_record
from usage.explorer.waterfall import WIDTH, steps
from usage.models import UsageRow
from usage.storing import store

pytestmark = pytest.mark.django_db


def steps_of(**fields):
    store([a_record(request_id="req_1", **fields)])
    return steps(UsageRow.objects.get())


def test_an_attempt_begins_where_the_one_before_ended():
    timing = {"duration_ms": 1200, "overhead_us": 1000, "first_byte_ms": 1100}
    found = steps_of(attempt_log=a_log(), is_streamed=True, **timing)
    assert [step.connection for step in found] == ["", "azure-eu", "azure-us", "openai", ""]
    assert [step.kind for step in found] == ["neutral", "passed", "passed", "good", "neutral"]
    first, second, third = found[1:4]
    assert abs(second.x - first.x - first.width) <= 1
    assert abs(third.x - second.x - second.width) <= 1


def test_a_told_begin_is_kept():
    log = a_log()
    log[1]["started_ms"] = 500
    found = steps_of(attempt_log=log, duration_ms=2000, overhead_us=None)
    assert found[1].x == WIDTH // 4


@pytest.mark.parametrize("duration_ms", [0, 5, 10**6])
def test_every_bar_is_seen_and_within_the_whole(duration_ms):
    for step in steps_of(attempt_log=a_log(), duration_ms=duration_ms, overhead_us=10**9):
        assert step.width > 0
        assert step.x + step.width <= WIDTH


def test_a_record_without_a_log_has_its_one_attempt():
    found = steps_of(overhead_us=None, first_byte_ms=None, upstream_request_id="up-1")
    assert [(step.connection, step.kind, step.upstream_id) for step in found] == [
        ("openai", "good", "up-1")
    ]


def test_a_refused_request_has_no_attempt():
    assert steps_of(attempts=0, status=404, overhead_us=None, first_byte_ms=None) == []
