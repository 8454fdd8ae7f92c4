"""The steps of an admission: what is asked, what is said to a refusal, and what is cut short."""

from __future__ import annotations

from collections.abc import Sequence

from limits.asking import Answer
from limits.book import Matched
from limits.choices import Metric
from limits.demand import Demand
from limits.expected import Expected, expected_of, priced, with_costs
from limits.holds import LEAST_OUTPUT, Hold
from limits.live_prices import LivePrices
from limits.meters import LOOSE, MeterKind, Reading
from limits.output_lengths import OutputLengths
from limits.refusals import LimitReachedError
from models_registry.targets import Target
from usage.exchange import Exchange

Targets = Sequence[Target]


async def expectation(
    exchange: Exchange,
    model: str,
    targets: Targets,
    demand: Demand,
    wanted: Sequence[Matched],
    *,
    lengths: OutputLengths,
    prices: LivePrices,
) -> Expected:
    """What the request will use of what ``wanted`` limits.

    Raises ``django.db.DatabaseError`` where prices were never read.
    """
    expected = expected_of(
        demand,
        targets,
        user_id=exchange.caller.user_id,
        model=model,
        endpoint=exchange.endpoint,
        lengths=lengths,
    )
    if any(each.rule.metric is Metric.USD for each in wanted):
        await prices.learn([priced(target, model) for target in targets])
        expected = with_costs(expected, demand, targets, model=model, prices=prices)
    return expected


def names_of(targets: Targets) -> tuple[str, ...]:
    """Every id by which patterns of limits may mean these targets."""
    if len(targets) == 1:
        return targets[0].granted_ids
    return tuple(dict.fromkeys(name for target in targets for name in target.granted_ids))


def refusal(over: Sequence[tuple[Hold, Reading]]) -> LimitReachedError:
    """The error for the limit that lasts the longest, and of these the one that waits the least."""
    hold, reading = max(
        over, key=lambda each: (_retry_seconds(*each) or 0.0, -each[0].rule.wait_seconds)
    )
    return LimitReachedError(hold.rule, reading, _retry_seconds(hold, reading))


def _retry_seconds(hold: Hold, reading: Reading) -> float | None:
    if hold.ask.kind is MeterKind.PERIOD and reading.retry_seconds is None:
        return reading.reset_seconds
    return reading.retry_seconds


def fitting_cap(over: Sequence[tuple[Hold, Reading]], tried: int | None) -> int | None:
    """The longest output that fits what is left of all that is ``over``; None if none does.

    ``tried`` is the cap that did not fit either: the readings do not tell what others may still
    use, so that the next one is half of it.
    """
    if not all(hold.may_be_cut for hold, _ in over):
        return None
    cap = min(hold.fitting_output(reading.amount - reading.used) for hold, reading in over)
    if tried is not None:
        cap = min(cap, tried // 2)
    return cap if cap >= LEAST_OUTPUT else None


def is_near(answer: Answer, running: int) -> bool:
    """Whether an output may pass what is left, unless it is cut: so little is left of a limit,
    while ``running`` requests hold a part of it."""
    return any(
        held.hold.may_be_cut
        and held.hold.ask.is_enforced
        and reading.amount - reading.used < LOOSE * held.hold.ask.worst * (running + 1)
        for held, reading in zip(answer.held, answer.readings, strict=True)
    )
