from __future__ import annotations

import pytest
from django.db.models import Sum

from tests.usage.records import a_record
from usage.failing import (
    FAILURES,
    IS_FAILED,
    IS_FAILED_SQL,
    IS_FAILURE,
    IS_FAILURE_SQL,
    has_failed,
    is_unanswered,
)
from usage.models import UsageHour, UsageRow
from usage.storing import store


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "error_code", "is_failed"),
    [
        (200, "", False),
        (200, "upstream_broke_off", True),
        (404, "", True),
        (499, "", True),
        (0, "", False),
        (0, "server_error", True),
    ],
)
def test_records_rows_and_queries_agree(status: int, error_code: str, is_failed: bool) -> None:
    record = a_record(status=status, error_code=error_code)
    store([record])
    row = UsageRow.objects.get()
    assert has_failed(record) is has_failed(row) is is_failed
    assert UsageRow.objects.filter(IS_FAILED).exists() is is_failed
    assert UsageRow.objects.extra(where=[IS_FAILED_SQL]).exists() is is_failed
    assert is_unanswered(row) is (is_failed or not status)


@pytest.mark.django_db
@pytest.mark.parametrize("is_client_gone", [False, True])
@pytest.mark.parametrize(("status", "error_code"), [(200, ""), (502, "upstream_error"), (499, "")])
def test_a_failure_is_one_that_failed_while_its_client_waited(
    *, status: int, error_code: str, is_client_gone: bool
) -> None:
    store([a_record(status=status, error_code=error_code, is_client_gone=is_client_gone)])
    is_failure = status != 200 and not is_client_gone
    assert UsageRow.objects.filter(IS_FAILURE).exists() is is_failure
    assert UsageRow.objects.extra(where=[IS_FAILURE_SQL]).exists() is is_failure
    assert UsageHour.objects.aggregate(sum=Sum(FAILURES))["sum"] == is_failure
