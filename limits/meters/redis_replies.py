"""What the scripts of Redis reply to asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from limits.meters.interface import Ask, MeterKind, Reading
from limits.meters.reservations import MeterAmount

TAKEN, REFUSED, UNKNOWN = range(3)  # as in take.lua
MICRO = 1_000_000


class Reply(NamedTuple):
    """``numbers`` are :class:`_Numbers` of each ask, or positions of unknown periods."""

    status: int
    epoch: bytes
    now_us: int
    numbers: Sequence[int]

    @classmethod
    def of(cls, values: Sequence[Any]) -> Reply:
        return cls(values[0], values[1], values[2], values[3:])


class _Numbers(NamedTuple):
    """``level`` and ``retry`` are microseconds, ``retry`` -1 where it is not known.

    ``reserved`` and ``worst`` are what the reservation holds.
    """

    used: int
    is_over: int
    level: int
    retry: int
    reserved: int
    worst: int
    settled: int
    claimed: int


def readings_of(asks: Sequence[Ask], reply: Reply) -> tuple[Reading, ...]:
    pairs = zip(asks, _numbers(reply), strict=True)
    return tuple(_reading(ask, one, reply.now_us) for ask, one in pairs)


def holds_of(asks: Sequence[Ask], reply: Reply) -> tuple[MeterAmount, ...]:
    """What the reservation holds after it was taken."""
    pairs = zip(asks, _numbers(reply), strict=True)
    return tuple(_hold(ask, one.reserved, one.worst) for ask, one in pairs)


def nothing_of(asks: Sequence[Ask]) -> tuple[MeterAmount, ...]:
    return tuple(_hold(ask, 0, 0) for ask in asks)


def _numbers(reply: Reply) -> Iterator[_Numbers]:
    width = len(_Numbers._fields)
    for first in range(0, len(reply.numbers), width):
        yield _Numbers(*reply.numbers[first : first + width])


def _reading(ask: Ask, one: _Numbers, now_us: int) -> Reading:
    reset, retry = 0.0, None
    if ask.kind is MeterKind.BUCKET:
        reset = one.level / MICRO
        retry = one.retry / MICRO if one.retry >= 0 else None
    elif ask.kind is MeterKind.PERIOD:
        reset = retry = max(ask.ends_at - now_us / MICRO, 0.0)
    is_over = bool(one.is_over)
    return Reading(
        ask.meter,
        ask.amount,
        one.used,
        reset,
        is_over,
        retry if is_over else None,
        one.settled,
        one.claimed,
    )


def _hold(ask: Ask, reserved: int, worst: int) -> MeterAmount:
    return MeterAmount(ask.meter, ask.kind, reserved, worst, ask.window_us, ask.amount, ask.ends_at)
