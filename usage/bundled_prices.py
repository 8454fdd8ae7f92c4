"""Prices from the list that the package genai-prices carries. Nothing is fetched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genai_prices.types import TieredPrices

MINUTES_PER_HOUR = 60
FINEST = Decimal("1e-6")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPrice:
    """A price of the list. ``rates`` are in the order of ``Price.RATES``."""

    model: str
    above_tokens: int
    rates: tuple[Decimal | None, ...]


def bundled_price(
    base_url: str, model: str, *, at: datetime, prompt_tokens: int
) -> ListedPrice | None:
    """What ``model`` costs at the provider whose API is at ``base_url``; None if nobody knows.

    Of prices that rise with the length of the input, it is the one that holds for
    ``prompt_tokens``.
    """
    found = _find(base_url, model)
    if found is None:
        return None
    provider, info = found
    listed = info.get_prices(at)
    per_hour = _rate(listed.input_audio_hours, prompt_tokens)
    exact = (
        _rate(listed.input_mtok, prompt_tokens),
        _rate(listed.cache_read_mtok, prompt_tokens),
        _rate(listed.cache_write_mtok, prompt_tokens),
        _rate(listed.output_mtok, prompt_tokens),
        None if per_hour is None else per_hour / MINUTES_PER_HOUR,
        _rate(listed.input_mchars, prompt_tokens),
        None,
    )
    # As the column has them, or a price that was kept would not be recognised.
    rates = tuple(None if rate is None else rate.quantize(FINEST) for rate in exact)
    if not any(rate is not None for rate in rates):
        return None
    above = _step(listed.input_mtok, prompt_tokens)
    return ListedPrice(model=f"{provider.id}/{info.id}", above_tokens=above, rates=rates)


@cache
def list_version() -> str:
    return version("genai-prices")


@lru_cache(maxsize=4096)
def _find(base_url: str, model: str) -> tuple[Any, Any] | None:
    # The list takes 30 MB of memory, so that only workers which have to price something read it.
    from genai_prices.data_snapshot import get_snapshot

    try:
        return get_snapshot().find_provider_model(model, None, None, base_url)
    except LookupError:
        return None


def _rate(price: Decimal | TieredPrices | None, prompt_tokens: int) -> Decimal | None:
    """The price itself, or the step of a stepped price that ``prompt_tokens`` reaches."""
    if price is None or isinstance(price, Decimal):
        return price
    reached = [tier.price for tier in price.tiers if prompt_tokens > tier.start]
    return reached[-1] if reached else price.base


def _step(price: Any, prompt_tokens: int) -> int:
    tiers = getattr(price, "tiers", ())
    return max((tier.start for tier in tiers if prompt_tokens > tier.start), default=0)
