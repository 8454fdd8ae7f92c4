from __future__ import annotations

import math

import pytest

from proxy.answering import prices
from proxy.answering.prices import price_for
from proxy.answering.walk import Walk
from resilience.route import NO_ROUTE, Route, Strategy
from resilience.verdict import Next
from tests.support.builders import a_target, an_upstream
from usage.target_prices import TargetPrices

BY_COST = Route(model="m", strategy=Strategy.COST)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> TargetPrices:
    costs = {"dear": 2.0, "cheap": 1.0}
    found = TargetPrices(lambda asked: {a: costs.get(a.connection, math.inf) for a in asked})
    monkeypatch.setattr(prices, "target_prices", found)
    return found


def test_other_strategies_ask_for_no_price() -> None:
    assert price_for(NO_ROUTE) is None


async def test_the_cheapest_is_asked_first_and_one_without_a_price_last(
    known: TargetPrices,
) -> None:
    names = ("unknown", "dear", "cheap", "own")
    targets = [
        a_target(an_upstream(name, id=number, priority=1, costs_nothing=name == "own"))
        for number, name in enumerate(names, start=1)
    ]
    first = Walk(targets, BY_COST).first()
    assert first is not None
    assert first.target.connection.upstream.name == "own"
    await known.settled()
    walk = Walk(targets, BY_COST)
    steps = [step := walk.first()]
    while step is not None:
        step = walk.after(step, Next.OTHER_TARGET)
        steps.append(step)
    order = [step.target.connection.upstream.name for step in steps if step is not None]
    assert order == ["own", "cheap", "dear", "unknown"]
