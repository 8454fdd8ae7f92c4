"""What pages are measured with looks as if the flusher had stored it."""

import pytest

from accounts.models import ApiKey, User
from benchmarks.filling import Scale, fill
from usage.hours import TAKEN, add
from usage.models import UsageHour, UsageRow

pytestmark = pytest.mark.django_db

SMALL = Scale(models=20, connections=2, groups=3, users=10, requests=500, days=2)


def totals():
    rows = UsageHour.objects.order_by("hour", "user_id", "model").values()
    return [{name: value for name, value in row.items() if name != "id"} for row in rows]


def test_the_totals_are_those_of_the_rows():
    fill(SMALL)
    filled = totals()
    assert sum(row["requests"] for row in filled) == SMALL.requests
    UsageHour.objects.all().delete()
    add(UsageRow.objects.values_list(*TAKEN))
    assert filled == totals()


def test_rows_name_users_and_keys_that_are_there():
    fill(SMALL)
    row = UsageRow.objects.filter(status=502).first()
    assert row.attempt_log[0]["error_text"]
    assert User.objects.get(pk=row.user_id).username == row.username
    key = ApiKey.objects.get(pk=row.key_id)
    assert (key.user_id, key.hint) == (row.user_id, row.key_hint)
    assert set(User.objects.get(pk=row.user_id).groups.values_list("name", flat=True)) <= {
        "group-000",
        "group-001",
        "group-002",
    }
