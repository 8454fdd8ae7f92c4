"""Reports that share their queries say what each would say by itself, and what the records say."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.usage.records import a_record
from usage.models import Price, UsageRow
from usage.pruning import prune
from usage.report_lines import SUMS, By
from usage.report_sums import columns_of
from usage.reports import report, reports
from usage.storing import store

NOW = datetime.now(UTC)
SINCE, UNTIL = NOW - timedelta(days=120), NOW - timedelta(minutes=5)
ZONE = "Asia/Kolkata"  # whose hours are half an hour off
ALONE = [By.USER, By.MODEL, By.CONNECTION, By.KEY, By.GROUP, By.HOUR, By.DAY, By.MONTH]


@pytest.fixture(params=[False, True], ids=["rows", "pruned"])
def requests(request, db, settings):
    settings.TIME_ZONE = ZONE
    Price.objects.create(
        model="m*", input_per_million="0.001", valid_from=NOW - timedelta(days=900)
    )
    store(
        [
            a_record(
                request_id=f"req_{n:06d}",
                user_id=n % 3,
                username=f"user-{n % 3}",
                key_hint=f"sk-gw-…000{n % 4}",
                model=f"m{n % 5}",
                connection=f"c{n % 2}",
                prompt_tokens=1000 + n,
                status=200 if n % 7 else 502,
                accepted_at=(NOW - timedelta(hours=25 * n + 1)).timestamp(),
            )
            for n in range(100)
        ]
    )
    rows = list(UsageRow.objects.filter(accepted_at__gte=SINCE, accepted_at__lt=UNTIL))
    if request.param:
        prune(timedelta(days=30))
    return rows


def test_reports_together_are_those_of_each_alone(requests):
    together = reports(ALONE, since=SINCE, until=UNTIL)
    assert list(together) == ALONE
    for by in ALONE:
        assert together[by] == report(by, since=SINCE, until=UNTIL), by


def test_sums_are_those_of_the_records_to_the_nano_dollar(requests):
    costs: defaultdict[tuple[By, str], Decimal] = defaultdict(Decimal)
    counts: defaultdict[tuple[By, str], int] = defaultdict(int)
    for row in requests:
        day = row.accepted_at.astimezone(ZoneInfo(ZONE))
        for by, group in (
            (By.USER, row.username),
            (By.MODEL, row.model),
            (By.CONNECTION, row.connection),
            (By.DAY, f"{day:%Y-%m-%d}"),
        ):
            costs[by, group] += row.cost or 0
            counts[by, group] += 1
    wanted = (By.DAY, By.USER, By.MODEL, By.CONNECTION)
    lines = reports(wanted, since=SINCE, until=UNTIL)
    told = [(by, line) for by in wanted for line in lines[by]]
    assert {(by, line.group): line.requests for by, line in told} == counts
    nano = Decimal("0.000000001")
    for by, line in told:
        assert line.cost.quantize(nano) == costs[by, line.group].quantize(nano), (by, line.group)


def test_figures_that_are_not_asked_for_are_zero_and_the_rest_is_as_ever(requests):
    figures = ("requests", "cost")
    some = reports([By.MODEL], since=SINCE, until=UNTIL, figures=figures)[By.MODEL]
    whole = report(By.MODEL, since=SINCE, until=UNTIL)
    assert [line.group for line in some] == [line.group for line in whole]
    for short, line in zip(some, whole, strict=True):
        assert {name: getattr(short, name) for name in SUMS} == {
            name: getattr(line, name) if name in figures else 0 for name in SUMS
        }


def test_users_models_and_connections_are_read_in_one_pass(requests):
    wanted = (By.DAY, By.USER, By.MODEL, By.CONNECTION)
    with CaptureQueriesContext(connection) as queries:
        reports(wanted, since=SINCE, until=UNTIL)
    read = [query["sql"] for query in queries if "usage_usagehour" in query["sql"]]
    assert len([statement for statement in read if "GROUP BY" in statement]) == 2


def test_groupings_share_the_columns_that_they_have_in_common():
    assert columns_of((By.USER, By.GROUP, By.MODEL)) == ("user_id", "username", "model")
    assert columns_of((By.DAY, By.MONTH)) == ("of_time",)
