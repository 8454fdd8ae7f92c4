"""Routes in configuration files: read, compared, written."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from connections.configuration.entry import EntryError
from connections.models import Connection
from gateway_project.config_file.applying import apply_document
from gateway_project.config_file.document import read_document
from gateway_project.config_file.exporting import export_document
from gateway_project.config_file.source import ConfigFileError
from resilience.configuration.routes import RouteSpec
from resilience.loading import load_routes
from resilience.models import ResiliencePolicy, Route
from resilience.policy import Policy

pytestmark = pytest.mark.django_db

ROUTE = {
    "model": "gpt-4o",
    "strategy": "weighted",
    "targets": [
        {"connection": "openai", "model": "gpt-4o", "tier": 2},
        {"connection": "azure-eu", "model": "gpt4o-eu", "tier": 1, "weight": 3},
        {"connection": "openai", "model": "gpt-4o-2024"},
    ],
    "context_fallback": "gpt-4.1",
    "policy": {"max_attempts": 4, "patience_seconds": 2.5, "ambiguous": "unbilled"},
}


@pytest.fixture(autouse=True)
def connections() -> None:
    for name in ("openai", "azure-eu"):
        Connection.objects.create(name=name, base_url=f"https://{name}.example/v1")


def applied(**sections: Any) -> list[str]:
    document = read_document(yaml.safe_dump(sections))
    return [str(difference) for difference in apply_document(document)]


def test_import_brings_a_route_with_its_targets_by_tier() -> None:
    [told] = applied(routes=[ROUTE])

    route = load_routes().of("gpt-4o")
    assert told.startswith("+ route gpt-4o: strategy first → weighted; context_fallback none → ")
    assert "azure-eu/gpt4o-eu (tier 1, weight 3), openai/gpt-4o-2024 (tier 1)" in told
    assert [target.model for target in route.targets] == ["gpt4o-eu", "gpt-4o-2024", "gpt-4o"]
    assert route.policy == Policy(max_attempts=4, patience_seconds=2.5, ambiguous="unbilled")


def test_second_import_changes_nothing() -> None:
    applied(routes=[ROUTE])
    targets = list(Route.objects.get().targets.values_list("pk", flat=True))

    assert applied(routes=[ROUTE]) == ["  route gpt-4o"]
    assert list(Route.objects.get().targets.values_list("pk", flat=True)) == targets


def test_values_of_a_routes_own_policy_are_changed_in_their_row() -> None:
    applied(routes=[ROUTE])

    [told] = applied(routes=[ROUTE | {"policy": {"max_attempts": 5}}])

    assert told == "~ route gpt-4o: policy now {'max_attempts': 5}"
    assert ResiliencePolicy.objects.get().policy() == Policy(max_attempts=5)


def test_route_without_a_policy_has_the_default_again() -> None:
    applied(routes=[ROUTE])
    del (entry := dict(ROUTE))["policy"]

    assert applied(routes=[entry]) == ["~ route gpt-4o: policy route gpt-4o → the default"]


def test_policies_are_shared_by_name() -> None:
    policies = [{"name": "patient", "max_attempts": 8}, {"name": "all", "default": True}]
    routes = [{"model": "a", "policy": "patient"}, {"model": "b", "policy": "patient"}]

    assert applied(policies=policies, routes=routes) == [
        "+ policy patient: max_attempts 3 → 8",
        "+ policy all: is the default",
        "+ route a: policy the default → patient",
        "+ route b: policy the default → patient",
    ]


def test_export_reads_back_to_the_same() -> None:
    applied(
        policies=[{"name": "patient", "deadline_seconds": 90, "hedges": True, "default": True}],
        routes=[ROUTE, {"model": "plain"}, {"model": "o3", "policy": "patient"}],
    )
    before, exported = load_routes(), export_document(with_secrets=True).content
    Route.objects.all().delete()
    ResiliencePolicy.objects.all().delete()

    apply_document(read_document(exported))

    assert load_routes() == before
    assert export_document(with_secrets=True).content == exported


def test_target_of_a_deleted_connection_is_told_and_left_out() -> None:
    applied(routes=[ROUTE, {"model": "o3", "targets": [{"connection": "azure-eu", "model": "o3"}]}])
    Connection.objects.get(name="azure-eu").delete()

    export = export_document(with_secrets=True)

    [route] = yaml.safe_load(export.content)["routes"]
    assert [target["connection"] for target in route["targets"]] == ["openai", "openai"]
    assert export.left_out == (
        "Targets of the route gpt-4o without a connection: left out.",
        "The route o3 without a connection: left out.",
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"strategy": "frist"}, r"strategy must be one of .* \(did you mean first\?\)"),
        ({"targets": {"connection": "openai"}}, "targets must be a list of targets"),
        ({"targets": [{"connection": "openai"}]}, "targets model is missing"),
        ({"targets": [{"connection": "", "model": "m"}]}, "a connection without a name"),
        ({"targets": ["openai/m"]}, "targets must be a mapping"),
        (
            {"targets": [{"connection": "openai", "model": "m", "tier": 0}]},
            "tier: .*greater than or equal to 1",
        ),
        (
            {"targets": [{"connection": "openai", "model": "m", "weight": -1}]},
            "weight must be a whole number of at least 0",
        ),
        ({"targets": [{"connection": "openai", "model": "m"}] * 2}, "the same target twice"),
        ({"policy": {"max_attempts": 9}}, "policy max_attempts is not valid"),
        ({"policy": {"attempts": 2}}, "policy attempts is not a field"),
        ({"policy": 3}, "policy must be the name of a policy, or a mapping"),
        ({"model": "gpt-*"}, "model is not valid. A model id cannot hold"),
    ],
)
def test_entry_that_makes_no_sense_is_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(EntryError, match=words):
        RouteSpec.from_dict(ROUTE | changed)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"targets": [{"connection": "other", "model": "m"}]}, "names no connection: other"),
        ({"policy": "other"}, "other is the name of no policy"),
        ({"model": "openai/gpt-4o"}, "calls that connection's own models"),
        ({"context_fallback": "second"}, "cannot be its own fallback"),
    ],
)
def test_what_the_database_would_refuse_changes_nothing(
    changed: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigFileError, match=words):
        applied(routes=[ROUTE, ROUTE | {"model": "second"} | changed])

    assert not Route.objects.exists()
    assert not ResiliencePolicy.objects.exists()


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"routes": [ROUTE, ROUTE]}, "line .*: routes: there are two entries named gpt-4o"),
        ({"policies": [{"name": "a"}] * 2}, "policies: there are two entries named a"),
        (
            {"policies": [{"name": "a", "default": True}, {"name": "b", "default": True}]},
            "only one of them can be the default",
        ),
        ({"policies": [{"name": "a", "max_attempts": 0}]}, "line 2: policy a: max_attempts"),
        ({"policies": [{"name": ""}]}, "policy : name"),
        ({"policies": [{"name": "a\nb"}]}, "holds a control character"),
    ],
)
def test_file_with_entries_that_contradict_is_refused(sections: dict, words: str) -> None:
    with pytest.raises(ConfigFileError, match=words):
        read_document(yaml.safe_dump(sections))
