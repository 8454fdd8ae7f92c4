"""What a request will use: what is likely, and what it can use at the worst.

``typical`` is what requests of this user and model usually use, ``worst`` a bound:

    input    what the demand says, in both
    output   worst: the maximum that the request names, or the model's own if that is less. Where
             the request names none, the model's own, else four times the typical output.
             typical: the 95th percentile of this user and model; 1,024 tokens until a few are known
    usd      see :mod:`limits.admission.costs`
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from limits.admission.output_lengths import FIRST
from limits.counting.tariffs import Tariff
from limits.demand import Demand
from limits.quantities import Amounts, Quantities, quantities_in
from models_registry.targets import Target
from wire_formats.endpoints import TEXTS, WITH_MAXIMUM

NOTHING_USED = Quantities()
NO_COSTS = 0, 0, 0
TIMES_TYPICAL = 4
# Fields of the models that upstreams list: the longest output, then what input and output share.
OF_OUTPUT = ("max_completion_tokens", "max_output_tokens", "max_tokens")
OF_BOTH = ("context_length", "context_window", "max_model_len")


class Expected(NamedTuple):
    """What is expected of a request: ``typical`` and ``worst`` differ in the output and its cost
    alone. ``least_cost`` is that of the worst where the response is empty.

    Costs are in nano-dollars. ``names_maximum``: the request itself bounds its output.
    ``may_be_cut``: a maximum can be named in its place. ``is_bounded``: no output is longer than
    the worst. ``is_priced``: what it costs is known; the costs are 0 else. ``before`` is what was
    used already under the same reservation, and part of no other figure here.
    """

    typical: Quantities
    worst: Quantities
    least_cost: int = 0
    names_maximum: bool = False
    may_be_cut: bool = False
    is_bounded: bool = True
    is_priced: bool = True
    before: Quantities = NOTHING_USED

    @classmethod
    def of(cls, figures: Figures) -> Expected:
        typical, worst, least_cost, names_maximum, may_be_cut, is_bounded, is_priced = figures
        return cls(
            quantities_in(typical),
            quantities_in(worst),
            least_cost,
            names_maximum=names_maximum,
            may_be_cut=may_be_cut,
            is_bounded=is_bounded,
            is_priced=is_priced,
        )

    @property
    def without_output(self) -> Quantities:
        return self.worst._replace(output_tokens=0, nanodollars=self.least_cost)


# `Expected` in plain tuples, in the order of its fields; `before` is nothing.
Figures = tuple[Amounts, Amounts, int, bool, bool, bool, bool]
ONE_AMOUNT = (1, 0, 0, 0, 0, 0, 0)
ONE: Figures = (ONE_AMOUNT, ONE_AMOUNT, 0, False, False, True, True)
ONE_REQUEST = Expected.of(ONE)


def expected_of(
    demand: Demand,
    targets: Sequence[Target],
    endpoint: str,
    usual: int | None,
    tariff: Tariff | None = None,
) -> Figures:
    """The expected use of a request. ``usual`` is the usual length of outputs in tokens, None while
    it is unknown.

    Costs are included where a ``tariff`` is given; otherwise :mod:`limits.admission.costs` adds
    them.
    """
    prompt, named, images, audio_ms, _, _, _ = demand
    outputs = outputs_of(named, longest_output(targets), usual, endpoint)
    likely, most = outputs.typical, outputs.longest
    costs, is_priced = NO_COSTS, True
    if tariff is not None:
        spread = tariff.spread(prompt, likely, most)
        if spread is None:
            is_priced = False
        else:
            costs = spread
    likely_cost, most_cost, least_cost = costs
    return (
        (1, prompt, likely, likely_cost, audio_ms, images, prompt + likely),
        (1, prompt, most, most_cost, audio_ms, images, prompt + most),
        least_cost,
        outputs.names_maximum,
        outputs.may_be_cut,
        outputs.is_bounded,
        is_priced,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """The ``typical`` and the ``longest`` output, in tokens; the others as in :class:`Expected`."""

    typical: int
    longest: int
    names_maximum: bool
    may_be_cut: bool
    is_bounded: bool


# Nearly all requests name the same few maxima, or none.
@lru_cache(maxsize=4096)
def outputs_of(named: int | None, own: int | None, usual: int | None, endpoint: str) -> Outputs:
    """The outputs of a request to ``endpoint``. ``named`` is the maximum that the request names,
    ``own`` that of the model, ``usual`` the usual length: in tokens, None if unknown."""
    is_text = endpoint in TEXTS
    first = FIRST if is_text or named is not None else 0
    typical = first if usual is None else usual
    longest = named
    if longest is None:
        longest = own if is_text and own is not None else typical * TIMES_TYPICAL
    elif own is not None:
        longest = min(longest, own)
    return Outputs(
        typical=min(typical, longest),
        longest=longest,
        names_maximum=named is not None,
        may_be_cut=named is None and endpoint in WITH_MAXIMUM,
        is_bounded=named is not None or own is not None or not is_text,
    )


def longest_output(targets: Sequence[Target]) -> int | None:
    """The longest output that any of ``targets`` can make; None if one does not say."""
    if len(targets) == 1:
        return most_of(targets[0].rendered)
    found = [most_of(target.rendered) for target in targets]
    known = [most for most in found if most is not None]
    return max(known) if known and len(known) == len(found) else None


@lru_cache(maxsize=4096)
def most_of(rendered: bytes) -> int | None:
    """The longest output of a model, by its entry in lists."""
    entry: dict[str, Any] = orjson.loads(rendered)
    provider = entry.get("top_provider")
    places = [entry, provider] if isinstance(provider, dict) else [entry]
    for names in (OF_OUTPUT, OF_BOTH):
        found = [place.get(name) for place in places for name in names]
        known = [value for value in found if type(value) is int and value > 0]
        if known:
            return min(known)
    return None


def capped(expected: Expected, output_tokens: int) -> Expected:
    """``expected`` of a request that is told to end after so many tokens of output."""
    typical, worst, least = expected.typical, expected.worst, expected.least_cost
    if output_tokens >= worst.output_tokens:
        return expected
    part = output_tokens / worst.output_tokens
    cost = least + math.ceil((worst.nanodollars - least) * part)
    return expected._replace(
        typical=typical._replace(
            output_tokens=min(typical.output_tokens, output_tokens),
            nanodollars=min(typical.nanodollars, cost),
        ),
        worst=worst._replace(output_tokens=output_tokens, nanodollars=cost),
    )
