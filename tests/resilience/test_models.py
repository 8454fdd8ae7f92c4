"""Rows of routes and policies: what they refuse, and what stays when others go."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from accounts import changes
from connections.models import Connection
from resilience.loading import load_routes
from resilience.models import ResiliencePolicy, Route, RouteTarget
from resilience.policy import DEFAULT

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    return Connection.objects.create(name="openai", base_url="https://one.example/v1")


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"max_attempts": 0}, "max_attempts", "greater than or equal to 1"),
        ({"max_attempts": 9}, "max_attempts", "less than or equal to 8"),
        ({"deadline_seconds": 0}, "deadline_seconds", "greater than or equal to 1"),
        ({"patience_seconds": -1}, "patience_seconds", "greater than or equal to 0"),
        ({"ambiguous": "perhaps"}, "ambiguous", "not a valid choice"),
        ({"retry_budget_percent": 101}, "retry_budget_percent", "less than or equal to 100"),
        ({"hedge_after_seconds": 0.1}, "hedge_after_seconds", "greater than or equal to 0.5"),
        ({"name": "a\nb"}, "name", "control character"),
    ],
)
def test_policy_out_of_range_is_refused(fields: dict, field: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ResiliencePolicy(**{"name": "patient"} | fields).full_clean()

    assert words in " ".join(refused.value.message_dict[field])


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"model": "gpt-*"}, "model", "cannot hold a *"),
        ({"model": "../x"}, "model", "not a valid model id"),
        ({"model": "openai/gpt-4o"}, "model", "calls that connection's own models"),
        ({"strategy": "best"}, "strategy", "not a valid choice"),
        ({"context_fallback": "gpt-4o"}, "context_fallback", "its own fallback"),
        ({"content_fallback": "gpt-4o"}, "content_fallback", "its own fallback"),
    ],
)
def test_route_that_makes_no_sense_is_refused(
    connection: Connection, fields: dict, field: str, words: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        Route(**{"model": "gpt-4o"} | fields).full_clean()

    assert words in " ".join(refused.value.message_dict[field])


def test_target_needs_a_connection_and_a_tier_above_0(connection: Connection) -> None:
    route = Route.objects.create(model="gpt-4o")

    with pytest.raises(ValidationError) as refused:
        RouteTarget(route=route, model="m", tier=0, weight=-1).full_clean()

    assert refused.value.message_dict.keys() == {"connection", "tier", "weight"}


def test_target_stands_in_a_route_once(connection: Connection) -> None:
    route = Route.objects.create(model="gpt-4o")
    RouteTarget.objects.create(route=route, connection=connection, model="m")

    with pytest.raises(ValidationError, match="has this target already"):
        RouteTarget(route=route, connection=connection, model="m").full_clean()


def test_new_row_is_the_built_in_policy() -> None:
    assert ResiliencePolicy(name="new").policy() == DEFAULT
    assert load_routes().default.policy is DEFAULT


def test_policy_that_becomes_the_default_takes_the_place_of_the_one_before() -> None:
    before = ResiliencePolicy.objects.create(name="one", is_default=True)
    ResiliencePolicy.objects.create(name="two", is_default=True, max_attempts=5)

    before.refresh_from_db()
    assert not before.is_default
    assert load_routes().default.policy.max_attempts == 5


def test_database_holds_one_default_policy() -> None:
    ResiliencePolicy.objects.create(name="one", is_default=True)

    with pytest.raises(IntegrityError), transaction.atomic():
        ResiliencePolicy.objects.bulk_create([ResiliencePolicy(name="two", is_default=True)])


def test_policy_that_a_route_uses_cannot_be_deleted() -> None:
    policy = ResiliencePolicy.objects.create(name="patient")
    Route.objects.create(model="gpt-4o", policy=policy)

    with pytest.raises(ProtectedError):
        policy.delete()


def test_target_outlives_its_connection(connection: Connection) -> None:
    route = Route.objects.create(model="gpt-4o")
    RouteTarget.objects.create(route=route, connection=connection, model="m")

    connection.delete()

    assert str(route.targets.get()) == "a deleted connection/m"


def test_every_change_is_announced(
    connection: Connection, django_capture_on_commit_callbacks
) -> None:
    seen = [changes.current_versions()]

    def note(change) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            change()
        seen.append(changes.current_versions())

    route, policy = Route(model="gpt-4o"), ResiliencePolicy(name="patient")
    target = RouteTarget(route=route, connection=connection, model="m")
    for row in (policy, route, target):
        note(row.save)
    for row in (target, route, policy):
        note(row.delete)

    versions = [each["version"] for each in seen]
    assert versions == sorted(set(versions))
