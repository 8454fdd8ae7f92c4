"""What requests taught this worker of a connection, put over what its lists of models tell.

An upstream may list its models to anyone, and still refuse each request.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from connections.auth.key_states import KeyReport, KeyState
from connections.calling.key_pools import KeyPools, key_pools
from connections.health.state import ConnectionState, Kind, connection_states
from resilience.states import States, TargetState, states

MAY_BE_WORSE = frozenset({Kind.WORKS, Kind.NOT_CHECKED})


def known_states() -> list[ConnectionState]:
    """The states of all connections in their order, as far as this process knows; one query."""
    return with_live(connection_states())


def with_live(
    found: Iterable[ConnectionState],
    *,
    pools: KeyPools = key_pools,
    targets: States = states,
) -> list[ConnectionState]:
    """``found``, in which a connection that requests fail at does not count as working."""
    resting: dict[int, list[TargetState]] = {}
    for target in targets.known():
        if target.available_at:
            resting.setdefault(target.key[0], []).append(target)
    return [_judged(state, pools, resting.get(state.connection_id, [])) for state in found]


def _judged(state: ConnectionState, pools: KeyPools, resting: list[TargetState]) -> ConnectionState:
    if state.kind not in MAY_BE_WORSE:
        return state
    pool = pools.of(state.connection_id)
    reports = pool.reports() if pool is not None else []
    if reports and all(each.state is KeyState.DEAD for each in reports):
        return _worse(state, Kind.KEY_REFUSED, "key refused", reports[0].reason)
    if reports and not any(_is_usable(each) for each in reports):
        return _worse(state, Kind.RATE_LIMITED, "rate limited", reports[0].reason)
    if resting and len(resting) >= max(state.model_count, 1):
        return _worse(state, Kind.FAILING, "failing", resting[0].reason)
    return state


def _worse(state: ConnectionState, kind: Kind, label: str, problem: str) -> ConnectionState:
    """Since when is not known: the worker may have learned of it from another one."""
    return replace(state, kind=kind, label=label, since=None, problem=problem)


def _is_usable(report: KeyReport) -> bool:
    return report.state is KeyState.OK or report.model is not None
