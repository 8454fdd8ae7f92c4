from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest

from limits.counting.tariffs import TOO_MANY, Tariff, Tariffs
from limits.quantities import nanodollars
from tests.limits.random_records import random_price, random_record
from tests.usage.records import a_record
from usage.costs import cost_of
from usage.models import Price


def a_price(**rates: object) -> Price:
    per_million = {"input_per_million": Decimal("2.5"), "output_per_million": Decimal(10)}
    return Price(**(per_million | rates))


@pytest.mark.parametrize("seed", range(4))
def test_a_cost_is_what_the_ledger_rounds_to(seed):
    chance = random.Random(seed)
    whole = 0
    for number in range(3000):
        price = random_price(chance)
        if chance.random() < 0.7:  # as most prices are
            price.audio_input_per_million = price.audio_output_per_million = None
            price.per_audio_minute = price.per_million_characters = None
        record = random_record(chance, number).believed()
        cost = cost_of(record, price)
        assert Tariffs().cost(record, price) == (None if cost is None else nanodollars(cost))
        whole += Tariff.of(price) is not None
    assert whole > 500


@pytest.mark.parametrize(
    ("rate", "tokens", "cost"),
    [
        ("0.000500", 1, 0),  # half a nano-dollar goes to the even number
        ("0.001500", 1, 2),
        ("0.002500", 1, 2),
        ("0.000450", 1, 0),  # to ten decimals 0.4 nano-dollars, and none then
        ("0.002450", 1, 2),
        ("0.000550", 1, 1),
        ("0.000001", 10**9, 10**6),
    ],
)
def test_halves_are_rounded_to_even_numbers_twice(rate, tokens, cost):
    price = a_price(input_per_million=Decimal(rate))
    record = replace(a_record(), prompt_tokens=tokens, cached_tokens=0, completion_tokens=0)
    assert Tariffs().cost(record, price) == cost == nanodollars(cost_of(record, price))


@pytest.mark.parametrize(
    "rates",
    [
        {"input_per_million": None},
        {"per_audio_minute": Decimal(1)},
        {"per_million_characters": Decimal(1)},
        {"audio_output_per_million": Decimal(1)},
        {"input_per_million": Decimal("0.0000001")},  # finer than the column
    ],
)
def test_other_prices_have_no_tariff(rates):
    assert Tariff.of(a_price(**rates)) is None


def test_more_than_the_ledger_can_hold_has_no_cost():
    price = a_price(per_request=Decimal(99_999_999), input_per_million=Decimal(99_999_999))
    record = replace(a_record(), prompt_tokens=10**9, cached_tokens=0, completion_tokens=0)
    assert Tariffs().cost(record, price) is cost_of(record, price) is None


@pytest.mark.parametrize(
    ("prompt", "likely", "longest"), [(1000, 30, 100), (0, 0, 0), (7, 0, 5), (9, 5, 5), (3, 1, 3)]
)
def test_costs_are_spread_over_the_output(prompt, likely, longest):
    rates = {"cache_write_per_million": Decimal(3), "per_request": Decimal("0.001")}
    tariff = Tariff.of(a_price(**rates))
    assert tariff is not None
    none, most = tariff.most(prompt, 0), tariff.most(prompt, longest)
    assert none is not None
    assert none >= 1_000_000
    share = none + likely * 10_000  # ten dollars for a million tokens
    assert tariff.spread(prompt, likely, longest) == (share, most, none)


def test_costs_that_the_ledger_cannot_hold_are_not_spread():
    tariff = Tariff.of(a_price(output_per_million=Decimal(999_999)))
    assert tariff is not None
    assert tariff.spread(10, 20, 30) is not None
    assert tariff.spread(10, 20, 10**11) is tariff.most(10, 10**11) is None


def test_the_most_has_all_input_at_its_dearest_rate():
    tariff = Tariff.of(a_price(cache_write_per_million=Decimal(3)))
    assert tariff is not None
    assert tariff.plain(1000, 100) == 3_500_000
    assert tariff.most(1000, 100) == 4_000_000


@pytest.mark.parametrize("rate", ["0.000500", "0.001500", "0.002450", "0.000001", "2.500000"])
@pytest.mark.parametrize("tokens", [0, 1, 3, 4096])
def test_a_spread_has_the_cost_of_the_whole_and_of_nothing(rate, tokens):
    tariff = Tariff.of(a_price(input_per_million=Decimal(rate), output_per_million=Decimal(rate)))
    assert tariff is not None
    for prompt in (0, 1, 7, 1000):
        typical, most, none = tariff.spread(prompt, tokens, tokens)
        assert (most, none) == (tariff.most(prompt, tokens), tariff.most(prompt, 0))
        assert typical == most


def test_a_cost_that_the_ledger_cannot_hold_is_none():
    tariff = Tariff.of(a_price(input_per_million=Decimal(0), output_per_million=Decimal(1)))
    assert tariff is not None
    tokens = TOO_MANY // tariff.output
    assert tariff.spread(0, 1, tokens) is None
    assert tariff.spread(0, 1, tokens - 1) is not None
