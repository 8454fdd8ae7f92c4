"""The steps of an admission: what is asked, what is said to a refusal, and what is cut short."""

from __future__ import annotations

from collections.abc import Sequence

from limits.admission.asking import Answer
from limits.admission.expected import Expected, expected_of, priced, with_costs
from limits.admission.holds import COUNTING_REQUESTS, LEAST_OUTPUT, Hold
from limits.admission.output_lengths import OutputLengths
from limits.book import Matched
from limits.choices import Metric
from limits.counting.live_prices import LivePrices
from limits.demand import Demand
from limits.meters.interface import LOOSE, MeterKind, Reading
from limits.refusals import LimitReachedError
from models_registry.targets import Target
from usage.exchange import Exchange

Targets = Sequence[Target]
CLAIMED_SECONDS = 2.0  # until it is worth a try whether a request that ran has left something


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
    note_demand(exchange, demand)
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


def note_demand(exchange: Exchange, demand: Demand) -> None:
    """Have the record tell what was expected of the request."""
    exchange.images = demand.images or None
    exchange.expected_prompt_tokens = demand.input_tokens or None
    exchange.expected_audio_seconds = demand.audio_ms / 1000 or None


def ids_of(targets: Targets) -> tuple[str, ...]:
    """Every id by which patterns of limits may mean these targets."""
    if len(targets) == 1:
        return targets[0].granted_ids
    return tuple(dict.fromkeys(name for target in targets for name in target.granted_ids))


def refusal(over: Sequence[tuple[Hold, Reading]]) -> LimitReachedError:
    """The error for the limit that lasts the longest, of those that a shorter output leaves over.

    Of several, the one that waits the least. What is left of a period may only be claimed by
    requests that run: it is soon known what they used, and nothing is used up.
    """
    firm = [each for each in over if not _fits_when_cut(*each, each[1].room)] or over
    hold, reading = max(
        firm, key=lambda each: (_retry_seconds(*each) or 0.0, -each[0].rule.wait_seconds)
    )
    return LimitReachedError(
        hold.rule, reading, _retry_seconds(hold, reading), is_claimed=_is_claimed(hold, reading)
    )


def _retry_seconds(hold: Hold, reading: Reading) -> float | None:
    if _is_claimed(hold, reading):
        return CLAIMED_SECONDS
    if hold.ask.kind is MeterKind.PERIOD and reading.retry_seconds is None:
        return reading.reset_seconds
    return reading.retry_seconds


def _is_claimed(hold: Hold, reading: Reading) -> bool:
    """Whether it would fit if no other request ran."""
    if hold.ask.kind is not MeterKind.PERIOD or reading.claimed <= reading.settled:
        return False
    if hold.rule.metric in COUNTING_REQUESTS:  # a request that runs is one, whatever it uses
        return False
    room = reading.amount - reading.settled - hold.before  # of a socket's responses before this one
    return hold.ask.worst - hold.before <= room or _fits_when_cut(hold, reading, room)


def _fits_when_cut(hold: Hold, reading: Reading, room: int) -> bool:
    return hold.may_be_cut and hold.fitting_output(room) >= LEAST_OUTPUT


def fitting_cap(over: Sequence[tuple[Hold, Reading]], tried: int | None) -> int | None:
    """The longest output that fits what is left of all that is ``over``; None if none does.

    Half of what is left stays for the next request, unless this one usually needs more.
    ``tried`` is the cap that did not fit either, as others took something meanwhile.
    """
    if not all(hold.may_be_cut for hold, _ in over):
        return None
    cap = min(_fair_output(hold, reading.room) for hold, reading in over)
    if tried is not None:
        cap = min(cap, tried // 2)
    return cap if cap >= LEAST_OUTPUT else None


def _fair_output(hold: Hold, room: int) -> int:
    whole, half = hold.fitting_output(room), hold.fitting_output(room // 2)
    return max(half, min(whole, hold.usual_output))


def is_near(answer: Answer) -> bool:
    """Whether an output may pass what is left, unless it is cut: so little of a limit is neither
    used nor claimed by what runs."""
    for held, reading in zip(answer.held, answer.readings, strict=True):
        hold = held.hold
        if not hold.may_be_cut or not hold.ask.is_enforced:
            continue
        if reading.room < LOOSE * hold.ask.worst:
            return True
    return False
