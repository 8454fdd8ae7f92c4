"""What a request will use: what is likely, and what it can use at the worst.

``typical`` is what requests of this user and model usually use, ``worst`` a bound:

    input    what the demand says, in both
    output   worst: the maximum that the request names, or the model's own if that is less. Where
             the request names none, the model's own, else four times the typical output.
             typical: the 95th percentile of this user and model; 1,024 tokens until a few are known
    usd      typical by the first of several targets, worst by the dearest
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from limits.admission.output_lengths import FIRST, OutputLengths
from limits.counting.live_prices import LivePrices, Priced
from limits.demand import Demand
from limits.quantities import Quantities
from models_registry.targets import Target
from wire_formats.endpoints import TEXTS, WITH_MAXIMUM

NOTHING_USED = Quantities()
TIMES_TYPICAL = 4
# Fields of the models that upstreams list: the longest output, then what input and output share.
OF_OUTPUT = ("max_completion_tokens", "max_output_tokens", "max_tokens")
OF_BOTH = ("context_length", "context_window", "max_model_len")


class Expected(NamedTuple):
    """``without_output`` is ``worst`` for a response that is empty. ``names_maximum``: the request
    itself bounds its output. ``before`` is what was used already under the same reservation, and
    part of no other figure here. ``may_be_cut``: a maximum can be named in its place.
    ``is_bounded``: no output is longer than the worst. ``is_priced``: what it costs is known; the
    amounts of money are 0 else.
    """

    typical: Quantities
    worst: Quantities
    without_output: Quantities
    names_maximum: bool
    may_be_cut: bool
    is_bounded: bool
    is_priced: bool = True
    before: Quantities = NOTHING_USED


ONE_REQUEST = Expected(
    typical=Quantities(requests=1),
    worst=Quantities(requests=1),
    without_output=Quantities(requests=1),
    names_maximum=False,
    may_be_cut=False,
    is_bounded=True,
)


def expected_of(
    demand: Demand,
    targets: Sequence[Target],
    *,
    user_id: int,
    model: str,
    endpoint: str,
    lengths: OutputLengths,
) -> Expected:
    """What the request will use, apart from money: see :func:`with_costs`."""
    own = longest_output(targets)
    likely, most = outputs_of(demand, own, lengths.usual(user_id, model), endpoint)
    tokens, audio, images = demand.input_tokens, demand.audio_ms, demand.images
    is_named = demand.output_tokens is not None
    return Expected(
        Quantities(1, tokens, likely, 0, audio, images),
        Quantities(1, tokens, most, 0, audio, images),
        Quantities(1, tokens, 0, 0, audio, images),
        names_maximum=is_named,
        may_be_cut=not is_named and endpoint in WITH_MAXIMUM,
        is_bounded=is_named or own is not None or endpoint not in TEXTS,
    )


def outputs_of(
    demand: Demand, own: int | None, usual: int | None, endpoint: str
) -> tuple[int, int]:
    """The typical and the longest output, in tokens. ``own`` is the model's own maximum."""
    if demand.output_tokens is None and endpoint not in TEXTS:
        likely = usual or 0
        return likely, likely * TIMES_TYPICAL
    likely = FIRST if usual is None else usual
    most = demand.output_tokens
    if most is None:
        most = likely * TIMES_TYPICAL if own is None else own
    elif own is not None:
        most = min(most, own)
    return min(likely, most), most


def longest_output(targets: Sequence[Target]) -> int | None:
    """The longest output that any of ``targets`` can make; None if one does not say."""
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


def with_costs(
    expected: Expected,
    demand: Demand,
    targets: Sequence[Target],
    *,
    model: str,
    prices: LivePrices,
) -> Expected:
    """``expected`` with what it will cost. The prices must have learned of the targets."""
    dearest = _dearest(prices, targets, model, demand, expected.worst.output_tokens)
    if dearest is None:
        return expected._replace(is_priced=False)
    least, worst = dearest
    first: int | None = _between(expected, least, worst)
    if len(targets) > 1:
        usual = expected.typical.output_tokens
        first = costs(prices, targets[0], model, demand, (usual,))[0]
    if first is None:
        return expected._replace(is_priced=False)
    return Expected(
        expected.typical.costing(first),
        expected.worst.costing(max(first, worst)),
        expected.without_output.costing(least),
        *expected[3:],
    )


def _between(expected: Expected, least: int, worst: int) -> int:
    """What the typical output costs, where the longest costs ``worst`` and none ``least``."""
    longest = expected.worst.output_tokens
    if not longest:
        return least
    return least + (worst - least) * expected.typical.output_tokens // longest


def _dearest(
    prices: LivePrices,
    targets: Sequence[Target],
    model: str,
    demand: Demand,
    output_tokens: int,
) -> tuple[int, int] | None:
    """What the dearest target asks for no output, and for ``output_tokens``.

    None if the price of one is not known.
    """
    least = worst = 0
    for target in targets:
        none, most = costs(prices, target, model, demand, (0, output_tokens), is_worst=True)
        if none is None or most is None:
            return None
        least, worst = max(least, none), max(worst, most)
    return least, worst


def costs(
    prices: LivePrices,
    target: Target,
    model: str,
    demand: Demand,
    outputs: Sequence[int],
    *,
    is_worst: bool = False,
) -> list[int | None]:
    """Nano-dollars for ``demand`` with each of ``outputs``, in tokens; None where no price is
    known."""
    if target.connection.upstream.costs_nothing:
        return [0] * len(outputs)
    return prices.costs_of_demand(
        priced(target, model),
        input_tokens=demand.input_tokens,
        outputs=outputs,
        audio_ms=demand.audio_ms,
        characters=demand.characters,
        is_worst=is_worst,
    )


def priced(target: Target, model: str) -> Priced:
    """The target as prices know it; ``model`` is the id that the client called."""
    return Priced(target.connection.upstream.name, model, target.model)


def capped(expected: Expected, output_tokens: int) -> Expected:
    """``expected`` of a request that is told to end after so many tokens of output."""
    typical, worst = expected.typical, expected.worst
    if output_tokens >= worst.output_tokens:
        return expected
    part = output_tokens / worst.output_tokens
    least = expected.without_output.nanodollars
    dollars = least + math.ceil((worst.nanodollars - least) * part)
    return expected._replace(
        typical=typical._replace(
            output_tokens=min(typical.output_tokens, output_tokens),
            nanodollars=min(typical.nanodollars, dollars),
        ),
        worst=worst._replace(output_tokens=output_tokens, nanodollars=dollars),
    )
