"""Models and their prices as the digest has them; a provider is read when it is asked for.

::

    address ──► provider ──► its models, or else those of providers whose models it sells ──► model
                                                   at a time, for a service tier ──► rates ◄──┘
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, NamedTuple

import orjson

from usage.price_list import DIGEST
from usage.price_list.clauses import is_match, with_dashes

# The list's names for what a provider tells as its service tier: flex and priority are OpenAI's and
# Google's, a speed is Anthropic's, and any provider may have rates for batches.
TIER_KEYS = frozenset({"service_tier", "speed", "processing"})


class Stepped(NamedTuple):
    """A price that rises with the length of the input: each step holds for all tokens, where there
    are more of them than its first number says."""

    base: Decimal
    steps: tuple[tuple[int, Decimal], ...]

    def at(self, tokens: int) -> Decimal:
        reached = [price for start, price in self.steps if tokens > start]
        return reached[-1] if reached else self.base

    def step(self, tokens: int) -> int:
        """The tokens at which the step begins that ``tokens`` reach; 0 for the first price."""
        return max((start for start, _ in self.steps if tokens > start), default=0)


Rates = dict[str, Decimal | Stepped]


class Provider(NamedTuple):
    """``also_sells`` are the ids of providers whose models it has, too."""

    id: str
    pattern: str
    also_sells: tuple[str, ...]
    models: bytes


class Conditional(NamedTuple):
    """``condition`` is None for what always holds."""

    condition: tuple[str, ...] | None
    rates: Rates

    def holds(self, at: datetime) -> bool:
        if self.condition is None:
            return True
        moment = at.astimezone(UTC)
        if len(self.condition) == 1:
            return moment.date() >= date.fromisoformat(self.condition[0])
        begin, end = map(time.fromisoformat, self.condition)
        now = moment.time()
        return begin <= now < end if begin <= end else now >= begin or now < end


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """A model as a provider sells it. ``is_its_own``: it does not resell another's."""

    id: str
    is_its_own: bool
    prices: tuple[Conditional, ...]
    variants: tuple[tuple[dict[str, str], Conditional], ...]

    def rates(self, at: datetime) -> Rates:
        """The standard rates: always the same object for the same prices."""
        holding = (price for price in reversed(self.prices) if price.holds(at))
        return next(holding, self.prices[0]).rates

    def rates_of_tier(self, at: datetime, tier: str) -> Rates:
        """The rates for a service tier; the standard ones where it has none of its own."""
        found: Rates = {}
        for when, price in self.variants if self.is_its_own else ():
            is_meant = all(name in TIER_KEYS and tier == value for name, value in when.items())
            if is_meant and price.holds(at):
                found = price.rates | found
        return self.rates(at) | found

    @property
    def is_constant(self) -> bool:
        """Whether the standard rates are the same at any time and for inputs of any length."""
        if len(self.prices) > 1:
            return False
        return not any(isinstance(rate, Stepped) for rate in self.prices[0].rates.values())


def list_version() -> str:
    """The version of genai-prices that the digest is of."""
    return _list()[0]


@lru_cache(maxsize=1000)
def provider_at(base_url: str) -> Provider | None:
    """The provider whose API is at ``base_url``."""
    return next((each for each in _list()[1].values() if re.match(each.pattern, base_url)), None)


@lru_cache(maxsize=4096)
def model_at(base_url: str, name: str) -> tuple[str, Model] | None:
    """The provider's id, and its model of that ``name``."""
    provider = provider_at(base_url)
    if provider is None:
        return None
    model = name.lower()
    found = _model(provider, model)
    if found is None and (dashed := with_dashes(model)) != model:
        found = _model(provider, dashed)
    return None if found is None else (provider.id, found)


def _model(provider: Provider, name: str) -> Model | None:
    known = _list()[1]
    for one in (provider, *(known[each] for each in provider.also_sells if each in known)):
        for number, entry in enumerate(_entries(one.id)):
            if is_match(entry["match"], name):
                return _read(one.id, number, is_its_own=one is provider)
    return None


@cache
def _list() -> tuple[str, dict[str, Provider]]:
    head, *lines = DIGEST.read_bytes().splitlines()
    read = orjson.loads(head)
    return read["version"], {
        name: Provider(name, pattern, tuple(also), models)
        for (name, pattern, also), models in zip(read["providers"], lines, strict=True)
    }


@lru_cache(maxsize=4)  # a list of a large provider takes a megabyte, and reading it 2 ms
def _entries(provider: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = orjson.loads(_list()[1][provider].models)
    return entries


@cache
def _read(provider: str, number: int, *, is_its_own: bool) -> Model:
    entry = _entries(provider)[number]
    return Model(
        id=entry["id"],
        is_its_own=is_its_own,
        prices=tuple(_conditional(*each) for each in entry["prices"]),
        variants=tuple(
            (when, _conditional(condition, rates))
            for when, condition, rates in entry.get("variants", ())
        ),
    )


def _conditional(condition: list[str] | None, rates: dict[str, Any]) -> Conditional:
    read = {name: _rate(rate) for name, rate in rates.items()}
    return Conditional(None if condition is None else tuple(condition), read)


def _rate(rate: Any) -> Decimal | Stepped:
    if isinstance(rate, str):
        return Decimal(rate)
    base, steps = rate
    return Stepped(Decimal(base), tuple((start, Decimal(price)) for start, price in steps))
