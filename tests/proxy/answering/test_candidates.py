from __future__ import annotations

from inspect import signature

from limits.demand import NOTHING
from proxy.answering.candidates import Candidates, Further
from proxy.answering.dispatch import dispatch
from resilience.policy import DEFAULT
from tests.support.builders import a_call, a_target


def test_without_a_route_the_default_policy_holds_and_nobody_is_told_who_asks() -> None:
    candidates = Candidates(targets=[a_target()], call_for=lambda target: a_call())
    assert candidates.route.policy is DEFAULT
    assert not candidates.forward_user_info


def test_what_a_surface_may_say_is_what_dispatch_takes() -> None:
    taken = signature(dispatch).parameters
    assert all(taken[name].kind is taken[name].KEYWORD_ONLY for name in Further.__annotations__)


def test_what_asks_for_nothing_has_no_demand() -> None:
    candidates = Candidates(targets=[a_target()], call_for=lambda target: a_call())
    assert candidates.demand() == NOTHING
