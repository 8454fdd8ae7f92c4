"""What a request used, as its record says: the same figures for periods and for meters."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from limits.quantities import NANO, Amounts, Quantities, nanodollars, quantities_in
from usage.failing import FAILED
from usage.record import UsageRecord

MILLION = Decimal(1_000_000)
MILLISECONDS = 1000
MOST_IMAGES = 2**31 - 1  # that a row holds


def quantities_of(record: UsageRecord, cost: Decimal | None) -> Quantities:
    """What ``record`` counts as, at its ``cost`` in US dollars: see :func:`amounts_at`."""
    return quantities_in(amounts_at(record, nanodollars(cost)))


def amounts_at(record: UsageRecord, cost: int) -> Amounts:
    """What ``record`` counts as, at its ``cost`` in nano-dollars.

    ``record`` has the counts that the ledger stores: see :func:`usage.estimation.counted`. A
    request counts once an upstream was tried, or when it was answered without one. Images are those
    that it asked for, if it was answered.
    """
    is_one = record.attempts > 0 or 0 < record.status < FAILED
    images = record.images
    seconds = record.audio_seconds
    prompt, output = record.prompt_tokens or 0, record.completion_tokens or 0
    return (
        record.requests if is_one else 0,
        prompt,
        output,
        cost,
        # As databases round, too: see limits.counting.rebuilding.
        int(seconds * MILLISECONDS + 0.5) if seconds else 0,
        min(images, MOST_IMAGES) if images and record.is_answered else 0,
        prompt + output,
    )


def per_token(dollars_per_million: Decimal) -> int:
    """Whole nano-dollars for a token."""
    return int((dollars_per_million * NANO / MILLION).to_integral_value(ROUND_HALF_EVEN))
