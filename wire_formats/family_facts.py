"""The facts about a model's family that an admin states, as files and forms write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from wire_formats.families import Facts
from wire_formats.family import (
    EFFORTS,
    Effort,
    NeedsResponses,
    Sampling,
    SystemRole,
    ThinkingOff,
)

Reader = Callable[[Any], Any]
LARGEST_LIMIT = 10**9
LONGEST_NAME = 300


def facts_of(value: Any) -> Facts:
    """``value``, an object of facts, in a form that can be compared and hashed.

    Raises ``ValueError`` with words for the admin.
    """
    if isinstance(value, dict):
        return tuple((name, _read(name, value[name])) for name in sorted(value, key=str))
    raise ValueError('must be an object of facts, such as {"like": "gpt-5"}')


def _read(name: str, value: Any) -> Any:
    reader = READERS.get(name)
    if reader is None:
        raise ValueError(f"has no fact {str(name)[:50]!r}; there are {', '.join(READERS)}")
    try:
        return reader(value)
    except ValueError as exc:
        raise ValueError(f"{name} {exc}") from exc


def _model(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
        raise ValueError("must be the name of a model")
    return value


def _limit(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= LARGEST_LIMIT:
        raise ValueError("must be a whole number above 0")
    return value


def _switch(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    raise ValueError("must be true or false")


def _efforts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or any(each not in EFFORTS for each in value):
        raise ValueError(f"must be a list of {', '.join(EFFORTS)}")
    return tuple(value)


def _one_of(literal: Any) -> Reader:
    choices = get_args(literal)

    def read(value: Any) -> Any:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(map(repr, choices))}")
        return value

    return read


# ``is_reasoning`` has a field of its own in every place where models are registered.
READERS: dict[str, Reader] = {
    "like": _model,
    "system_role": _one_of(SystemRole),
    "max_output_tokens": _limit,
    "min_response_tokens": _limit,
    "effort": _one_of(Effort),
    "efforts": _efforts,
    "sampling": _one_of(Sampling),
    "thinking_off": _one_of(ThinkingOff),
    "thinks_by_default": _switch,
    "hides_thoughts": _switch,
    "takes_forced_tools": _switch,
    "takes_prefill": _switch,
    "needs_responses": _one_of(NeedsResponses),
    "needs_reasoning_back": _switch,
    "thinks_in_tags": _switch,
}
