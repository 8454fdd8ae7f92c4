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
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from limits.admission.output_lengths import FIRST
from limits.counting.tariffs import Tariff
from limits.demand import Demand
from limits.meters.interface import new
from limits.quantities import Quantities
from models_registry.targets import Target
from wire_formats.endpoints import TEXTS, WITH_MAXIMUM

NOTHING_USED = Quantities()
TIMES_TYPICAL = 4
# Fields of the models that upstreams list: the longest output, then what input and output share.
OF_OUTPUT = ("max_completion_tokens", "max_output_tokens", "max_tokens")
OF_BOTH = ("context_length", "context_window", "max_model_len")


class Expected(NamedTuple):
    """What is expected of a request, in figures: ``typical`` and ``worst`` differ in the output
    and its cost alone, and ``without_output`` is the worst for a response that is empty.

    Costs are in nano-dollars. ``names_maximum``: the request itself bounds its output.
    ``may_be_cut``: a maximum can be named in its place. ``is_bounded``: no output is longer than
    the worst. ``is_priced``: what it costs is known; the costs are 0 else. ``before`` is what was
    used already under the same reservation, and part of no other figure here.
    """

    input_tokens: int
    typical_output: int
    worst_output: int
    audio_ms: int
    images: int
    names_maximum: bool
    may_be_cut: bool
    is_bounded: bool
    typical_cost: int = 0
    worst_cost: int = 0
    least_cost: int = 0
    is_priced: bool = True
    before: Quantities = NOTHING_USED

    @property
    def typical(self) -> Quantities:
        return self._with(self.typical_output, self.typical_cost)

    @property
    def worst(self) -> Quantities:
        return self._with(self.worst_output, self.worst_cost)

    @property
    def without_output(self) -> Quantities:
        return self._with(0, self.least_cost)

    def _with(self, output: int, cost: int) -> Quantities:
        return Quantities(1, self.input_tokens, output, cost, self.audio_ms, self.images)


COST_NOT_ASKED = (0, 0, 0, True, NOTHING_USED)
UNPRICED = (0, 0, 0, False, NOTHING_USED)
ONE_REQUEST = Expected(0, 0, 0, 0, 0, names_maximum=False, may_be_cut=False, is_bounded=True)


def expected_of(
    demand: Demand,
    targets: Sequence[Target],
    endpoint: str,
    usual: int | None,
    tariff: Tariff | None = None,
) -> Expected:
    """The expected use of a request. ``usual`` is the usual length of outputs in tokens, None while
    it is unknown.

    Costs are included where a ``tariff`` is given; otherwise :mod:`limits.admission.costs` adds
    them.
    """
    prompt, named, images, audio_ms, _, _, _ = demand
    own = longest_output(targets)
    likely, most = outputs_of(named, own, usual, endpoint)
    costs = COST_NOT_ASKED
    if tariff is not None:
        spread = tariff.spread(prompt, likely, most)
        costs = UNPRICED if spread is None else (*spread, True, NOTHING_USED)
    is_named = named is not None
    may_be_cut = not is_named and endpoint in WITH_MAXIMUM
    is_bounded = is_named or own is not None or endpoint not in TEXTS
    uses = prompt, likely, most, audio_ms, images, is_named, may_be_cut, is_bounded
    return new(Expected, uses + costs)


def outputs_of(
    named: int | None, own: int | None, usual: int | None, endpoint: str
) -> tuple[int, int]:
    """The typical and the longest output, in tokens. ``named`` is the maximum that the request
    names, ``own`` the model's."""
    if named is None and endpoint not in TEXTS:
        likely = usual or 0
        return likely, likely * TIMES_TYPICAL
    likely = FIRST if usual is None else usual
    most = named
    if most is None:
        most = likely * TIMES_TYPICAL if own is None else own
    elif own is not None:
        most = min(most, own)
    return (likely if likely < most else most), most


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
    if output_tokens >= expected.worst_output:
        return expected
    part = output_tokens / expected.worst_output
    least = expected.least_cost
    cost = least + math.ceil((expected.worst_cost - least) * part)
    return expected._replace(
        typical_output=min(expected.typical_output, output_tokens),
        typical_cost=min(expected.typical_cost, cost),
        worst_output=output_tokens,
        worst_cost=cost,
    )
