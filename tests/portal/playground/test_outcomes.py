"""Records of requests in the words of the page."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from accounts.models import User
from portal.playground.outcomes import outcome_of
from usage.models import Price, UsageRow

pytestmark = pytest.mark.django_db
ROW = {
    "accepted_at": datetime(2026, 11, 1, tzinfo=UTC),
    "username": "ada",
    "key_id": "00000000-0000-0000-0000-000000000001",
    "key_hint": "playground",
    "model": "fast",
    "upstream_model": "gpt-5.2",
    "connection": "a-connection",
    "endpoint": "chat/completions",
    "surface": "openai",
    "is_streamed": True,
    "status": 200,
    "attempts": 2,
    "is_client_gone": False,
    "prompt_tokens": 9,
    "completion_tokens": 40,
    "tokens_from": "upstream",
    "duration_ms": 900,
    "chunks": 3,
    "bytes_received": 1,
    "bytes_sent": 1,
}


@pytest.fixture
def ada():
    return User.objects.create_user("ada")


def row_of(user, **fields):
    return UsageRow.objects.create(request_id="req_1", user_id=user.pk, **(ROW | fields))


def test_it_tells_which_model_served_and_nothing_of_the_connection(ada):
    row_of(ada)
    found = outcome_of(ada, "req_1")
    assert (found["served_by"], found["attempts"]) == ("gpt-5.2", 2)
    assert found["tokens"] == "9 in, 40 out"
    assert "a-connection" not in str(found)


@pytest.mark.parametrize("request_id", ["req_2", "", "req_\0"])
def test_a_request_that_is_not_there_is_none(ada, request_id):
    row_of(ada)
    assert outcome_of(ada, request_id) is None


def test_a_request_of_another_person_is_none(ada):
    row_of(User.objects.create_user("bob"))
    assert outcome_of(ada, "req_1") is None
    assert outcome_of(User.objects.create_superuser("root"), "req_1") is None


@pytest.mark.parametrize(
    ("cost", "shown"),
    [
        (None, "unknown: no price is set"),
        (Decimal("0.00125"), "$0.001250"),
        (Decimal("0.0000000002"), "less than $0.000001"),
        (Decimal("12.3456"), "$12.35"),
        (Decimal(0), "$0.000000"),
    ],
)
def test_costs_are_in_dollars(ada, cost, shown):
    row_of(ada, cost=cost)
    assert outcome_of(ada, "req_1")["cost"] == shown


def test_estimates_are_told_as_such(ada):
    price = Price.objects.create(model="gpt-5.2", source="estimate")
    row_of(ada, cost=Decimal("0.5"), price=price, tokens_from="estimated")
    found = outcome_of(ada, "req_1")
    assert found["cost"] == "about $0.500000"
    assert found["tokens"] == "9 in, 40 out (estimated)"
