"""``route show`` and ``route test``."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from connections.models import Connection
from models_registry.models import ModelGrant
from resilience.models import ResiliencePolicy, Route, RouteTarget
from tests.support.upstream import ScriptedUpstream, json_response

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def route(connection: Connection) -> Route:
    off = Connection.objects.create(name="off", base_url="https://off.example/v1", is_enabled=False)
    policy = ResiliencePolicy.objects.create(name="patient", max_attempts=5)
    route = Route.objects.create(model="chat", policy=policy, context_fallback="o1")
    RouteTarget.objects.create(route=route, connection=connection, model="gpt-4o", tier=2, weight=3)
    RouteTarget.objects.create(route=route, connection=off, model="gpt-4o")
    return route


def run(*arguments: str) -> tuple[int, str]:
    """The exit code and what was said."""
    out = StringIO()
    try:
        call_command("route", *arguments, stdout=out, stderr=out)
    except SystemExit as exc:
        return int(exc.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_route_is_shown_in_order_with_the_reasons(route: Route) -> None:
    code, said = run("show", "chat")

    assert code == 3
    assert said.splitlines() == [
        "chat: its route; strategy first; at most 5 attempts, 60 s to the first content",
        "  tier 1  weight 1  off/gpt-4o  left out: the connection is disabled",
        "  tier 2  weight 3  one/gpt-4o",
        "  Requests that are too long: o1.",
    ]


def test_route_is_told_as_json(route: Route) -> None:
    told = json.loads(run("show", "chat", "--json")[1])

    assert (told["is_route"], told["strategy"]) == (True, "first")
    assert told["policy"]["max_attempts"] == 5
    assert told["targets"] == [
        {
            "connection": "off",
            "model": "gpt-4o",
            "tier": 1,
            "weight": 1,
            "left_out": "the connection is disabled",
            "state": None,
        },
        {"connection": "one", "model": "gpt-4o", "tier": 2, "weight": 3, "left_out": None}
        | {"state": None},
    ]


def test_model_without_a_route_is_shown_by_priority(connection: Connection) -> None:
    code, said = run("show", "gpt-4o")

    assert code == 0
    assert "no route, so by priority of the connections" in said
    assert "one/gpt-4o" in said


def test_route_that_nothing_serves_says_so(route: Route, connection: Connection) -> None:
    connection.delete()

    code, said = run("show", "chat")

    assert code == 1
    assert "a deleted connection/gpt-4o  left out: its connection was deleted" in said
    assert "No target can be used, so calls of it find no model." in said


def test_unknown_model_is_refused(connection: Connection) -> None:
    with pytest.raises(CommandError, match="There is no model gpt-5") as refused:
        run("show", "gpt-5")

    assert refused.value.returncode == 2


def test_trial_asks_for_models_and_for_no_response(
    route: Route, upstream: ScriptedUpstream
) -> None:
    code, said = run("test", "chat")

    assert code == 3
    assert "one/gpt-4o  ok" in said
    assert {(each.method, each.target) for each in upstream.requests} == {("GET", "/v1/models")}


def test_trial_tells_what_broke(connection: Connection, upstream: ScriptedUpstream) -> None:
    run("show", "gpt-4o")  # its list of models is known now
    upstream.on("GET", "/v1/models", json_response({}, status=401))

    code, said = run("test", "gpt-4o", "--json")

    [target] = json.loads(said)["targets"]
    assert (code, target["verification"]["outcome"]) == (1, "failed")


def test_access_is_explained_by_the_route(route: Route) -> None:
    User.objects.create_user("alice")
    ModelGrant.objects.create(pattern="one/*", everyone=True)
    out = StringIO()

    with pytest.raises(SystemExit):
        call_command("explain_access", "alice", "chat", stdout=out)

    assert "It is a route: grants count that cover its own id" in out.getvalue()
    assert "The route leaves out off/gpt-4o: the connection is disabled." in out.getvalue()
    ModelGrant.objects.create(pattern="chat", everyone=True)
    call_command("explain_access", "alice", "chat", stdout=out)
    assert "one/gpt-4o: chat is granted to everyone" in out.getvalue()
