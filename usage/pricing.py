"""The cost of requests: by an administrator's price if there is one, else by the bundled list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from connections.choices import Provider
from connections.models import Connection
from infrastructure.patterns import matches
from usage.bundled_prices import ListedPrice, bundled_price, knows_host, list_version
from usage.models import Price, PriceSource
from usage.record import UsageRecord
from wire_formats.service_tiers import STANDARD

OPENAI_URL = "https://api.openai.com/v1"
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


Rates = tuple[Decimal | None, ...]


class Priced(Protocol):
    """What a price depends on, beside the time."""

    @property
    def connection(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def upstream_model(self) -> str: ...
    @property
    def service_tier(self) -> str: ...
    @property
    def prompt_tokens(self) -> int | None: ...


class Pricing:
    """The prices as they are at the moment. Make one for each batch of records."""

    def __init__(
        self,
        overrides: Iterable[Price],
        base_urls: dict[str, str],
        of_openai: Iterable[str] = (),
    ) -> None:
        """``base_urls`` by the names of connections; ``of_openai`` names those of that provider."""
        self._overrides = sorted(overrides, key=_precedence, reverse=True)
        self._base_urls = base_urls
        self._of_openai = frozenset(of_openai)
        self._candidates: dict[tuple[str, str, str, str], list[Price]] = {}
        self._kept: dict[tuple[ListedPrice, PriceSource], Price] = {}

    @classmethod
    def load(cls) -> Pricing:
        rows = list(Connection.objects.values_list("name", "base_url", "provider"))
        return cls(
            Price.objects.overrides(),
            {name: base_url for name, base_url, _ in rows},
            of_openai=[name for name, _, provider in rows if provider == Provider.OPENAI],
        )

    def price_of(self, record: UsageRecord) -> Price | None:
        """The price of a request, saved; None where none is known, or nothing was answered."""
        if not record.is_answered:
            return None
        at = datetime.fromtimestamp(record.accepted_at, UTC)
        if override := self._override(record, at):
            return override
        found = self._listed_price(record, at)
        return None if found is None else self._keep(*found)

    def rates_of(self, asked: Priced, at: datetime) -> Rates | None:
        """The rates for what is ``asked``, in the order of ``Price.RATES``; saves nothing."""
        if override := self._override(asked, at):
            return tuple(getattr(override, name) for name in Price.RATES)
        found = self._listed_price(asked, at)
        return None if found is None else found[0].rates

    def _override(self, record: Priced, at: datetime) -> Price | None:
        for price in self._matching(record):
            if price.valid_from <= at:
                # A price without rates cancels those before it.
                return price if has_rates(price) else None
        return None

    def _listed_price(self, record: Priced, at: datetime) -> tuple[ListedPrice, PriceSource] | None:
        """The price by the bundled list, marked as an estimate where it is another's."""
        base_url = self._base_urls.get(record.connection, "")
        if not base_url:
            return None
        is_elsewhere = record.connection in self._of_openai and not knows_host(base_url)
        found = bundled_price(
            # OpenAI's API at a host of somebody else's, who may well ask for OpenAI's prices.
            OPENAI_URL if is_elsewhere else base_url,
            model=record.upstream_model,
            at=at,
            prompt_tokens=record.prompt_tokens or 0,
            service_tier=record.service_tier,
        )
        if found is None:
            return None
        is_of_tier = record.service_tier in {*STANDARD, found.service_tier}
        is_sure = is_of_tier and not is_elsewhere
        return found, PriceSource.BUNDLED if is_sure else PriceSource.ESTIMATE

    def _matching(self, record: Priced) -> list[Price]:
        key = (record.connection, record.model, record.upstream_model, record.service_tier)
        if key not in self._candidates:
            self._candidates[key] = [
                price
                for price in self._overrides
                if price.connection in {"", record.connection}
                and price.service_tier in {"", record.service_tier}
                and (
                    matches(price.model, record.model)
                    or matches(price.model, record.upstream_model)
                )
            ]
        return self._candidates[key]

    def _keep(self, listed: ListedPrice, source: PriceSource) -> Price:
        """The row that says the same; made now if the list's price is used for the first time."""
        kept = self._kept.get((listed, source))
        if kept is None:
            said = {
                "source": source,
                "version": list_version(),
                "model": listed.model,
                "service_tier": listed.service_tier,
                "above_tokens": listed.above_tokens,
                **dict(zip(Price.RATES, listed.rates, strict=True)),
            }
            known = Price.objects.filter(**_exactly(said)).first()
            kept = self._kept[listed, source] = known or Price.objects.create(**said)
        return kept


def cost_of(record: UsageRecord, price: Price) -> Decimal | None:
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


def has_rates(price: Price) -> bool:
    return any(getattr(price, name) is not None for name in Price.RATES)


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


def _precedence(price: Price) -> tuple[bool, bool, int, bool, datetime, int]:
    """What comes first is greater.

    A named connection comes before all connections, an id before a pattern, a longer pattern before
    a shorter one, a service tier before all tiers, and a later row before an earlier one.
    """
    pattern = price.model
    is_id, is_of_tier = "*" not in pattern, bool(price.service_tier)
    of_connection = bool(price.connection)
    return (of_connection, is_id, len(pattern), is_of_tier, price.valid_from, price.pk)


def _exactly(said: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{name}__isnull" if value is None else name: True if value is None else value
        for name, value in said.items()
    }
