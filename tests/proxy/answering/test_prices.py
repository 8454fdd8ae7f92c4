from __future__ import annotations

import math

import pytest

from proxy.answering.prices import price_for
from proxy.answering.walk import Walk
from resilience.ordering import ordered
from resilience.route import NO_ROUTE, Route, Strategy
from resilience.states import states
from tests.support.builders import a_target, an_upstream
from usage.target_prices import TargetPrices, target_prices

BY_COST = Route(model="m", strategy=Strategy.COST)


def test_other_strategies_ask_for_no_price() -> None:
    assert price_for(NO_ROUTE) is None


async def test_the_cheapest_is_asked_first_and_one_without_a_price_last() -> None:
    costs = {"dear": 2.0, "cheap": 1.0}
    prices = TargetPrices(lambda asked: {a: costs.get(a.connection, math.inf) for a in asked})
    price = price_for(BY_COST, prices)
    targets = [
        a_target(an_upstream(name, id=number, priority=1, costs_nothing=name == "own"))
        for number, name in enumerate(("unknown", "dear", "cheap", "own"), start=1)
    ]

    def in_order() -> list[str]:
        found = ordered(targets, BY_COST, states, price=price)
        return [target.connection.upstream.name for target in found]

    assert in_order() == ["own", "unknown", "dear", "cheap"]
    await prices.settled()
    assert in_order() == ["own", "cheap", "dear", "unknown"]


@pytest.mark.django_db(transaction=True)
async def test_a_walk_goes_by_price() -> None:
    unpriced = a_target(an_upstream("unpriced", id=1))
    free = a_target(an_upstream("free", id=2, costs_nothing=True))
    step = Walk([unpriced, free], BY_COST).first()
    await target_prices.settled()
    assert step is not None
    assert step.target is free
