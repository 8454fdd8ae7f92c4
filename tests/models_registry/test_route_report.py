"""How calls of a model reach a target, with what workers know of it."""

from __future__ import annotations

from typing import Any

import pytest

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

    told = known[1, "gpt-4o"]
    assert (told.state, told.reason) == (State.COOLING, "the upstream answered 503")
    assert 290 < told.seconds <= 300


def test_what_nothing_has_the_id_of_has_no_report() -> None:
    assert report_of(a_snapshot(), "chat") is None
