"""Filters of usage records: whole names, and moments in the zone of the gateway."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from tests.usage.records import a_record
from usage.storing import store

pytestmark = pytest.mark.django_db
ROWS = reverse("admin:usage_usagerow_changelist")
AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def found(client, **query):
    return {row.pk for row in client.get(ROWS, query).context["cl"].result_list}


@pytest.fixture
def rows():
    store(
        [
            a_record(request_id="req_o1", model="o1", accepted_at=AT.timestamp()),
            a_record(request_id="req_mini", model="o1-mini", connection="", user_id=77),
        ]
    )


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"model": "o1"}, {"req_o1"}),
        ({"model": "o"}, set()),
        ({"model": "", "connection": "", "username": ""}, {"req_o1", "req_mini"}),
        ({"user_id": "77"}, {"req_mini"}),
    ],
    ids=["whole", "part", "empty", "number"],
)
def test_a_text_is_the_whole_field(admin_client, rows, query, ids):
    assert found(admin_client, **query) == ids


def test_a_filter_shows_what_it_was_given(admin_client, rows):
    page = admin_client.get(ROWS, {"model": "o1"}).content.decode()
    assert 'name="model" value="o1"' in page
    assert "Model, the whole of it" in page


def test_a_word_in_place_of_a_number_leads_back_to_the_list(admin_client, rows):
    assert admin_client.get(ROWS, {"user_id": "x"}).status_code == 302


@pytest.mark.parametrize(
    "query",
    [
        {"username": "a\0"},
        {"error_code": "\0"},
        {"error_code__icontains": ["a", "\0"]},
        {"surface": "\0"},
        {"username__regex": "("},
        {"username__iregex": "("},
    ],
    ids=["whole", "field", "one of two", "without a filter", "pattern", "pattern in any case"],
)
def test_what_the_database_cannot_look_for_is_refused(admin_client, rows, query):
    assert admin_client.get(ROWS, query).status_code == 400


def test_a_part_of_an_error_code_can_be_looked_for(admin_client, rows):
    store([a_record(request_id="req_failed", status=502, error_code="upstream_error")])
    assert found(admin_client, error_code__icontains="upstream") == {"req_failed"}


@pytest.mark.parametrize(
    ("day", "time", "is_found"),
    [
        ("2026-05-01", "14:00", True),
        ("2026-05-01", "14:00:01", False),
        ("2026-05-01", "", True),
        ("2026-05-02", "", False),
        ("nonsense", "14:00", True),
    ],
)
def test_moments_are_in_the_zone_of_the_gateway(admin_client, rows, settings, day, time, is_found):
    settings.TIME_ZONE = "Europe/Berlin"
    query = {"model": "o1", "accepted_at_from_0": day, "accepted_at_from_1": time}
    assert found(admin_client, **query) == ({"req_o1"} if is_found else set())
