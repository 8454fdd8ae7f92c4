"""Prices from the list that the package genai-prices carries. Nothing is fetched."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from wire_formats.service_tiers import STANDARD

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import TieredPrices

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


# The list's names for what a provider tells as its service tier: flex and priority are OpenAI's and
# Google's, a speed is Anthropic's, and any provider may have rates for batches.
TIER_KEYS = ("service_tier", "speed", "processing")


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
    found = _find(base_url, model)
    if found is None:
        return None
    provider, info = found
    listed, tier = info.get_prices(at), ""
    if service_tier not in STANDARD:
        of_tier = _of_tier(provider, info, at, service_tier)
        if vars(of_tier) != vars(listed):
            listed, tier = of_tier, service_tier
    if id(listed) in _flat:  # the list lives for ever, so no other object gets its id
        return _flat[id(listed)]
    rates = _rates(listed, prompt_tokens)
    if not any(rate is not None for rate in rates):
        price = None
    else:
        key = (f"{provider.id}/{info.id}", tier, _step(listed.input_mtok, prompt_tokens), rates)
        price = _others.setdefault(
            key, ListedPrice(model=key[0], service_tier=tier, above_tokens=key[2], rates=rates)
        )
    if not tier and not any(_is_stepped(getattr(listed, name)) for name in LISTED):
        _flat[id(listed)] = price
    return price


def _of_tier(provider: Any, info: Any, at: datetime, tier: str) -> Any:
    """The prices of ``tier``; the standard ones where the provider only resells the model."""
    is_its_own = any(info is own for own in provider.models)
    return info.get_prices(at, dict.fromkeys(TIER_KEYS, tier) if is_its_own else None)


@lru_cache(maxsize=256)
@lru_cache(maxsize=1000)
def knows_host(base_url: str) -> bool:
    """Whether the list has a provider whose API is at ``base_url``."""
    try:
        _price_list().find_provider(None, None, base_url)
    except LookupError:
        return False
    return True


@cache
def list_version() -> str:
    return version("genai-prices")


@lru_cache(maxsize=4096)
def _find(base_url: str, model: str) -> tuple[Any, Any] | None:
    try:
        return _price_list().find_provider_model(model, None, None, base_url)
    except LookupError:
        return None


@cache
def _price_list() -> DataSnapshot:
    """It takes 30 MB of memory, so that only workers which have to price something read it."""
    from genai_prices.data_snapshot import get_snapshot

    gc.collect()  # or what is garbage now would be kept for ever
    snapshot = get_snapshot()
    # A garbage collection that walked the snapshot would halt every stream for 60 ms, and find
    # nothing. Freezing spares all other live objects too; reference counts still free them.
    gc.freeze()
    return snapshot


def _rates(listed: Any, prompt_tokens: int) -> tuple[Decimal | None, ...]:
    """As the columns have them, or a price that was kept would not be recognised."""
    found = [_rate(getattr(listed, name), prompt_tokens) for name in LISTED]
    per_hour = found[LISTED.index("input_audio_hours")]
    if per_hour is not None:
        found[LISTED.index("input_audio_hours")] = per_hour / MINUTES_PER_HOUR
    return (*(None if rate is None else rate.quantize(FINEST) for rate in found), None)


def _is_stepped(price: Decimal | TieredPrices | None) -> bool:
    return price is not None and not isinstance(price, Decimal)


def _rate(price: Decimal | TieredPrices | None, prompt_tokens: int) -> Decimal | None:
    """The price itself, or the step of a stepped price that ``prompt_tokens`` reaches."""
    if price is None or isinstance(price, Decimal):
        return price
    reached = [tier.price for tier in price.tiers if prompt_tokens > tier.start]
    return reached[-1] if reached else price.base


def _step(price: Any, prompt_tokens: int) -> int:
    tiers = getattr(price, "tiers", ())
    return max((tier.start for tier in tiers if prompt_tokens > tier.start), default=0)
