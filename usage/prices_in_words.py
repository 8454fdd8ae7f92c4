"""What targets cost, in words, for pages of rooms below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from models_registry.known_prices import KnownPrice
from models_registry.targets import Target
from usage.models import Price
from usage.pricing import Pricing, Rates
from usage.target_prices import Asked, usual_price

UNITS = {
    "input_per_million": "per million input tokens",
    "output_per_million": "per million output tokens",
    "per_audio_minute": "per minute of audio",
    "per_million_characters": "per million letters",
    "per_request": "per request",
}
NOTHING = KnownPrice(usual=0.0, in_words="nothing")


def prices_of(targets: Sequence[Target]) -> list[KnownPrice | None]:
    """The price of each target as of now. Two queries."""
    pricing, now = Pricing.load(saves=False), datetime.now(UTC)
    return [
        NOTHING
        if target.connection.upstream.costs_nothing
        else _known(pricing.rates_of(_asked(target), now))
        for target in targets
    ]


def _asked(target: Target) -> Asked:
    return Asked(target.connection.upstream.name, target.public_id, target.model)


def _known(rates: Rates | None) -> KnownPrice | None:
    usual = usual_price(rates)
    if rates is None or math.isinf(usual):
        return None
    by_name = dict(zip(Price.RATES, rates, strict=True))
    told = [
        f"${rate.normalize():f} {unit}"
        for name, unit in UNITS.items()
        if (rate := by_name[name]) is not None
    ]
    return KnownPrice(usual=usual, in_words=", ".join(told))
