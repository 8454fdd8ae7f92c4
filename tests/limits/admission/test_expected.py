from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import orjson
import pytest

from limits.admission.expected import Expected, capped, expected_of, most_of
from limits.admission.output_lengths import OutputLengths
from limits.counting.tariffs import Tariff
from limits.demand import Demand
from models_registry.targets import Target
from tests.limits.counting.test_tariffs import a_price
from tests.support.builders import a_target


def listed(**fields: object) -> Target:
    """A target whose upstream lists these ``fields`` of its model."""
    target = a_target()
    return replace(target, rendered=orjson.dumps(target.entry | fields))


def expected(
    demand: Demand, *targets: Target, endpoint: str = "chat/completions", seen: int = 0
) -> Expected:
    lengths = OutputLengths()
    for _ in range(20 if seen else 0):
        lengths.note(7, "gpt-4o", seen)
    usual = lengths.usual(7, "gpt-4o")
    return Expected.of(expected_of(demand, targets or [a_target()], endpoint, usual))


def a_tariff(**rates: object) -> Tariff:
    """Two dollars and a half for a million tokens of input, ten for as many of output."""
    tariff = Tariff.of(a_price(**rates))
    assert tariff is not None
    return tariff


def test_costs_come_with_a_tariff_that_is_known() -> None:
    figures = expected_of(Demand(100, 200), [a_target()], "chat/completions", 50, a_tariff())
    found = Expected.of(figures)
    assert costs(found) == (250_000, 250_000 + 50 * 10_000, 250_000 + 200 * 10_000)
    assert found.is_priced


def test_costs_beyond_all_measure_are_no_costs() -> None:
    tariff = a_tariff(output_per_million=Decimal(999_999))
    figures = expected_of(Demand(100, 10**11), [a_target()], "chat/completions", 50, tariff)
    found = Expected.of(figures)
    assert not found.is_priced
    assert costs(found) == (0, 0, 0)


def costs(found: Expected) -> tuple[int, int, int]:
    return found.least_cost, found.typical.nanodollars, found.worst.nanodollars


def test_all_tokens_stand_behind_the_quantities() -> None:
    typical, worst, *_ = expected_of(Demand(100, 200), [a_target()], "chat/completions", 50)
    assert typical == (1, 100, 50, 0, 0, 0, 150)
    assert worst == (1, 100, 200, 0, 0, 0, 300)


def outputs(found: Expected) -> tuple[int, int]:
    return found.typical.output_tokens, found.worst.output_tokens


@pytest.mark.parametrize(
    ("named", "seen", "own", "result"),
    [
        (None, 0, None, (1024, 4096)),
        (None, 64, None, (64, 256)),
        (None, 0, 2000, (1024, 2000)),
        (None, 0, 500, (500, 500)),
        (300, 0, None, (300, 300)),
        (9000, 64, None, (64, 9000)),
        (9000, 64, 2000, (64, 2000)),
    ],
)
def test_outputs_by_what_is_named_seen_and_listed(
    named: int | None, seen: int, own: int | None, result: tuple[int, int]
) -> None:
    target = a_target() if own is None else listed(max_completion_tokens=own)
    found = expected(Demand(10, named), target, seen=seen)
    assert outputs(found) == result
    assert found.is_bounded is (named is not None or own is not None)


def test_only_a_text_without_a_maximum_may_be_cut() -> None:
    assert expected(Demand(10)).may_be_cut
    assert not expected(Demand(10, 20)).may_be_cut
    assert not expected(Demand(10), endpoint="embeddings").may_be_cut


def test_what_writes_no_text_has_no_output() -> None:
    assert outputs(expected(Demand(10), endpoint="embeddings")) == (0, 0)


def test_a_target_that_lists_no_maximum_leaves_the_output_unbounded() -> None:
    found = expected(Demand(10), listed(max_completion_tokens=100), a_target())
    assert outputs(found) == (1024, 4096)


@pytest.mark.parametrize(
    ("fields", "most"),
    [
        ({}, None),
        ({"max_output_tokens": 8192, "context_length": 200_000}, 8192),
        ({"top_provider": {"max_completion_tokens": 4096}}, 4096),
        ({"max_model_len": 32_768}, 32_768),
        ({"max_output_tokens": None, "context_window": "large"}, None),
        ({"max_output_tokens": 0}, None),
    ],
)
def test_the_longest_output_as_upstreams_list_it(
    fields: dict[str, object], most: int | None
) -> None:
    assert most_of(orjson.dumps({"id": "gpt-4o"} | fields)) == most


def test_an_output_that_is_cut_costs_its_part() -> None:
    found = expected(Demand(100))
    whole = found._replace(
        typical=found.typical.costing(1124), worst=found.worst.costing(4196), least_cost=100
    )
    cut = capped(whole, 512)
    assert outputs(cut) == (512, 512)
    assert (cut.typical.nanodollars, cut.worst.nanodollars) == (612, 612)
    assert capped(whole, 5000) is whole
