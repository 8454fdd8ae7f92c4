"""How calls of a model reach a target, with what workers know of it."""

from __future__ import annotations

from typing import Any

import pytest

from connections.auth.key_pool import KeyPool
from connections.auth.key_states import KeyState
from connections.calling.key_pools import key_pools
from connections.upstream import UpstreamKey
from models_registry.route_report import report_of, states_of
from resilience.route import Route, RouteTarget
from resilience.shared_state import State
from resilience.states import states
from tests.support.builders import a_snapshot, an_upstream, the_targets

pytestmark = pytest.mark.django_db


def test_target_that_rests_is_told_of_with_its_reason(settings: Any) -> None:
    settings.REDIS_URL = ""
    states.reset()
    states.of((1, "gpt-4o")).cool(300, "the upstream answered 503")
    route = Route(model="chat", targets=(RouteTarget(connection_id=1, model="gpt-4o"),))
    targets = the_targets(an_upstream("one", id=1), "gpt-4o", "o3")

    known = states_of(report_of(a_snapshot(*targets, routes=[route]), "chat"))
    states.reset()

    told = known.targets[1, "gpt-4o"]
    assert (told.state, told.reason) == (State.COOLING, "the upstream answered 503")
    assert 290 < told.seconds <= 300


def test_keys_that_rest_are_told_of_where_they_serve_the_target(settings: Any) -> None:
    settings.REDIS_URL = ""
    keys = [UpstreamKey(id=name, secret=f"sk-{name}", hint=f"…{name}") for name in "abcd"]
    pool = KeyPool(tuple(keys))
    pool.cool(keys[1], 300, model=None, reason="429")
    pool.cool(keys[2], 300, model="o3", reason="429")
    pool.kill(keys[3], "401")
    key_pools.replace({1: pool})
    route = Route(model="chat", targets=(RouteTarget(connection_id=1, model="gpt-4o"),))
    targets = the_targets(an_upstream("one", id=1), "gpt-4o", "o3")
    report = report_of(a_snapshot(*targets, routes=[route]), "chat")
    try:
        known = states_of(report)
    finally:
        key_pools.replace({})

    told = [(key.hint, key.state) for key in known.keys_for(report.places[0].target)]
    assert told == [("…b", KeyState.COOLING), ("…d", KeyState.DEAD)]


def test_what_nothing_has_the_id_of_has_no_report() -> None:
    assert report_of(a_snapshot(), "chat") is None
