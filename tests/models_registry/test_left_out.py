"""Why a target of a route serves nobody, in commands and on the admin's pages."""

from __future__ import annotations

import pytest

from connections.models import Connection
from models_registry.left_out import incomplete_routes, places_of
from models_registry.models import RegisteredModel
from models_registry.registration import Registration
from resilience.route import Route, RouteTarget
from tests.support.builders import a_snapshot, an_upstream, the_targets

pytestmark = pytest.mark.django_db


def a_connection(name: str, **fields: object) -> Connection:
    return Connection.objects.create(name=name, base_url=f"https://{name}.example/v1", **fields)


def test_each_target_has_its_reason() -> None:
    one, off = a_connection("one"), a_connection("off", is_enabled=False)
    RegisteredModel.objects.create(connection=one, model="secret", is_hidden=True)
    places = [
        (one.pk, "gpt-4o", 3),
        (one.pk, "secret", 1),
        (one.pk, "unknown", 1),
        (off.pk, "gpt-4o", 1),
        (0, "gpt-4o", 2),
    ]
    route = Route(
        model="chat",
        targets=tuple(RouteTarget(connection_id=c, model=m, tier=tier) for c, m, tier in places),
    )
    upstream = an_upstream("one", id=one.pk)
    hidden = {"secret": Registration(is_hidden=True)}
    snapshot = a_snapshot(*the_targets(upstream, "gpt-4o", "secret", **hidden), routes=[route])

    assert [(place.name, place.left_out) for place in places_of(snapshot, route)] == [
        ("one/secret", "the model is hidden"),
        ("one/unknown", "the connection does not offer the model"),
        ("off/gpt-4o", "the connection is disabled"),
        ("a deleted connection/gpt-4o", "its connection was deleted"),
        ("one/gpt-4o", ""),
    ]
    assert [found for found, _ in incomplete_routes(snapshot)] == [route]


def test_complete_routes_cost_no_query(django_assert_num_queries) -> None:
    route = Route(model="chat", targets=(RouteTarget(connection_id=1, model="gpt-4o"),))
    snapshot = a_snapshot(*the_targets(an_upstream(id=1), "gpt-4o"), routes=[route])

    with django_assert_num_queries(0):
        assert list(incomplete_routes(snapshot)) == []


def test_many_incomplete_routes_cost_two_queries(django_assert_num_queries) -> None:
    routes = [
        Route(model=f"chat-{n}", targets=(RouteTarget(connection_id=n, model="gpt-4o"),))
        for n in range(7)
    ]
    snapshot = a_snapshot(routes=routes)

    with django_assert_num_queries(2):
        assert [route for route, _ in incomplete_routes(snapshot)] == routes
