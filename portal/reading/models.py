"""The models of one person, with what they want to know of each before they choose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from accounts.caller import Caller
from models_registry.registry import active, is_running
from models_registry.snapshot import View
from models_registry.targets import Target
from portal.reading.prices import kept_pricing
from portal.reading.speeds import Speeds, speeds
from resilience.states import states
from usage.models import Price
from usage.pricing import Pricing, Rates
from usage.target_prices import Asked
from wire_formats.json_types import JsonObject

# What upstreams call the length of the context, in tokens.
CONTEXT_FIELDS = (
    "context_length",
    "context_window",
    "max_model_len",
    "max_context_length",
    "inputTokenLimit",
    "max_input_tokens",
)
LARGEST = 10**9
SHOWN_RATES = (
    ("input_per_million", "input", "1M tokens"),
    ("output_per_million", "output", "1M tokens"),
    ("per_audio_minute", "audio", "minute"),
    ("per_million_characters", "speech", "1M characters"),
    ("per_request", "request", "request"),
)


class Health(StrEnum):
    """``RESTING``: no target is asked at the moment, after failures. ``UNSURE``: the upstream
    does not list its models any more, and the last list is shown."""

    GOOD = "good"
    UNSURE = "unsure"
    RESTING = "resting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """US dollars for one ``unit`` of a ``kind``: input, output, audio, speech or request."""

    kind: str
    unit: str
    dollars: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnModel:
    """``rates`` are None where the price is unknown, ``median_ms`` where nothing was measured."""

    id: str
    name: str
    description: str
    is_chat: bool
    tags: tuple[str, ...]
    context_tokens: int | None
    output_tokens: int | None
    rates: tuple[Rate, ...] | None
    median_ms: int | None
    health: Health

    @property
    def is_free(self) -> bool:
        return self.rates is not None and not any(rate.dollars for rate in self.rates)

    def as_json(self) -> JsonObject:
        rates = None
        if self.rates is not None:
            rates = [
                {"kind": rate.kind, "unit": rate.unit, "usd": f"{rate.dollars.normalize():f}"}
                for rate in self.rates
            ]
        return {
            "id": self.id,
            "object": "model",
            "name": self.name,
            "description": self.description,
            "is_chat": self.is_chat,
            "tags": list(self.tags),
            "context_tokens": self.context_tokens,
            "max_output_tokens": self.output_tokens,
            "prices": rates,
            "median_first_token_ms": self.median_ms,
            "state": self.health.value,
        }


def view_of(caller: Caller) -> View | None:
    """The models of ``caller``; None where no registry runs in this process."""
    return active().snapshot.view(caller) if is_running() else None


def models_of(caller: Caller) -> list[OwnModel]:
    """All of them, in the order of lists. At most two queries for prices, and one for speeds."""
    view = view_of(caller)
    return [] if view is None else described(view, [model_id for model_id, _ in view.listed()])


def model_of(caller: Caller, model_id: str) -> OwnModel | None:
    """The model with any id of it; None for one that is not theirs, be there one or not."""
    view = view_of(caller)
    if view is None or not view.route(model_id):
        return None
    return described(view, [model_id])[0]


def described(view: View, model_ids: Sequence[str]) -> list[OwnModel]:
    """Those of ``model_ids``, all of which are in ``view``."""
    if not model_ids:
        return []
    pricing, known_speeds, now = kept_pricing.get(), speeds(), datetime.now(UTC)
    return [
        _described(model_id, view.route(model_id), pricing, known_speeds, now)
        for model_id in model_ids
    ]


def _described(
    model_id: str, targets: Sequence[Target], pricing: Pricing, known: Speeds, now: datetime
) -> OwnModel:
    first = targets[0]
    entry = first.entry
    asked = Asked(first.connection.upstream.name, model_id, first.model)
    return OwnModel(
        id=model_id,
        name=str(entry.get("name") or model_id),
        description=_description(first, entry),
        is_chat=first.is_chat,
        tags=tuple(_names(entry.get("tags"))),
        context_tokens=_context(entry),
        output_tokens=first.family.max_output_tokens,
        rates=_rates(pricing.rates_of(asked, now)),
        median_ms=known.get(model_id),
        health=_health(targets),
    )


def _description(target: Target, entry: JsonObject) -> str:
    told = target.registration.description
    if not told:
        upstream = entry.get("openai")
        said = upstream.get("description") if isinstance(upstream, dict) else ""
        told = said if isinstance(said, str) else ""
    return told


def _names(tags: Any) -> Iterable[str]:
    """Open WebUI writes a tag as an object with a name."""
    for tag in tags if isinstance(tags, list) else ():
        name = tag.get("name") if isinstance(tag, dict) else tag
        if isinstance(name, str) and name:
            yield name


def _context(entry: JsonObject) -> int | None:
    upstream = entry.get("openai")
    if not isinstance(upstream, dict):
        return None
    for name in CONTEXT_FIELDS:
        value = upstream.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < LARGEST:
            return value
    return None


def _rates(rates: Rates | None) -> tuple[Rate, ...] | None:
    by_name = dict(zip(Price.RATES, rates or (), strict=False))
    known = [
        Rate(kind=kind, unit=unit, dollars=Decimal(dollars))
        for name, kind, unit in SHOWN_RATES
        if (dollars := by_name.get(name)) is not None
    ]
    return tuple(known) or None


def _health(targets: Sequence[Target]) -> Health:
    if all(states.of(target.key).available_at for target in targets):
        return Health.RESTING
    return Health.UNSURE if all(target.is_stale for target in targets) else Health.GOOD
