"""The scripts that Redis runs, and what they are given.

All keys have one hash tag, so that they are in one slot; scripts append the epoch to most of them.
Arguments are whole numbers below 2^53,
as far as a double, which is what Lua counts in, holds them exactly.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import Any, NamedTuple

import redis

from limits.meters.interface import LEASE_SECONDS, Ask, Base, MeterKind
from limits.meters.reservations import MeterAmount

PREFIX = "gatehouse:{limits}"
EPOCH, WORKERS, SERVER = (f"{PREFIX}:{name}" for name in ("epoch", "workers", "server"))
MOST = 2**53 - 1
NAMED_AT_ONCE = 500
BAD_ARGUMENT = "BADARGUMENT"
DIRECTORY = Path(__file__).with_name("scripts")

MICRO = 1_000_000
DONE_SECONDS = 3600  # so long a second settlement is recognised
HELD_SECONDS = 3600  # of what a reservation that is not renewed holds of buckets
SLOTS_SECONDS = 600
KEPT_SECONDS = 3 * 86_400.0  # of a period that is over
LONGEST_SECONDS = 8 * 86_400.0  # of a meter that nobody uses: it becomes unknown, and is seeded


@dataclass(frozen=True, slots=True)
class Script:
    """Its text and the digest that Redis knows it by."""

    text: str
    digest: str


@cache
def script(name: str, *beginnings: str) -> Script:
    """The script in the file ``name``, behind those that it builds on."""
    files = ("common", *beginnings, name)
    text = "\n".join((DIRECTORY / f"{file}.lua").read_text() for file in files)
    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())


TAKE, READ = script("take", "look"), script("read", "look")
SETTLE, HOLD, BASE, BEAT = (script(name) for name in ("settle", "hold", "base", "beat"))
ALL = (TAKE, READ, SETTLE, HOLD, BASE, BEAT)


class Call(NamedTuple):
    """One run of a script."""

    script: Script
    keys: tuple[str, ...]
    arguments: tuple[str | int, ...]


async def run(client: Any, call: Call) -> Any:
    """The reply of Redis to ``call``, which a Redis that lacks the script is sent in full.

    Raises ``redis.RedisError`` and ``OSError``.
    """
    keys, arguments = call.keys, call.arguments
    try:
        return await client.evalsha(call.script.digest, len(keys), *keys, *arguments)
    except redis.exceptions.NoScriptError:
        return await client.eval(call.script.text, len(keys), *keys, *arguments)


def take(reservation: str, asks: Sequence[Ask], candidate: str) -> Call:
    """``candidate`` is the beginning of an epoch that begins with this call."""
    lease = int(LEASE_SECONDS * MICRO)
    arguments: list[str | int] = [reservation, candidate, lease, HELD_SECONDS]
    for ask in asks:
        arguments += _of_ask(ask)
    keys = (*_of_reservation(reservation), *_of_meters(ask.meter for ask in asks))
    return Call(TAKE, keys, tuple(arguments))


def read(asks: Sequence[Ask], candidate: str) -> Call:
    arguments: list[str | int] = [candidate]
    for ask in asks:
        arguments += _of_ask(ask)
    return Call(READ, (EPOCH, *_of_meters(ask.meter for ask in asks)), tuple(arguments))


def settle(reservation: str, uses: Sequence[MeterAmount], candidate: str) -> Call:
    return _of_holds(SETTLE, (reservation, candidate, DONE_SECONDS), uses)


def give_up(reservation: str, uses: Sequence[MeterAmount], candidate: str) -> Call:
    """Release everything. The reservation may be taken and settled later."""
    return _of_holds(SETTLE, (reservation, candidate, 0), uses)


def hold(reservation: str, holds: Sequence[MeterAmount], candidate: str) -> Call:
    lease = int(LEASE_SECONDS * MICRO)
    return _of_holds(HOLD, (reservation, candidate, lease, HELD_SECONDS), holds)


def bases(base: Base, candidate: str) -> Iterator[Call]:
    """Several calls where ``base`` names many reservations."""
    counts = (whole(base.amount), whole(base.records), seconds_of_period(base.ends_at))
    for first in range(0, max(len(base.reservations), 1), NAMED_AT_ONCE):
        named = base.reservations[first : first + NAMED_AT_ONCE]
        keys = (EPOCH, *_of_meters([base.meter]), *(_done(each) for each in named))
        yield Call(BASE, keys, (candidate, *counts, *named))


def beat(worker: str, seconds: float, candidate: str) -> Call:
    """``worker`` counts for ``seconds`` from now; 0: no longer."""
    return Call(BEAT, (EPOCH, WORKERS, SERVER), (candidate, worker, int(seconds * MICRO)))


def seconds_of_period(ends_at: float) -> int:
    """How long the meter of a period is kept after its last use."""
    left = max(ends_at - time.time(), 0.0) + KEPT_SECONDS
    return int(min(left, LONGEST_SECONDS))


def _of_holds(script: Script, first: tuple[str | int, ...], holds: Sequence[MeterAmount]) -> Call:
    arguments: list[str | int] = list(first)
    for each in holds:
        counts = (each.amount, each.worst, each.window_us, each.limit)
        arguments += [each.kind.value, *(whole(count) for count in counts)]
        arguments.append(_seconds(each.kind, each.ends_at))
    keys = (*_of_reservation(str(first[0])), *_of_meters(each.meter for each in holds))
    return Call(script, keys, tuple(arguments))


def _of_ask(ask: Ask) -> tuple[str | int, ...]:
    return (
        ask.kind.value,
        whole(ask.amount),
        whole(ask.typical),
        whole(ask.worst),
        whole(ask.window_us),
        _seconds(ask.kind, ask.ends_at),
        int(ask.is_enforced),
    )


def _seconds(kind: MeterKind, ends_at: float) -> int:
    return seconds_of_period(ends_at) if kind is MeterKind.PERIOD else SLOTS_SECONDS


def whole(count: int) -> int:
    """``count`` for Redis: a limit of more than Redis counts to is as good as none.

    Raises ``ValueError`` for what is no count.
    """
    if type(count) is not int or count < 0:
        raise ValueError(f"{count!r} is not a count")
    return min(count, MOST)


def _done(reservation: str) -> str:
    return f"{PREFIX}:done:{reservation}"


def _of_reservation(reservation: str) -> tuple[str, str, str]:
    return EPOCH, _done(reservation), f"{PREFIX}:held:{reservation}"


def _of_meters(meters: Iterable[str]) -> list[str]:
    return [f"{PREFIX}:{part}:{meter}" for meter in meters for part in ("meter", "leases")]
