"""The body an upstream gets, and what of the client's it does not get."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from wire_formats.json_types import JsonObject

DROPPED_HEADER = "x-gateway-dropped-params"
CHANGED_HEADER = "x-gateway-changed-params"
MOST_NAMES = 50
LONGEST_NAME = 64
# Leaving these out means the same.
NEUTRAL: dict[str, Any] = {
    "n": 1,
    "frequency_penalty": 0,
    "presence_penalty": 0,
    "top_logprobs": 0,
    "logprobs": False,
    "store": False,
    "response_format": {"type": "text"},
    "reasoning_effort": "none",
    "modalities": ["text"],
    "service_tier": "auto",
}


@dataclass(frozen=True, slots=True)
class Payload:
    """``body`` may be the client's own object: it is not to be changed.

    ``dropped`` names the parameters that the upstream does not know and so does not get.
    """

    body: JsonObject
    dropped: tuple[str, ...] = ()


def dropped_parameters(body: JsonObject, known: Iterable[str]) -> tuple[str, ...]:
    """The parameters in ``body`` that are not ``known`` and would have made a difference."""
    known = frozenset(known)
    return tuple(k for k, v in body.items() if k not in known and not _is_neutral(k, v))


def choices_left(body: JsonObject, *, has_tools: bool) -> Iterator[str]:
    """The fields of a chat's ``body`` that choose among tools and decide nothing.

    Where no tools are offered, that is all of them; else ``tool_choice`` is read before the other.
    """
    given = [name for name in ("tool_choice", "function_call") if body.get(name) is not None]
    for name in given[1:] if has_tools else given:
        if body[name] not in ("", "auto", "none", {}, []):
            yield name


def header_value(names: tuple[str, ...]) -> str:
    """``names`` as a header tells them. A client chose them, so they are quoted and cut."""
    return ", ".join(quote(name[:LONGEST_NAME], safe="") for name in names[:MOST_NAMES])


def with_dropped(headers: dict[str, str], names: Iterable[str]) -> dict[str, str]:
    """``headers`` with ``names`` before those that they tell of already."""
    known = {name.lower(): name for name in headers}.get(DROPPED_HEADER, DROPPED_HEADER)
    told = ", ".join(filter(None, [header_value(tuple(names)), headers.get(known, "")]))
    return headers | {known: told} if told else headers


def _is_neutral(name: str, value: Any) -> bool:
    return value is None or value in ([], {}) or (name in NEUTRAL and value == NEUTRAL[name])
