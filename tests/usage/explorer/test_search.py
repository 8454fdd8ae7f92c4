"""Searches are by indexes: on small tables, too, where the database is told to use them."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from tests.usage.records import a_record
from usage.explorer.asked import Asked
from usage.explorer.search import begins
from usage.models import UsageRow
from usage.storing import store

pytestmark = pytest.mark.django_db


def plan(rows):
    store([a_record(request_id=f"req_{n}") for n in range(5)])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
    return rows.explain()


def asked(**values):
    return Asked.read(values, now=datetime.now(UTC)).rows(UsageRow.objects.all())


@pytest.mark.parametrize(
    ("values", "index"),
    [
        ({"state": "failed"}, "usage_row_failed"),
        ({"state": "left"}, "usage_row_left"),
        ({"state": "slow"}, "usage_row_slow"),
        ({"model": "o1"}, "usage_row_model_time"),
        ({"connection": "eu"}, "usage_usagerow_accepted_at"),
        ({"user_id": "1"}, "usage_row_user_time"),
        ({"period": "hour"}, "usage_usagerow_accepted_at"),
    ],
)
def test_a_selection_has_an_index_in_the_order_of_the_list(values, index):
    found = plan(asked(**values).order_by("-accepted_at")[:50])
    assert index in found
    assert "TEMP B-TREE" not in found
    assert "Sort" not in found


@pytest.mark.parametrize(
    ("field", "index"),
    [
        ("request_id", ("usage_usagerow_request_id", "sqlite_autoindex_usage_usagerow")),
        ("client_request_id", ("usage_row_client_id",)),
        ("upstream_request_id", ("usage_row_upstream_id",)),
        ("model", ("usage_row_model_time",)),
    ],
)
def test_a_beginning_has_an_index(field, index):
    found = plan(UsageRow.objects.filter(begins(field, "abc")).order_by())
    assert any(name in found for name in index)


@pytest.mark.parametrize("text", ["50%", "a_b", "a\\", "é", "\U0010ffff"])
def test_a_beginning_is_taken_literally(text):
    store([a_record(request_id="req_1", model=f"{text}x"), a_record(request_id="req_2", model="z")])
    found = UsageRow.objects.filter(begins("model", text))
    assert [row.pk for row in found] == ["req_1"]
