import pytest
from django.urls import reverse

from limits.models import Limit
from limits.reading.labels import counted
from usage.counted_limits import CountedLimits, counted_limits

pytestmark = pytest.mark.django_db


def test_marks_have_the_labels_of_their_limits_once():
    limit = Limit.objects.create(
        label="web-daily", subject_kind="everyone", metric="usd", window="day", amount=5
    )
    found = counted([f"{limit.pk}:u7:0", f"{limit.pk}:u7:86400", "999::0", "nonsense"])
    assert [each.label for each in found] == ["web-daily", "limit 999 (deleted)"]
    assert found[0].url == reverse("admin:limits_limit_change", args=[limit.pk])
    assert found[1].url == ""


def test_without_marks_nothing_is_asked(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert counted([]) == []


def test_the_room_of_limits_says_the_labels_of_records():
    assert [each.label for each in CountedLimits().of(["1::0"])] == ["1::0"]
    assert [each.label for each in counted_limits.of(["1::0"])] == ["limit 1 (deleted)"]
