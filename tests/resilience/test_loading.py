"""Routes as the request path sees them."""

from __future__ import annotations

import pytest

from connections.models import Connection
from resilience.loading import load_routes
from resilience.models import ResiliencePolicy, Route, RouteTarget
from resilience.policy import DEFAULT, Ambiguous, Policy
from resilience.route import Strategy

pytestmark = pytest.mark.django_db


def test_nothing_stored_is_the_built_in_policy_for_all() -> None:
    assert load_routes().by_model == {}
    assert load_routes().of("gpt-4o").policy is DEFAULT


def test_routes_are_read_in_three_queries(django_assert_num_queries) -> None:
    one = Connection.objects.create(name="one", base_url="https://one.example/v1")
    two = Connection.objects.create(name="two", base_url="https://two.example/v1")
    patient = ResiliencePolicy.objects.create(name="patient", max_attempts=8, ambiguous="always")
    for model in ("gpt-4o", "o3"):
        route = Route.objects.create(model=model, strategy="cost", policy=patient)
        RouteTarget.objects.create(route=route, connection=two, model="b", tier=2)
        RouteTarget.objects.create(route=route, connection=one, model="a", position=1)
        RouteTarget.objects.create(route=route, connection=two, model="c", weight=0)
    Route.objects.create(model="plain", context_fallback="o3")

    with django_assert_num_queries(3):
        routes = load_routes()

    route = routes.of("gpt-4o")
    assert [target.model for target in route.targets] == ["c", "a", "b"]
    assert [target.key for target in route.targets[:2]] == [(two.pk, "c"), (one.pk, "a")]
    assert route.strategy is Strategy.COST
    assert route.policy == Policy(max_attempts=8, ambiguous=Ambiguous.ALWAYS)
    assert routes.of("plain").policy is DEFAULT
    assert routes.of("plain").context_fallback == "o3"


def test_default_row_holds_for_routes_without_a_policy_and_for_other_models() -> None:
    ResiliencePolicy.objects.create(name="mine", is_default=True, patience_seconds=1)
    Route.objects.create(model="gpt-4o")

    routes = load_routes()

    assert routes.of("gpt-4o").policy == routes.of("other").policy == Policy(patience_seconds=1)


def test_target_of_a_deleted_connection_keeps_its_place() -> None:
    connection = Connection.objects.create(name="one", base_url="https://one.example/v1")
    route = Route.objects.create(model="gpt-4o")
    RouteTarget.objects.create(route=route, connection=connection, model="a")
    connection.delete()

    assert [target.key for target in load_routes().of("gpt-4o").targets] == [(0, "a")]
