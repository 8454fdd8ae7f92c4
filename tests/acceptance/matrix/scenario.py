"""What is said and heard in the matrix, in words of no API."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

IMAGE = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n a picture").decode()
IMAGE_URL = "https://example.com/cat.png"
DOCUMENT = "data:application/pdf;base64," + base64.b64encode(b"%PDF-1.7 a paper").decode()
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOL = "get_weather"
QUESTION = "What shall I wear?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of a tool."""

    id: str
    city: str
    name: str = TOOL

    @property
    def arguments(self) -> dict[str, Any]:
        return {"city": self.city}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a model says in one turn. ``turn`` marks signatures and ids."""

    text: str = ""
    thought: str = ""
    calls: tuple[Call, ...] = ()
    turn: int = 0

    @property
    def signature(self) -> str:
        """What proves to a provider that the thought is its own: not to be guessed."""
        return f"c2lnbmVk+{self.turn}/{len(self.thought)}=="


@dataclass(slots=True, kw_only=True)
class Seen:
    """What an upstream read in a request. Images and documents are URLs."""

    text: str = ""
    images: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    tools: dict[str, Any] = field(default_factory=dict)  # schemas by name
    calls: dict[str, tuple[str, Any]] = field(default_factory=dict)  # by id
    results: dict[str, str] = field(default_factory=dict)  # by the id of the call
    schema: Any = None
    effort: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """``cached`` is part of ``prompt``, ``reasoning`` of ``completion``."""

    prompt: int
    completion: int
    cached: int = 0
    reasoning: int = 0


USAGE = Usage(prompt=120, cached=100, completion=30, reasoning=20)
# Of providers that count neither the cache nor thoughts.
PLAIN_USAGE = Usage(prompt=120, completion=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a client read. ``stop`` is in the words of its API."""

    text: str
    thought: str
    calls: tuple[Call, ...]
    usage: Usage
    stop: str


class WrongRequestError(Exception):
    """An upstream refuses what it was sent."""


def validate(adapter: TypeAdapter[Any], body: dict[str, Any]) -> None:
    """Hold ``body`` against an SDK's types. Raises pydantic's ``ValidationError``."""
    _exhaust(adapter.validate_python(body))


def _exhaust(value: Any) -> None:
    """Arrays that an SDK annotates as ``Iterable`` are validated while they are read."""
    if isinstance(value, dict):
        for each in value.values():
            _exhaust(each)
    elif hasattr(value, "__iter__") and not isinstance(value, str | bytes):
        for each in value:
            _exhaust(each)


def halves(text: str) -> tuple[str, str]:
    """``text`` in the two pieces in which a stream tells it."""
    return text[: len(text) // 2], text[len(text) // 2 :]
