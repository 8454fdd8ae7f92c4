"""What a request will cost: typical by the first of several targets, worst by the dearest."""

from __future__ import annotations

from collections.abc import Sequence

from limits.admission.expected import Expected
from limits.counting.live_prices import LivePrices, Priced
from limits.counting.tariffs import Tariff, between
from limits.demand import Demand
from limits.meters.interface import new
from models_registry.targets import Target


def with_costs(
    expected: Expected,
    demand: Demand,
    targets: Sequence[Target],
    *,
    model: str,
    prices: LivePrices,
) -> Expected:
    """``expected`` with what it will cost. The prices must have learned of the targets."""
    likely, longest = expected.typical.output_tokens, expected.worst.output_tokens
    dearest = _dearest(prices, targets, model, demand, longest)
    if dearest is None:
        return expected._replace(is_priced=False)
    least, worst = dearest
    first: int | None = between(least, worst, likely, longest)
    if len(targets) > 1:
        first = costs(prices, targets[0], model, demand, (likely,))[0]
    if first is None:
        return expected._replace(is_priced=False)
    return expected._replace(
        typical=expected.typical.costing(first),
        worst=expected.worst.costing(worst if worst > first else first),
        least_cost=least,
    )


def standing(prices: LivePrices, targets: Sequence[Target], model: str) -> Tariff | None:
    """The tariff of the only target, where it is known and stays; nearly always there is one."""
    if len(targets) != 1:
        return None
    target = targets[0]
    upstream = target.connection.upstream
    if upstream.costs_nothing:
        return None
    return prices.standing((upstream.name, model, target.model, ""))


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
        least, worst = (none if none > least else least), (most if most > worst else worst)
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
    return new(Priced, (target.connection.upstream.name, model, target.model, ""))
