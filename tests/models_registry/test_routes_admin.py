"""The admin's pages of routes and policies."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from connections.models import Connection
from resilience.loading import load_routes
from resilience.models import ResiliencePolicy, Route, RouteTarget

pytestmark = pytest.mark.django_db
ADD = "/admin/resilience/route/add/"


@pytest.fixture
def connection() -> Connection:
    return Connection.objects.create(name="one", base_url="https://one.example/v1")


def form(*targets: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """What a browser sends of a new route."""
    sent = {"model": "chat", "strategy": "first", "targets-INITIAL_FORMS": 0} | fields
    for number, target in enumerate(targets):
        values = {"tier": 1, "weight": 1, "position": 0} | target
        sent |= {f"targets-{number}-{name}": value for name, value in values.items()}
    return sent | {"targets-TOTAL_FORMS": len(targets)}


def text_of(response: Any) -> str:
    return html.unescape(response.content.decode())


def test_route_is_made_with_its_targets(admin_client: Client, connection: Connection) -> None:
    targets = [{"connection": connection.pk, "model": model} for model in ("gpt-4o", "gpt-4.1")]

    assert admin_client.post(ADD, form(*targets)).status_code == 302

    route = Route.objects.get()
    assert [str(target) for target in route.targets.all()] == ["one/gpt-4o", "one/gpt-4.1"]
    assert LogEntry.objects.get().object_repr == "chat"
    listed = text_of(admin_client.get("/admin/resilience/route/"))
    assert "one/gpt-4o, one/gpt-4.1" in listed
    assert text_of(admin_client.get(reverse("admin:resilience_route_change", args=[route.pk])))


@pytest.mark.parametrize(
    ("targets", "fields", "words"),
    [
        ([{"model": "m"}], {}, "This field is required"),
        ([{"connection": "ok", "model": "m"}] * 2, {}, "duplicate data for connection and model"),
        ([{"connection": "ok", "model": "m", "weight": -1}], {}, "greater than or equal to 0"),
        ([{"connection": "ok", "model": "m", "tier": 0}], {}, "greater than or equal to 1"),
        ([], {"context_fallback": "chat"}, "A route cannot be its own fallback"),
        ([], {"model": "one/chat"}, "An id that begins with one/ calls"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    admin_client: Client, connection: Connection, targets: list, fields: dict, words: str
) -> None:
    chosen = [
        each | ({"connection": connection.pk} if "connection" in each else {}) for each in targets
    ]

    response = admin_client.post(ADD, form(*chosen, **fields))

    assert words in text_of(response)
    assert not Route.objects.exists()


def test_list_asks_a_fixed_number_of_queries(
    admin_client: Client, connection: Connection, django_assert_max_num_queries
) -> None:
    for number in range(5):
        route = Route.objects.create(model=f"chat-{number}")
        RouteTarget.objects.create(route=route, connection=connection, model="m")

    with django_assert_max_num_queries(10):
        admin_client.get("/admin/resilience/route/")


def test_deletion_of_a_connection_tells_which_routes_lose_what(
    admin_client: Client, connection: Connection
) -> None:
    other = Connection.objects.create(name="two", base_url="https://two.example/v1")
    for model, connections in {"chat": [connection], "both": [connection, other]}.items():
        route = Route.objects.create(model=model)
        for each in connections:
            RouteTarget.objects.create(route=route, connection=each, model="m")

    page = reverse("admin:connections_connection_delete", args=[connection.pk])
    told = text_of(admin_client.get(page))

    assert "The route chat loses one/m. It has no other: calls of chat find no model then." in told
    assert "The route both loses one/m.<" in told


@pytest.mark.parametrize("has_targets", [True, False])
def test_deletion_of_a_route_tells_who_serves_then(
    admin_client: Client, connection: Connection, has_targets: bool
) -> None:
    route = Route.objects.create(model="chat")
    if has_targets:
        RouteTarget.objects.create(route=route, connection=connection, model="m")

    told = text_of(admin_client.get(reverse("admin:resilience_route_delete", args=[route.pk])))

    words = "1 target serves chat no longer" if has_targets else "Connections serve as before"
    assert words in told


def test_policy_that_a_route_names_is_not_deleted(admin_client: Client) -> None:
    policy = ResiliencePolicy.objects.create(name="patient")
    Route.objects.create(model="chat", policy=policy)
    page = reverse("admin:resilience_resiliencepolicy_delete", args=[policy.pk])

    assert "These routes name it, so it stays: chat." in text_of(admin_client.get(page))
    admin_client.post(page, {"post": "yes"})

    assert ResiliencePolicy.objects.exists()


def test_policy_is_saved_and_one_out_of_range_refused(admin_client: Client) -> None:
    page = "/admin/resilience/resiliencepolicy/add/"
    sent = {
        "name": "patient",
        "is_default": "on",
        "max_attempts": 8,
        "retry_budget_percent": 20,
        "ambiguous": "never",
        "deadline_seconds": 60,
        "patience_seconds": 5,
        "hedge_after_seconds": 0.5,
    }

    refused = admin_client.post(page, sent | {"max_attempts": 9})
    assert "less than or equal to 8" in text_of(refused)
    assert admin_client.post(page, sent).status_code == 302
    assert load_routes().default.policy.max_attempts == 8
