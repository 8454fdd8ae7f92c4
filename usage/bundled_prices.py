"""Prices from the list that comes along. Nothing is fetched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from usage.price_list.listed import Rates, Stepped, list_version, model_at, provider_at
from wire_formats.service_tiers import STANDARD

__all__ = ["ListedPrice", "bundled_price", "is_constant", "knows_host", "list_version"]

MINUTES_PER_HOUR = 60
FINEST = Decimal("1e-6")
# The list's names for all of Price.RATES but the last, which it does not know.
LISTED = (
    "input_mtok",
    "cache_read_mtok",
    "cache_write_mtok",
    "output_mtok",
    "input_audio_mtok",
    "output_audio_mtok",
    "input_audio_hours",
    "input_mchars",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ListedPrice:
    """A price of the list, which is the same object whenever it is found.

    ``rates`` are in the order of ``Price.RATES``. ``service_tier`` is empty for the standard rates.
    """

    model: str
    service_tier: str
    above_tokens: int
    rates: tuple[Decimal | None, ...]


# By what the list has of a model: its standard prices that do not rise, and by rates all others.
_flat: dict[int, ListedPrice | None] = {}
_others: dict[tuple[str, str, int, tuple[Decimal | None, ...]], ListedPrice] = {}


def bundled_price(
    base_url: str, model: str, *, at: datetime, prompt_tokens: int, service_tier: str = ""
) -> ListedPrice | None:
    """The price of ``model`` at the provider whose API is at ``base_url``; None if unknown.

    Of prices that rise with the length of the input, it is the one that holds for
    ``prompt_tokens``. Where the list has no rates for ``service_tier``, it is the standard price.
    """
    found = model_at(base_url, model)
    if found is None:
        return None
    provider, info = found
    listed, tier = info.rates(at), ""
    if service_tier not in STANDARD:
        of_tier = info.rates_of_tier(at, service_tier)
        if of_tier != listed:
            listed, tier = of_tier, service_tier
    if id(listed) in _flat:  # models live for ever, so no other object gets the id of their rates
        return _flat[id(listed)]
    rates = _rates(listed, prompt_tokens)
    if not any(rate is not None for rate in rates):
        price = None
    else:
        key = (f"{provider}/{info.id}", tier, _step(listed, prompt_tokens), rates)
        price = _others.setdefault(
            key, ListedPrice(model=key[0], service_tier=tier, above_tokens=key[2], rates=rates)
        )
    if not tier and not any(isinstance(listed.get(name), Stepped) for name in LISTED):
        _flat[id(listed)] = price
    return price


def is_constant(base_url: str, model: str) -> bool:
    """Whether the standard price is the same at any time, and for inputs of any length."""
    found = model_at(base_url, model)
    return found is None or found[1].is_constant


def knows_host(base_url: str) -> bool:
    """Whether the list has a provider whose API is at ``base_url``."""
    return provider_at(base_url) is not None


def _rates(listed: Rates, prompt_tokens: int) -> tuple[Decimal | None, ...]:
    """As the columns have them, or a price that was kept would not be recognised."""
    found = [_rate(listed.get(name), prompt_tokens) for name in LISTED]
    per_hour = found[LISTED.index("input_audio_hours")]
    if per_hour is not None:
        found[LISTED.index("input_audio_hours")] = per_hour / MINUTES_PER_HOUR
    return (*(None if rate is None else rate.quantize(FINEST) for rate in found), None)


def _rate(rate: Decimal | Stepped | None, prompt_tokens: int) -> Decimal | None:
    return rate.at(prompt_tokens) if isinstance(rate, Stepped) else rate


def _step(listed: Rates, prompt_tokens: int) -> int:
    rate = listed.get("input_mtok")
    return rate.step(prompt_tokens) if isinstance(rate, Stepped) else 0
