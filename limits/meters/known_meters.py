"""The meters that process memory knows.

Their number is bounded by those in use: for each meter that is made, two are looked at that were
looked at longest ago, and dropped if they are full buckets, free slots, or periods that ended some
days ago.
"""

from __future__ import annotations

from collections import OrderedDict

from limits.meters.interface import Ask, MeterKind, Terms, Use
from limits.meters.memory_slots import Slots
from limits.meters.memory_states import Bucket, Period

State = Bucket | Period | Slots
LOOKS = 2  # for each meter that is made; with 1 the number would never fall


class KnownMeters:
    """Times ``now`` are seconds since the epoch."""

    __slots__ = ("_made", "_states", "get")

    def __init__(self) -> None:
        self._states: OrderedDict[str, State] = OrderedDict()
        self._made = 0  # since the last look
        self.get = self._states.get

    def __len__(self) -> int:
        return len(self._states)

    def used(self, use: Use, now: float) -> State | None:
        """The meter of ``use``, made only where the use would change it."""
        state = self._states.get(use.meter)
        if state is None and use.amount > 0 and (use.kind is MeterKind.PERIOD or use.limit > 0):
            return self.make(use, use.limit, now)
        return state

    def period(self, meter: str, now: float) -> Period:
        state = self._states.get(meter)
        if isinstance(state, Period):
            return state
        self._made += 1
        made = self._states[meter] = Period(now)  # until its base tells the end
        return made

    def make(self, one: Ask | Terms | Use, amount: int, now: float) -> State:
        if one.kind is MeterKind.PERIOD:
            return self.period(one.meter, now)
        state = Slots() if one.kind is MeterKind.SLOTS else Bucket(amount, one.window_us)
        self._states[one.meter] = state
        self._made += 1
        return state

    def forget_unused(self, now: float) -> None:
        """Not to be called while a request is weighed, whose meters may be unused still."""
        looks, self._made = min(LOOKS * self._made, len(self._states)), 0
        for _ in range(looks):
            name, state = self._states.popitem(last=False)
            if not state.is_forgettable(now):
                self._states[name] = state
