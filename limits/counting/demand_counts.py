"""The counts of a request that was not sent yet, as prices read them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from usage.models import Price


@dataclass(slots=True, kw_only=True)
class DemandCounts:
    """What a request asks for, in the counts that :func:`usage.costs.cost_of` reads."""

    prompt_tokens: int | None
    completion_tokens: int | None
    audio_seconds: float | None
    characters: int | None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    audio_prompt_tokens: int | None = None
    audio_completion_tokens: int | None = None

    def with_output(self, tokens: int, price: Price, *, is_worst: bool) -> DemandCounts:
        """The counts with so many ``tokens`` of output; ``is_worst``: all tokens as those that
        have the highest rate of ``price``."""
        counts = replace(self, completion_tokens=tokens)
        if is_worst:
            counts._take_the_dearest(price)
        return counts

    def _take_the_dearest(self, price: Price) -> None:
        plain = price.input_per_million or Decimal(0)
        rates = {
            "cached_tokens": price.cached_per_million,
            "cache_write_tokens": price.cache_write_per_million,
            "audio_prompt_tokens": price.audio_input_per_million,
        }
        name, rate = max(rates.items(), key=lambda each: each[1] or Decimal(0))
        if rate is not None and rate > plain:
            setattr(self, name, self.prompt_tokens)
        spoken = price.audio_output_per_million
        if spoken is not None and spoken > (price.output_per_million or Decimal(0)):
            self.audio_completion_tokens = self.completion_tokens
