"""The longest output that all limits of a request have room for.

::

    take ──► fits: whole, or with a cap where it may pass what is left
     └─► over ──► a shorter output ──► take again, CAPS times ──► refused
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from limits.admission.asking import Answer, Asker
from limits.admission.expected import Expected, capped
from limits.admission.holds import LEAST_OUTPUT, Hold
from limits.meters.interface import LOOSE, Reading

CAPS = 4  # takes with a shorter output each, before a request is refused


class Fitted(NamedTuple):
    """``answer`` has what is over, or all that is held, with an output of ``cap`` at the most."""

    answer: Answer
    cap: int | None


async def fitted(
    asker: Asker,
    name: str,
    holds: Callable[[Expected], Sequence[Hold]],
    expected: Expected,
    cap: int | None,
) -> Fitted:
    """Reserve what is ``expected`` for ``name``, or a shorter output. ``cap`` is known before."""
    if cap is not None:
        expected = capped(expected, cap)
    for _ in range(CAPS):
        answer = await asker.ask(name, holds(expected))
        if not answer.over:
            break
        cap = fitting_cap(answer.over, cap)
        if cap is None:
            return Fitted(answer, None)
        expected = capped(expected, cap)
    if cap is None and not expected.is_bounded and is_near(answer):
        cap = expected.worst.output_tokens
    return Fitted(answer, cap)


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
    for hold, reading in zip(answer.held, answer.readings, strict=True):
        if not hold.may_be_cut:
            continue
        ask = hold.ask
        if ask.is_enforced and reading.room < LOOSE * ask.worst:
            return True
    return False
