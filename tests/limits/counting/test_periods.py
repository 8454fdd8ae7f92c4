from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from limits.counting.periods import bases_of, periods
from limits.meters.interface import Ask, Base, MeterKind
from limits.models import Period
from limits.quantities import Quantities
from limits.windows import FOREVER
from tests.limits.limits import a_limit, used_of
from tests.usage.records import a_record
from usage.models import Price, UsageRow
from usage.pruning import prune
from usage.storing import store

pytestmark = pytest.mark.django_db(transaction=True)

NOVEMBER, DECEMBER, JANUARY = 1_793_491_200, 1_796_083_200, 1_798_761_600


@pytest.fixture
def flushed():
    """What meters were told."""
    told: list[Base] = []
    periods.on_flushed = told.extend
    yield told
    periods.on_flushed = None


@pytest.fixture(autouse=True)
def price():
    return Price.objects.create(
        model="gpt-4o",
        input_per_million=1,
        output_per_million=2,
        valid_from="2020-01-01T00:00Z",
    )


def marked(number, *marks, **fields):
    return a_record(request_id=f"req_{number}", limit_marks=list(marks), **fields)


def test_what_is_stored_is_added_to_the_periods_it_is_marked_with():
    limit, other = a_limit(), a_limit(share="each_user")
    first, second = f"{limit.pk}::{NOVEMBER}", f"{other.pk}:u7:{NOVEMBER}"
    store([marked(1, first, second), marked(2, first), marked(3)])
    store([marked(4, first)])
    one = Quantities(1, 1000, 100, 1_200_000)
    assert used_of(limit) == {NOVEMBER: Quantities(3, 3000, 300, 3_600_000)}
    assert used_of(other, "u7") == {NOVEMBER: one}
    period = Period.objects.get(limit=limit)
    assert (period.records, period.end) == (3, DECEMBER)


def test_what_is_stored_again_is_added_once(flushed):
    limit = a_limit()
    mark = f"{limit.pk}::{NOVEMBER}"
    store([marked(1, mark), marked(2, mark)])
    store([marked(2, mark), marked(3, mark), marked(3, mark)])
    store([marked(1, mark)])
    assert used_of(limit)[NOVEMBER].requests == 3
    meter = f"{mark}:usd"
    assert [base._replace(reservations=tuple(sorted(base.reservations))) for base in flushed] == [
        Base(meter, 2_400_000, 2, DECEMBER, ("req_1", "req_2")),
        Base(meter, 3_600_000, 3, DECEMBER, ("req_2", "req_3")),
        Base(meter, 3_600_000, 3, DECEMBER, ("req_1",)),
    ]


def test_meters_are_told_after_the_commit_alone(flushed):
    limit = a_limit()
    with transaction.atomic():
        store([marked(1, f"{limit.pk}::{NOVEMBER}")])
        assert flushed == []
        transaction.set_rollback(True)
    assert flushed == []
    assert used_of(limit) == {}


def test_a_limit_that_is_deleted_holds_up_nothing():
    limit, gone = a_limit(), a_limit()
    marks = [f"{limit.pk}::{NOVEMBER}", f"{gone.pk}::{NOVEMBER}"]
    gone.delete()
    store([marked(1, *marks)])
    assert (used_of(limit)[NOVEMBER].requests, UsageRow.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "mark",
    ["", "x", "1:u7", "1:v7:0", f"{10**30}::0", f"1:{'a' * 50}:0", 7, ["1::0"], "١::0"],
)
def test_what_is_no_mark_is_passed_over(mark):
    limit = a_limit()
    record = replace(marked(1), limit_marks=[mark, f"{limit.pk}::{NOVEMBER}"])
    store([record])
    assert used_of(limit)[NOVEMBER].requests == 1
    assert Period.objects.count() == 1


@pytest.mark.parametrize("marks", ["1::0", 7, {"1::0": 1}])
def test_marks_that_are_no_list_hold_up_no_row(marks):
    store([replace(marked(1), limit_marks=marks)])
    assert (UsageRow.objects.count(), Period.objects.count()) == (1, 0)


def test_a_row_that_the_database_refuses_is_not_added():
    limit = a_limit()
    mark = f"{limit.pk}::{NOVEMBER}"
    store([marked(n, mark, user_id=-(2**70) if n == 3 else 7) for n in range(6)])
    assert (used_of(limit)[NOVEMBER].requests, UsageRow.objects.count()) == (5, 5)


