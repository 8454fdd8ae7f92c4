"""What process memory knows of requests at once."""

from __future__ import annotations

from limits.meters.interface import Ask, PlainReading, Reading, new
from limits.meters.memory_states import Reserved, Total


class Slots:
    """How many requests run."""

    __slots__ = ("taken",)
    is_known = True

    def __init__(self) -> None:
        self.taken = 0

    def weigh(self, ask: Ask, hold: Reserved, now: float) -> Total:
        more = ask.worst - hold[0]
        return ask.worst, more <= 0 or self.taken + more <= ask.amount

    def take_typical(
        self, meter: str, amount: int, window_us: int, hold: Reserved, now: float
    ) -> PlainReading | None:
        """Take slots for a request that has none; None where they are not free."""
        taken = self.taken + hold[1]
        if taken > amount:
            return None
        self.taken = taken
        return meter, amount, taken, 0.0, False, None, 0, 0

    def reserve(self, total: int, ask: Ask, hold: Reserved, now: float) -> None:
        self.taken += total - hold[0]

    def settle(self, reservation: str, amount: int, hold: Reserved, now: float) -> None:
        self.taken -= hold[0]

    def release(self, hold: Reserved, now: float) -> None:
        self.taken -= hold[0]

    def reading(self, ask: Ask, now: float, is_over: bool = False, more: int = 0) -> Reading:
        return new(Reading, (ask.meter, ask.amount, self.taken, 0.0, is_over, None, 0, 0))

    def is_forgettable(self, now: float) -> bool:
        return self.taken == 0
