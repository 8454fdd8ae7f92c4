"""The live state of a connection's keys and targets, and trying them now.

A worker knows it from memory. A command is no worker: it reads what the workers keep in Redis, and
knows nothing where there is none.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import redis
from django.conf import settings

from connections.auth.key_states import KeyReport, KeyState
from connections.calling.key_pools import KeyPools, key_pools
from connections.upstream import UpstreamKey
from infrastructure import redis_outage, redis_servers
from resilience.shared_state import SharedState, State, fingerprint, loads
from resilience.sharing import HASH, QUICKLY
from resilience.states import TargetState, states


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetReport:
    """``seconds`` are left until the target is asked again, 0 if it can be now."""

    model: str
    state: State
    seconds: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveConnection:
    """``keys`` are all of the connection's, ``targets`` those that are known of."""

    keys: Sequence[KeyReport] = ()
    targets: Sequence[TargetReport] = ()


def live_connection(
    connection_id: int, keys: Sequence[UpstreamKey] = (), *, pools: KeyPools = key_pools
) -> LiveConnection:
    """What is known of the connection now.

    ``keys`` are the connection's, for a process that is no worker. May block for a second or two.
    """
    if pools.is_filled or not settings.REDIS_URL:
        return _of_memory(connection_id, keys, pools)
    return _of_redis(connection_id, keys)


def revive_key(connection_id: int, key_id: str) -> str | None:
    """Have every worker use the key again; returns its hint, None if there is no such key."""
    pool = key_pools.of(connection_id)
    for key in pool.all if pool is not None else ():
        if pool is not None and key.id == key_id:
            pool.revive(key)
            return key.hint
    return None


def revive_target(connection_id: int, model: str) -> bool:
    """Have every worker ask the target again; False if nothing is known of it."""
    for state in states.known():
        if state.key == (connection_id, model):
            state.revive()
            return True
    return False


def _of_memory(connection_id: int, keys: Sequence[UpstreamKey], pools: KeyPools) -> LiveConnection:
    pool = pools.of(connection_id)
    known = sorted(
        (state for state in states.known() if state.key[0] == connection_id),
        key=lambda state: state.key[1],
    )
    return LiveConnection(
        keys=[_well(key) for key in keys] if pool is None else pool.reports(),
        targets=[_report(state) for state in known],
    )


def _report(state: TargetState) -> TargetReport:
    now = states.clock()
    if state.breaker.is_open:
        kind = State.OPEN
    else:
        kind = State.COOLING if state.cooling_until > now else State.OK
    seconds = max(state.available_at - now, 0.0)
    reason = "" if kind is State.OK else state.reason
    return TargetReport(model=state.key[1], state=kind, seconds=seconds, reason=reason)


def _of_redis(connection_id: int, keys: Sequence[UpstreamKey]) -> LiveConnection:
    now = time.time()
    kept = [
        state
        for state in _kept()
        if state.connection == connection_id and (state.ends_at > now or state.state is State.DEAD)
    ]
    targets = [
        TargetReport(
            model=each.model or "", state=each.state, seconds=each.ends_at - now, reason=each.reason
        )
        for each in kept
        if not each.key
    ]
    reports = [report for key in keys for report in _key_reports(key, kept, now)]
    return LiveConnection(keys=reports, targets=sorted(targets, key=lambda each: each.model))


def _key_reports(key: UpstreamKey, kept: list[SharedState], now: float) -> list[KeyReport]:
    name = fingerprint(key)
    rests = [
        KeyReport(
            id=key.id,
            hint=key.hint,
            state=KeyState(each.state),
            model=each.model,
            seconds=max(each.ends_at - now, 0.0),
            reason=each.reason,
        )
        for each in kept
        if each.key == name and each.state is not State.OPEN
    ]
    return rests or [_well(key)]


def _well(key: UpstreamKey) -> KeyReport:
    return KeyReport(id=key.id, hint=key.hint, state=KeyState.OK)


def _kept() -> Iterator[SharedState]:
    try:
        with redis_servers.client(settings.REDIS_URL, **QUICKLY) as client:
            texts = list(client.hgetall(HASH).values())
    except (redis.RedisError, OSError) as exc:
        redis_outage.tell("the live state of connections is not known", exc)
        return
    for text in texts:
        state = loads(text)
        if state is not None:
            yield state
