"""The cost of what was counted, at the rates of a price."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from usage.models import Price

MILLION = Decimal(1_000_000)
SECONDS_PER_MINUTE = Decimal(60)
TOKEN_RATES = (
    "input_per_million",
    "output_per_million",
    "audio_input_per_million",
    "audio_output_per_million",
)
PRECISION = Decimal("1e-10")
TOO_MUCH = Decimal("1e10")  # more than the column can hold: an upstream or an admin is wrong


class Counted(Protocol):
    """The counts that a cost depends on, beside the price."""

    @property
    def prompt_tokens(self) -> int | None: ...
    @property
    def cached_tokens(self) -> int | None: ...
    @property
    def cache_write_tokens(self) -> int | None: ...
    @property
    def completion_tokens(self) -> int | None: ...
    @property
    def audio_prompt_tokens(self) -> int | None: ...
    @property
    def audio_completion_tokens(self) -> int | None: ...
    @property
    def audio_seconds(self) -> float | None: ...
    @property
    def characters(self) -> int | None: ...


def cost_of(record: Counted, price: Price) -> Decimal | None:
    """In US dollars; None where something counts that was not counted, or has no rate."""
    prompt, cached = record.prompt_tokens, record.cached_tokens or 0
    written = record.cache_write_tokens or 0
    fresh = None if prompt is None else max(prompt - cached - written, 0)
    # Sound without its own rate costs what text costs. No count of it may pass the whole.
    heard = _sound(price.audio_input_per_million, record.audio_prompt_tokens, of=fresh)
    spoken = _sound(
        price.audio_output_per_million, record.audio_completion_tokens, of=record.completion_tokens
    )
    has_token_rates = any(getattr(price, name) is not None for name in TOKEN_RATES)
    parts = [_part(price.per_request, 1, Decimal(1))]
    if has_token_rates:
        parts += [
            _part(price.input_per_million, _without(fresh, heard), MILLION),
            _part(price.audio_input_per_million, heard, MILLION),
            _part(_or_input(price.cached_per_million, price), cached, MILLION),
            _part(_or_input(price.cache_write_per_million, price), written, MILLION),
            _part(price.output_per_million, _without(record.completion_tokens, spoken), MILLION),
            _part(price.audio_output_per_million, spoken, MILLION),
        ]
        if any(part is None for part in parts[1:]):
            return None
    if price.per_audio_minute is not None:
        parts.append(_part(price.per_audio_minute, record.audio_seconds, SECONDS_PER_MINUTE))
    if price.per_million_characters is not None:
        parts.append(_part(price.per_million_characters, record.characters, MILLION))
    return _total(parts[0 if price.per_request is not None else 1 :])


def _or_input(rate: Decimal | None, price: Price) -> Decimal | None:
    return price.input_per_million if rate is None else rate


def _sound(rate: Decimal | None, told: int | None, *, of: int | None) -> int:
    """How many of the tokens have the ``rate`` of sound."""
    return 0 if rate is None else min(told or 0, of or 0)


def _without(count: int | None, sound: int) -> int | None:
    return None if count is None else count - sound


def _part(rate: Decimal | None, count: float | None, unit: Decimal) -> Decimal | None:
    """None where there is no telling: nothing used costs nothing, and so does what is free."""
    if count == 0 or (rate == 0 and count is None):
        return Decimal(0)
    if rate is None:
        return Decimal(0) if count is None else None
    return None if count is None else rate * Decimal(count) / unit


def _total(parts: list[Decimal | None]) -> Decimal | None:
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    total = sum(known, Decimal(0))
    return total.quantize(PRECISION) if total < TOO_MUCH else None
