"""Targets of routes: who may use them, and under which ids."""

from __future__ import annotations

import pytest

from models_registry.grants import Grants
from models_registry.pipelines_filters import PipelinesFilter
from models_registry.registration import Registration
from models_registry.routed import routed, routed_ids
from models_registry.targets import filtered
from resilience.policy import DEFAULT, Policy
from resilience.route import Route, Routes, RouteTarget, Strategy
from tests.support.builders import a_caller, a_snapshot, an_upstream, the_targets

EUROPE = RouteTarget(connection_id=1, model="gpt4o-eu")
OPENAI = RouteTarget(connection_id=2, model="gpt-4o", tier=2, weight=3)
ROUTE = Route(model="gpt-4o", strategy=Strategy.WEIGHTED, targets=(OPENAI, EUROPE))
STAFF = a_caller(is_staff=True)


def offered(*, europe: dict | None = None, openai: dict | None = None):
    azure = an_upstream("azure-eu", id=1, url_index=0)
    return [
        *the_targets(azure, {"id": "gpt4o-eu"} | (europe or {})),
        *the_targets(an_upstream("openai", id=2, url_index=1), "gpt-4o", "o3", **(openai or {})),
    ]


def granted(*patterns: str) -> Grants:
    return Grants(everyone=frozenset(patterns))


def served(snapshot, model_id: str, **caller: object) -> list[str]:
    return [t.qualified_id for t in snapshot.view(a_caller(**caller)).route(model_id)]


def listed(snapshot, **caller: object) -> list[str]:
    return [entry["id"] for entry in snapshot.view(a_caller(**caller)).entries()]


def test_targets_come_by_tier_with_what_the_route_says_of_them() -> None:
    targets = a_snapshot(*offered(), routes=[ROUTE]).view(STAFF).route("gpt-4o")

    assert [t.key for t in targets] == [(1, "gpt4o-eu"), (2, "gpt-4o")]
    assert [(t.tier, t.weight) for t in targets] == [(1, 1), (2, 3)]


def test_only_the_targets_of_a_route_serve_its_id() -> None:
    route = Route(model="gpt-4o", targets=(EUROPE,))

    assert served(a_snapshot(*offered(), routes=[route]), "gpt-4o", is_staff=True) == [
        "azure-eu/gpt4o-eu"
    ]


@pytest.mark.parametrize("gone", [RouteTarget(connection_id=0, model="gpt-4o"), EUROPE])
def test_a_route_without_any_target_left_serves_nothing(gone: RouteTarget) -> None:
    targets = the_targets(an_upstream("openai", id=2), "gpt-4o")
    snapshot = a_snapshot(*targets, routes=[Route(model="gpt-4o", targets=(gone,))])

    assert served(snapshot, "gpt-4o", is_staff=True) == []
    assert listed(snapshot, is_staff=True) == []
    assert served(snapshot, "openai/gpt-4o", is_staff=True) == ["openai/gpt-4o"]


def test_a_hidden_model_is_left_out() -> None:
    targets = offered(openai={"gpt-4o": Registration(is_hidden=True)})

    assert served(a_snapshot(*targets, routes=[ROUTE]), "gpt-4o", is_staff=True) == [
        "azure-eu/gpt4o-eu"
    ]


def test_a_route_is_listed_under_its_id_once() -> None:
    snapshot = a_snapshot(*offered(), routes=[ROUTE])

    assert sorted(listed(snapshot, is_staff=True)) == ["gpt-4o", "gpt4o-eu", "o3"]
    assert snapshot.view(STAFF).entry("gpt-4o")["name"] == "gpt-4o"


def test_a_route_makes_a_new_id_exist() -> None:
    snapshot = a_snapshot(*offered(), routes=[Route(model="fast", targets=(EUROPE,))])

    assert "fast" in listed(snapshot, is_staff=True)
    assert served(snapshot, "fast", is_staff=True) == ["azure-eu/gpt4o-eu"]


def test_the_list_of_a_connection_has_its_own_models_alone() -> None:
    rendered = a_snapshot(*offered(), routes=[ROUTE]).view(STAFF).rendered_of(0)

    assert rendered.count(b'"urlIdx":0') == 1


def test_the_grant_of_a_route_opens_all_of_its_targets_by_its_id_alone() -> None:
    snapshot = a_snapshot(
        *offered(), routes=[Route(model="fast", targets=(EUROPE, OPENAI))], grants=granted("fast")
    )

    assert served(snapshot, "fast") == ["azure-eu/gpt4o-eu", "openai/gpt-4o"]
    assert listed(snapshot) == ["fast"]
    for own in ("gpt4o-eu", "azure-eu/gpt4o-eu", "gpt-4o", "openai/gpt-4o", "azure-eu/fast"):
        assert served(snapshot, own) == []


