"""Parts of an admission: what the record is told, the ids of targets, the error for a refusal."""

from __future__ import annotations

from collections.abc import Sequence

from limits.admission.holds import LEAST_OUTPUT, Hold
from limits.demand import Demand
from limits.matches import COUNTING_REQUESTS
from limits.meters.interface import MeterKind, Reading
from limits.refusals import LimitReachedError
from models_registry.targets import Target
from usage.exchange import Exchange

Targets = Sequence[Target]
CLAIMED_SECONDS = 2.0  # until it is worth a try whether a request that ran has left something


def note_demand(exchange: Exchange, demand: Demand) -> None:
    """Have the record tell what was expected of the request."""
    input_tokens, _, images, audio_ms, _, _, _ = demand
    exchange.images = images or None
    exchange.expected_prompt_tokens = input_tokens or None
    exchange.expected_audio_seconds = audio_ms / 1000 if audio_ms else None


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
