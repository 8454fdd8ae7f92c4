"""The cost of requests: by an administrator's price if there is one, else by the bundled list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from connections.choices import Provider
from connections.models import Connection
from infrastructure.patterns import matches
from usage.bundled_prices import ListedPrice, bundled_price, is_constant, knows_host, list_version
from usage.models import Price, PriceSource
from usage.record import UsageRecord
from wire_formats.service_tiers import STANDARD

OPENAI_URL = "https://api.openai.com/v1"

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
        *,
        saves: bool = True,
    ) -> None:
        """``base_urls`` by the names of connections; ``of_openai`` names those of that provider.

        Prices of the list that are found for the first time are saved, unless it ``saves`` none:
        then they are rows without a primary key, and nothing asks the database.
        """
        self._overrides = sorted(overrides, key=_precedence, reverse=True)
        self._base_urls = base_urls
        self._of_openai = frozenset(of_openai)
        self._saves = saves
        self._candidates: dict[tuple[str, str, str, str], list[tuple[Price, bool]]] = {}
        self._kept: dict[tuple[ListedPrice, PriceSource], Price] = {}

    @classmethod
    def load(cls, *, saves: bool = True) -> Pricing:
        rows = list(Connection.objects.values_list("name", "base_url", "provider"))
        return cls(
            Price.objects.overrides(),
            {name: base_url for name, base_url, _ in rows},
            of_openai=[name for name, _, provider in rows if provider == Provider.OPENAI],
            saves=saves,
        )

    def price_of(self, record: UsageRecord) -> Price | None:
        """The price of a request, saved; None where none is known, or nothing was answered."""
        if not record.is_answered:
            return None
        return self.price_for(record, datetime.fromtimestamp(record.accepted_at, UTC))

    def price_for(self, asked: Priced, at: datetime) -> Price | None:
        """The price of what is ``asked``, saved; None where none is known."""
        if override := self._override(asked, at):
            return override
        found = self._listed_price(asked, at)
        return None if found is None else self._keep(*found)

    def stands(self, asked: Priced, at: datetime) -> bool:
        """Whether the price at the time ``at`` holds later, too, and for inputs of any length."""
        for price, is_rated in self._matching(asked):
            return is_rated and price.valid_from <= at
        base_url, _ = self._listed_at(asked.connection)
        is_standard = asked.service_tier in STANDARD
        return bool(base_url) and is_standard and is_constant(base_url, asked.upstream_model)

    def rates_of(self, asked: Priced, at: datetime) -> Rates | None:
        """The rates for what is ``asked``, in the order of ``Price.RATES``; saves nothing."""
        if override := self._override(asked, at):
            return tuple(getattr(override, name) for name in Price.RATES)
        found = self._listed_price(asked, at)
        return None if found is None else found[0].rates

    def _override(self, record: Priced, at: datetime) -> Price | None:
        for price, is_rated in self._matching(record):
            if price.valid_from <= at:
                # A price without rates cancels those before it.
                return price if is_rated else None
        return None

    def _listed_price(self, record: Priced, at: datetime) -> tuple[ListedPrice, PriceSource] | None:
        """The price by the bundled list, marked as an estimate where it is another's."""
        base_url, is_elsewhere = self._listed_at(record.connection)
        if not base_url:
            return None
        found = bundled_price(
            base_url,
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

    def _listed_at(self, connection: str) -> tuple[str, bool]:
        """The address that the list is asked for, and whether it is not the connection's own."""
        base_url = self._base_urls.get(connection, "")
        if base_url and connection in self._of_openai and not knows_host(base_url):
            # OpenAI's API at a host of somebody else's, who may well ask for OpenAI's prices.
            return OPENAI_URL, True
        return base_url, False

    def _matching(self, record: Priced) -> list[tuple[Price, bool]]:
        """The prices that may hold, in their order, each with whether it has rates."""
        key = (record.connection, record.model, record.upstream_model, record.service_tier)
        known = self._candidates.get(key)
        if known is None:
            known = self._candidates[key] = [
                (price, has_rates(price))
                for price in self._overrides
                if price.connection in {"", record.connection}
                and price.service_tier in {"", record.service_tier}
                and (
                    matches(price.model, record.model)
                    or matches(price.model, record.upstream_model)
                )
            ]
        return known

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
            kept = self._kept[listed, source] = _saved(said) if self._saves else Price(**said)
        return kept


def has_rates(price: Price) -> bool:
    return any(getattr(price, name) is not None for name in Price.RATES)


def _precedence(price: Price) -> tuple[bool, bool, int, bool, datetime, int]:
    """What comes first is greater.

    A named connection comes before all connections, an id before a pattern, a longer pattern before
    a shorter one, a service tier before all tiers, and a later row before an earlier one.
    """
    pattern = price.model
    is_id, is_of_tier = "*" not in pattern, bool(price.service_tier)
    of_connection = bool(price.connection)
    return (of_connection, is_id, len(pattern), is_of_tier, price.valid_from, price.pk)


def _saved(said: dict[str, Any]) -> Price:
    return Price.objects.filter(**_exactly(said)).first() or Price.objects.create(**said)


def _exactly(said: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{name}__isnull" if value is None else name: True if value is None else value
        for name, value in said.items()
    }