@pytest.mark.parametrize("pattern", ["openai/*", "azure-eu/gpt4o-eu", "gpt4o-eu", "o*"])
def test_the_grant_of_a_target_does_not_open_the_route(pattern: str) -> None:
    route = Route(model="fast", targets=(EUROPE, OPENAI))
    snapshot = a_snapshot(*offered(), routes=[route], grants=granted(pattern))

    assert served(snapshot, "fast") == []


def test_the_patterns_of_a_key_are_held_against_the_id_of_the_route() -> None:
    snapshot = a_snapshot(
        *offered(), routes=[Route(model="fast", targets=(EUROPE,))], grants=granted("*")
    )

    assert served(snapshot, "fast", model_patterns=("azure-eu/*",)) == []
    assert served(snapshot, "fast", model_patterns=("f*",)) == ["azure-eu/gpt4o-eu"]


def test_what_a_route_has_made_is_found_again_by_who_may_use_only_the_route() -> None:
    snapshot = a_snapshot(
        *offered(), routes=[Route(model="fast", targets=(EUROPE,))], grants=granted("fast")
    )

    assert snapshot.view(a_caller()).way_to(EUROPE.key).public_id == "fast"
    assert snapshot.view(a_caller()).way_to(OPENAI.key) is None


def test_a_route_without_targets_is_served_as_before_in_tiers_by_priority() -> None:
    targets = [
        *the_targets(an_upstream("one", id=1, priority=5), "gpt-4o"),
        *the_targets(an_upstream("two", id=2, priority=20), "gpt-4o", "o3"),
    ]
    route = Route(model="gpt-4o", strategy=Strategy.LATENCY)
    snapshot = a_snapshot(*targets, routes=[route], grants=granted("two/*"))
    found = snapshot.view(STAFF).route("gpt-4o")

    assert [(t.connection.upstream.name, t.tier) for t in found] == [("one", 5), ("two", 20)]
    assert served(snapshot, "gpt-4o") == ["two/gpt-4o"]


def test_the_connection_of_a_qualified_id_is_in_the_first_tier() -> None:
    named = the_targets(an_upstream("two", id=2, priority=20), "gpt-4o")
    others = the_targets(an_upstream("one", id=1, priority=5), "two/gpt-4o")

    found = a_snapshot(*others, *named).view(STAFF).route("two/gpt-4o")

    assert [(t.connection.upstream.name, t.tier) for t in found] == [("two", 5), ("one", 5)]


def test_route_of_gives_the_route_or_the_default_policy() -> None:
    snapshot = a_snapshot(*offered(), routes=[ROUTE])

    assert snapshot.route_of("gpt-4o") is ROUTE
    assert snapshot.route_of("openai/gpt-4o").policy is DEFAULT
    default = Route(policy=Policy(max_attempts=5))
    assert Routes(by_model={"m": ROUTE}, default=default).of("other") is default


def test_filters_of_the_route_and_of_the_target_hold_on_every_way() -> None:
    """A filter of either id would be led around otherwise."""
    targets = offered()

    def a_filter(name: str) -> PipelinesFilter:
        return PipelinesFilter(
            connection=targets[0].connection, id=name, priority=0, models=frozenset({name})
        )

    routes = Routes(by_model={"fast": Route(model="fast", targets=(EUROPE,))})
    filters = [a_filter("fast"), a_filter("azure-eu/gpt4o-eu"), a_filter("o3")]
    native = filtered(targets, filters, routed_ids=routed_ids(routes))
    [copy] = routed(native, routes)

    assert [each.id for each in native[0].filters] == ["fast", "azure-eu/gpt4o-eu"]
    assert copy.filters == native[0].filters


def test_targets_that_would_lead_back_are_no_part_of_what_a_gateway_is_told() -> None:
    targets = offered(europe={"gateway_path": ["other"]})
    snapshot = a_snapshot(*targets, routes=[ROUTE])
    beside = snapshot.view(STAFF).beside(["other"])

    assert [t.qualified_id for t in beside.route("gpt-4o")] == ["openai/gpt-4o"]


def test_a_route_with_several_targets_is_no_collision() -> None:
    assert a_snapshot(*offered(), routes=[ROUTE]).catalogue.collisions == ()
