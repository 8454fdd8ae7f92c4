"""A request meets the limits of its caller: once before its first attempt, and at a fallback."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

from limits.admission.admissions import Admission
from limits.admission.asked_for import EVERYTHING, FREE, HANDSHAKE
from limits.admission.gate import gate
from limits.demand import Demand, nothing
from limits.meters.interface import PlainReading
from limits.refusals import LimitError
from limits.rule import Rule
from models_registry.targets import Target
from proxy.answering.attempting import Asking
from proxy.answering.candidates import Candidates
from proxy.answering.shapes import Shape
from proxy.client_side.limit_headers import limit_headers
from usage.exchange import Exchange, Surface
from usage.limit_counts import limit_counts

ANTHROPIC = Surface.ANTHROPIC  # a member costs more to find in its class, and each request asks


async def admit(asking: Asking, candidates: Candidates) -> None:
    """Let the request pass if all limits have room for it. Raises ``LimitError``.

    A socket is let in as a request, and each response over it as what it costs. Something that is
    asked aside runs no model. No limit counts what starts no work.
    """
    if gate.book.is_empty or not asking.exchange.requests:
        return
    metrics = EVERYTHING
    if asking.shape is Shape.SOCKET:
        metrics = HANDSHAKE
    elif _are_aside(candidates.targets):
        metrics = FREE
    exchange, targets, demand = asking.exchange, candidates.targets, once(candidates.demand)
    if not asking.is_long:
        said = gate.admit_in_one_step(exchange, targets, demand, metrics)
        if said is not None:
            tell(exchange, *said)
            return
    admission = await told(
        exchange, gate.admit(exchange, targets, demand, metrics, is_long=asking.is_long)
    )
    asking.output_cap = admission.output_cap


def once(demand: Callable[[], Demand]) -> Callable[[], Demand]:
    """``demand``, which is asked no second time: of a long body it takes a while."""
    known: list[Demand] = []

    def asked() -> Demand:
        if not known:
            known.append(demand())
        return known[0]

    return asked


async def admit_answer(exchange: Exchange, targets: Sequence[Target]) -> None:
    """Let a request pass whose answer is there already: it costs a request and nothing else.

    Raises ``LimitError``.
    """
    if not gate.book.is_empty:
        await told(exchange, gate.admit(exchange, targets, nothing, HANDSHAKE))


async def admit_early(
    exchange: Exchange, targets: Sequence[Target], demand: Callable[[], Demand]
) -> None:
    """Let a request pass before it is dispatched. Raises ``LimitError``."""
    if not gate.book.is_empty:
        await told(exchange, gate.admit(exchange, targets, demand))


async def extended(asking: Asking, model: str, candidates: Candidates) -> int | None:
    """The output cap for a fallback to ``model``, once its limits have room, too.

    Raises ``LimitError``.
    """
    if gate.book.is_empty:
        return None
    exchange = asking.exchange
    try:
        admission = await gate.extend(
            exchange, model, candidates.targets, candidates.demand, is_long=asking.is_long
        )
    except LimitError as exc:  # the request goes on elsewhere, or ends as it did before
        limit_counts.refuse(exc.rule.label)
        raise
    tell(exchange, admission.rules, admission.readings)
    return admission.output_cap


async def told(exchange: Exchange, asked: Awaitable[Admission]) -> Admission:
    """What ``asked`` the gate says, which the client is told of. Raises ``LimitError``."""
    try:
        admission = await asked
    except LimitError as exc:
        limit_counts.refuse(exc.rule.label)
        exc.is_shared = not exc.rule.is_own_of(exchange.caller)
        if exc.reading is not None:
            tell(exchange, (exc.rule,), (exc.reading,))
        raise
    tell(exchange, admission.rules, admission.readings)
    return admission


def tell(exchange: Exchange, rules: tuple[Rule, ...], readings: Sequence[PlainReading]) -> None:
    """Have the client told of what is left of ``rules``."""
    if rules:
        is_anthropic = exchange.surface is ANTHROPIC
        exchange.limit_headers = limit_headers(
            rules,
            readings,
            is_anthropic=is_anthropic,
            is_spoken_for=bool(exchange.caller.spoken_for),
            now=time.time() if is_anthropic else 0.0,  # OpenAI's tell how long it takes
        )


def _are_aside(targets: Sequence[Target]) -> bool:
    if targets and not targets[0].is_aside:  # nearly always; a generator costs more than this look
        return False
    return all(target.is_aside for target in targets)
