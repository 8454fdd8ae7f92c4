"""The price of targets, where their route asks the cheapest first."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from models_registry.targets import Target
from resilience.route import Route, Strategy
from usage.target_prices import TargetPrices, target_prices


def price_for(
    route: Route, prices: TargetPrices = target_prices
) -> Callable[[Target], float] | None:
    """What a target costs for a usual request, None where ``route`` does not ask."""
    return partial(_price, prices) if route.strategy is Strategy.COST else None


def _price(prices: TargetPrices, target: Target) -> float:
    upstream = target.connection.upstream
    if upstream.costs_nothing:
        return 0.0
    return prices.of(upstream.name, target.public_id, target.model)