def test_a_request_that_reached_no_upstream_is_no_request():
    limit = a_limit(metric="requests")
    mark = f"{limit.pk}::{NOVEMBER}"
    refused = {"status": 503, "attempts": 0, "connection": ""}
    nothing = {"prompt_tokens": None, "completion_tokens": None}
    failed = marked(2, mark, status=502, attempts=2, **nothing)
    cached = marked(3, mark, attempts=0, endpoint="audio/speech", **nothing)
    store([marked(1, mark, **refused, **nothing), failed, cached])
    assert used_of(limit)[NOVEMBER] == Quantities(2)
    assert Period.objects.get().records == 3


@pytest.mark.parametrize(("unpriced", "cost"), [("free", 0), ("refuse", 0), ("assume", 5500)])
def test_a_request_without_a_cost_costs_what_the_limit_assumes(unpriced, cost):
    limit = a_limit(unpriced=unpriced, assumed_per_million="0.005")
    unknown = {"model": "other", "upstream_model": "other"}
    store([marked(1, f"{limit.pk}::{NOVEMBER}", **unknown)])
    assert used_of(limit)[NOVEMBER].nanodollars == cost


def test_sound_is_counted_in_milliseconds():
    limit = a_limit(metric="audio_seconds")
    sound = {"prompt_tokens": None, "completion_tokens": None, "endpoint": "audio/transcriptions"}
    store([marked(n, f"{limit.pk}::{NOVEMBER}", audio_seconds=1.2345, **sound) for n in (1, 2)])
    assert used_of(limit)[NOVEMBER].audio_ms == 2470


def test_images_are_those_that_were_asked_for_and_answered():
    limit = a_limit(metric="images")
    mark = f"{limit.pk}::{NOVEMBER}"
    store([marked(1, mark, images=3), marked(2, mark, images=4, status=502), marked(3, mark)])
    assert used_of(limit)[NOVEMBER].images == 3


def test_a_sum_beyond_all_bounds_stops_where_the_database_does():
    limit = a_limit()
    Price.objects.create(model="gpt-4o", per_request=99_999_999, valid_from="2021-01-01T00:00Z")
    for batch in range(3):
        store([marked(batch * 50 + n, f"{limit.pk}::{NOVEMBER}") for n in range(50)])
    assert UsageRow.objects.count() == 150
    assert used_of(limit)[NOVEMBER].nanodollars > 4 * 10**18


def test_bases_are_found_by_one_query(django_assert_num_queries):
    limit, other = a_limit(), a_limit(metric="tokens", share="each_user", window="total")
    marks = [f"{limit.pk}::{NOVEMBER}", f"{other.pk}:u7:0", f"{other.pk}:u8:0"]
    store([marked(1, *marks[:2])])
    meters = [f"{marks[0]}:usd", f"{marks[1]}:tokens", f"{marks[2]}:tokens", f"{limit.pk}::usd"]
    asks = [Ask(meter, MeterKind.PERIOD, 10, 1, 1, ends_at=9.0) for meter in meters]
    with django_assert_num_queries(1):
        bases = bases_of(asks)
    assert bases == [
        Base(meters[0], 1_200_000, 1, 9.0),
        Base(meters[1], 1100, 1, 9.0),
        Base(meters[2], 0, 0, 9.0),
    ]


def test_records_without_marks_ask_nothing_of_the_periods(django_assert_max_num_queries):
    a_limit()
    with django_assert_max_num_queries(20) as queries:
        store([marked(n) for n in range(5)])
    assert not [one for one in queries.captured_queries if "limits_" in one["sql"]]


def test_many_periods_at_once():
    limit = a_limit(share="each_user")
    records = [marked(n, f"{limit.pk}:u{n % 1300}:{NOVEMBER}") for n in range(2600)]
    store(records)
    store(records)
    assert Period.objects.filter(limit=limit, records=2).count() == 1300


def test_a_period_of_a_former_window_is_kept():
    limit = a_limit(window="day")
    mark = f"{limit.pk}::{NOVEMBER}"
    store([marked(1, mark)])
    limit.window = "month"
    limit.save()
    store([marked(2, f"{limit.pk}::{NOVEMBER + 86400}")])
    assert used_of(limit)[NOVEMBER + 86400].requests == 1


@pytest.mark.parametrize(
    ("older_than", "kept"), [(30, [0, 200, 399]), (390, [0, 200, 399]), (500, [0, 200, 399, 450])]
)
def test_old_periods_are_forgotten_with_old_records(older_than, kept):
    limit, total = a_limit(window="day"), a_limit(window="total")
    now = int(time.time())
    for days in (0, 200, 399, 450, 600):
        end = now - days * 86400
        Period.objects.create(limit=limit, start=end - 86400, end=end)
    Period.objects.create(limit=total, start=0, end=FOREVER)
    prune(timedelta(days=older_than))
    ends = Period.objects.filter(limit=limit).order_by("-end").values_list("end", flat=True)
    assert [(now - end) // 86400 for end in ends] == kept
    assert Period.objects.filter(limit=total).exists()
