from __future__ import annotations

import math
from collections.abc import Collection
from decimal import Decimal

import pytest
from django.db import OperationalError

from connections.models import Connection
from tests.resilience.clocks import Clock
from usage.models import Price
from usage.target_prices import Asked, Found, TargetPrices, find_prices, usual_price

CHEAP = Asked("one", "m", "small")


class Lookups:
    """Prices that a test sets, and how often they were looked up."""

    def __init__(self, **prices: float) -> None:
        self.prices = prices
        self.asked: list[list[str]] = []
        self.is_down = False

    def __call__(self, targets: Collection[Asked]) -> Found:
        self.asked.append([each.connection for each in targets])
        if self.is_down:
            raise OperationalError
        return {each: self.prices.get(each.connection, math.inf) for each in targets}


async def test_a_price_is_unknown_until_it_was_looked_up() -> None:
    prices = TargetPrices(Lookups(one=2.0), Clock())
    assert prices.of("one", "m", "small") == math.inf
    await prices.settled()
    assert prices.of("one", "m", "small") == 2.0


async def test_a_price_is_looked_up_again_after_a_minute_and_old_until_then() -> None:
    clock, lookups = Clock(), Lookups(one=2.0)
    prices = TargetPrices(lookups, clock)
    prices.of("one", "m", "small")
    await prices.settled()
    lookups.prices["one"] = 3.0
    clock.now += 59
    assert prices.of("one", "m", "small") == 2.0
    await prices.settled()
    clock.now += 1
    assert prices.of("one", "m", "small") == 2.0
    await prices.settled()
    assert prices.of("one", "m", "small") == 3.0
    assert len(lookups.asked) == 2


async def test_a_database_that_is_down_leaves_old_prices_and_is_asked_once_a_minute() -> None:
    clock, lookups = Clock(), Lookups(one=2.0)
    prices = TargetPrices(lookups, clock)
    prices.of("one", "m", "small")
    await prices.settled()
    lookups.is_down = True
    for _ in range(3):
        prices.of("two", "m", "small")
        await prices.settled()
    assert lookups.asked == [["one"], ["one", "two"]]
    assert prices.of("one", "m", "small") == 2.0


@pytest.mark.django_db
def test_an_administrators_price_counts_before_the_bundled_one() -> None:
    Connection.objects.create(name="one", base_url="https://api.openai.com/v1")
    bundled = find_prices([Asked("one", "gpt-4o", "gpt-4o")])
    Price.objects.create(model="gpt-4o", connection="one", input_per_million=Decimal(1000))
    own = find_prices([Asked("one", "gpt-4o", "gpt-4o"), Asked("none", "x", "y")])
    assert 0 < bundled[Asked("one", "gpt-4o", "gpt-4o")] < 1
    assert own == {Asked("one", "gpt-4o", "gpt-4o"): 3.0, Asked("none", "x", "y"): math.inf}
    assert Price.objects.count() == 1


def test_a_usual_request_has_three_tokens_of_input_for_one_of_output() -> None:
    rates = tuple(
        {"input_per_million": Decimal(2), "output_per_million": Decimal(8)}.get(name)
        for name in Price.RATES
    )
    assert usual_price(rates) == pytest.approx(0.014)
    assert usual_price(None) == math.inf
