"""What a request cost: the answer that its client got, and attempts before it that told their use.

A failed attempt is priced by its own connection and model. One that surely did nothing costs
nothing. One that may have been billed and told no counts has no figure: its line in the log says
so, and the cost of the request is without it.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from usage.attempts import AttemptFacts
from usage.costs import TOO_MUCH, cost_of
from usage.models import Price
from usage.pricing import Pricing
from usage.record import UsageRecord

OK = 200
COLUMNS = {
    "prompt": "prompt_tokens",
    "cached": "cached_tokens",
    "cache_write": "cache_write_tokens",
    "completion": "completion_tokens",
    "reasoning": "reasoning_tokens",
    "audio_prompt": "audio_prompt_tokens",
    "audio_completion": "audio_completion_tokens",
    "audio_seconds": "audio_seconds",
    "characters": "characters",
}


class Charge(NamedTuple):
    """``cost`` is in US dollars, None where unknown.

    ``price`` is that of the answer, or without one that of the first attempt that has a price.
    ``log`` is the record's log of attempts, with cost and price where an attempt told its use.
    """

    cost: Decimal | None
    price: Price | None
    log: list[AttemptFacts]


def charge(record: UsageRecord, pricing: Pricing) -> Charge:
    price = pricing.price_of(record)
    cost = None if price is None else cost_of(record, price)
    if is_of_one_answer(record):
        return Charge(cost=cost, price=price, log=record.attempt_log)
    charges = [_of_attempt(attempt, record, pricing) for attempt in record.attempt_log]
    parts = [one.cost for one in charges if one is not None]
    if record.is_answered:
        parts.append(cost)
    else:
        price = next((one.price for one in charges if one and one.price), None)
    log = [
        attempt if one is None else attempt | _said(one)
        for attempt, one in zip(record.attempt_log, charges, strict=True)
    ]
    return Charge(cost=_sum(parts), price=price, log=log)


def is_of_one_answer(record: UsageRecord) -> bool:
    """Whether no attempt told a use of its own beside the answer."""
    log = record.attempt_log
    return not log or not any(attempt.get("tokens") for attempt in log)


def _of_attempt(attempt: AttemptFacts, record: UsageRecord, pricing: Pricing) -> Charge | None:
    """None for an attempt that told nothing, as the one whose answer the client got."""
    tokens = attempt.get("tokens")
    if not tokens:
        return None
    counts: dict[str, Any] = {column: tokens.get(name) for name, column in COLUMNS.items()}
    if counts["prompt_tokens"] is not None and counts["completion_tokens"] is None:
        counts["completion_tokens"] = 0  # it failed before any content
    alone = replace(
        record,
        status=OK,
        connection=attempt["connection"],
        upstream_model=attempt["model"],
        service_tier=tokens.get("service_tier", ""),
        attempt_log=[],
        **counts,
    )
    return charge(alone.believed(), pricing)


def _said(one: Charge) -> AttemptFacts:
    return {
        "cost": None if one.cost is None else f"{one.cost.normalize():f}",
        "price_id": None if one.price is None else one.price.pk,
    }


def _sum(parts: list[Decimal | None]) -> Decimal | None:
    """None if one of the parts is not known."""
    known = [part for part in parts if part is not None]
    total = sum(known, Decimal(0))
    return total if len(known) == len(parts) and total < TOO_MUCH else None
