"""The chunks of a streamed chat completion, as a client reads them."""

from __future__ import annotations

from collections.abc import Sequence

from wire_formats.json_types import JsonObject
from wire_formats.translation import Translation


def chunks_of(translation: Translation, *events: JsonObject) -> list[JsonObject]:
    """What ``translation`` makes of ``events``, one after another."""
    return [chunk for event in events for chunk in translation.event(event)]


def deltas(events: Sequence[JsonObject | str]) -> list[JsonObject]:
    """What the chunks among ``events`` add."""
    return [choice["delta"] for choice in _choices(events)]


def finish_reasons(events: Sequence[JsonObject | str]) -> list[str]:
    """Why the completion ended, as often as it is said."""
    return [reason for choice in _choices(events) if (reason := choice["finish_reason"])]


def usage_of(events: Sequence[JsonObject | str]) -> JsonObject:
    """The token counts that the last chunk tells."""
    chunks = [event for event in events if isinstance(event, dict)]
    [usage] = [chunk["usage"] for chunk in chunks if chunk.get("usage")]
    return usage


def _choices(events: Sequence[JsonObject | str]) -> list[JsonObject]:
    """The first choice of each chunk that has one; ``[DONE]`` has none."""
    return [e["choices"][0] for e in events if isinstance(e, dict) and e.get("choices")]
