"""What an attempt teaches: cooldowns of keys and targets, breakers, and how quick a target is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from connections.calling.client import UpstreamResponse
from connections.choices import AuthType
from connections.upstream import UpstreamKey
from models_registry.targets import Target
from proxy.answering.dispatched import Dispatched
from resilience.outcomes import Kind, Outcome
from resilience.states import TargetState, states
from resilience.verdict import Cooldown, Scope, Signal, Verdict
from usage.attempts import Attempt
from usage.exchange import Exchange
from usage.in_flight import in_flight

# Each caller has a limit of their own there, which is none of the others' business.
CALLERS_OWN = frozenset({AuthType.SESSION, AuthType.SYSTEM_OAUTH})
# An upstream looks at the key before it looks at the request.
KEY_WAS_TAKEN = frozenset({Kind.REFUSED, Kind.TOO_LONG, Kind.FILTERED, Kind.MODEL_UNKNOWN})


def settle_success(
    dispatched: Dispatched,
    key: UpstreamKey | None,
    state: TargetState,
    exchange: Exchange,
    seconds: float,
    attempt: Attempt,
) -> None:
    """Note that the answer of ``attempt`` has begun after ``seconds``.

    The target is busy until its last byte.
    """
    target = dispatched.target
    if target.is_aside:
        state.end(Signal.NOTHING)
        return
    if key is not None and (pool := target.connection.keys) is not None:
        pool.succeeded(key, target.model)
    if dispatched.whole is not None or in_flight.find(exchange.request_id) is not exchange:
        state.end(Signal.SUCCESS, seconds)
    else:
        state.content(seconds)
        exchange.on_end = partial(_leave, state, dispatched.response, attempt)


def _leave(
    state: TargetState, response: UpstreamResponse, attempt: Attempt, exchange: Exchange
) -> None:
    has_broken = response.has_broken or exchange.has_broken
    if has_broken:
        attempt.kind = Kind.BROKEN
    state.leave(is_failure=has_broken)


def settle_answer(attempt: Attempt) -> None:
    """Note that the client gets the answer of ``attempt`` although it tells of a failure.

    What it told of its use is counted with the exchange, as the use of every answer.
    """
    if attempt.tokens is not None:
        attempt.tokens = None
        if attempt.kind is Kind.FAILED:
            attempt.kind = Kind.BROKEN


def settle_next(attempts: Sequence[Attempt], what: str) -> None:
    """Have the record say why ``what`` follows the last of ``attempts``."""
    for last in attempts[-1:]:
        last.why = f"{last.status or last.kind.replace('_', ' ')} → {what}"


def settle_failure(
    target: Target, key: UpstreamKey | None, outcome: Outcome, verdict: Verdict
) -> None:
    """Note how an attempt failed, as ``verdict`` says."""
    state = states.of(target.key)
    if target.is_aside:
        state.end(Signal.NOTHING)
        return
    state.end(verdict.signal, None, outcome.kind is Kind.NOT_SENT)
    if outcome.kind in KEY_WAS_TAKEN and key is not None and (pool := target.connection.keys):
        pool.taken(key)
    if verdict.cooldown is not None:
        _cool(target, key, state, verdict.cooldown, reason=outcome.kind.value)


def _cool(
    target: Target,
    key: UpstreamKey | None,
    state: TargetState,
    cooldown: Cooldown,
    *,
    reason: str,
) -> None:
    seconds, pool = cooldown.seconds, target.connection.keys
    if cooldown.scope is not Scope.TARGET and key is not None and pool is not None:
        if seconds is None:
            pool.kill(key, reason)
            return
        model = target.model if cooldown.scope is Scope.KEY_AND_MODEL else None
        pool.cool(key, seconds, model=model, reason=reason, doubles=cooldown.doubles)
    elif seconds is not None and target.connection.upstream.auth_type not in CALLERS_OWN:
        state.cool(seconds, reason, doubles=cooldown.doubles)
