"""What a request used, as its record says: the same figures for periods and for meters."""

from __future__ import annotations

from decimal import Decimal

from limits.quantities import MILLISECONDS, NANO, Quantities, nanodollars
from usage.record import FAILED, UsageRecord

MILLION = Decimal(1_000_000)


def quantities_of(record: UsageRecord, cost: Decimal | None) -> Quantities:
    """What ``record`` counts as, at its ``cost`` in US dollars.

    ``record`` has the counts that the ledger stores: see :func:`usage.estimation.counted`. A
    request counts once an upstream was tried, or when it was answered without one. Nobody tells how
    many images there were.
    """
    is_one = record.attempts > 0 or 0 < record.status < FAILED
    seconds = record.audio_seconds
    return Quantities(
        requests=int(is_one),
        input_tokens=record.prompt_tokens or 0,
        output_tokens=record.completion_tokens or 0,
        nanodollars=nanodollars(cost),
        audio_ms=round(Decimal(seconds) * MILLISECONDS) if seconds else 0,
    )


def assumed(used: Quantities, nanodollars_per_token: int) -> Quantities:
    """``used`` at the price that a limit assumes, for a request whose cost is not known."""
    tokens = used.input_tokens + used.output_tokens
    return used._replace(nanodollars=tokens * nanodollars_per_token)


def per_token(dollars_per_million: Decimal) -> int:
    """Nano-dollars a token, rounded up."""
    exact = dollars_per_million * NANO / MILLION
    whole = int(exact)
    return whole + (exact > whole)
