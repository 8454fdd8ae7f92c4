"""How much output a body asks for at the most, where upstreams read more than the body's API says.

Some take numbers in strings, fields in another case or of their own, and -1 or 0 for no maximum.
So a field bounds an output only if it is the API's own and a positive whole number; whatever else
an upstream may read can only make the bound higher, or take it away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from wire_formats.figures import MOST
from wire_formats.json_types import JsonObject

LONGEST_NUMBER = 40  # characters of a number in a string
ALSO_READ = ("n_predict",)  # llama.cpp's own, which it prefers to the API's


def whole(value: Any) -> int | None:
    """``value`` as a whole number, as which ``1e3`` counts too; None for everything else."""
    if type(value) is int and 0 <= value <= MOST:  # nearly always
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        return None
    return min(int(value), MOST)


def number_of(value: Any) -> int | None:
    """As :func:`whole`, for numbers in strings too, rounded up."""
    if not isinstance(value, str):
        return whole(value)
    try:
        number = Decimal(value.strip().replace("_", "")) if len(value) <= LONGEST_NUMBER else None
    except InvalidOperation:
        return None
    if number is None or not number.is_finite() or number < 0:
        return None
    return MOST if number >= MOST else int(number.to_integral_value("ROUND_CEILING"))


def named_limit(body: JsonObject, names: tuple[str, ...]) -> int | None:
    """The largest whole number under ``names``; None where nothing bounds the output."""
    for name in names:
        if body.get(name) is not None:
            break
    else:
        return None
    return largest(body[name] for name in fields_of(body, (*names, *ALSO_READ)))


def largest(values: Iterable[Any]) -> int | None:
    """The largest of ``values``; None if one is no maximum at all."""
    found = 0
    for value in values:
        limit = whole(value)
        if not limit:
            return None
        found = max(found, limit)
    return found or None


def fields_of(body: JsonObject, names: tuple[str, ...]) -> Iterator[str]:
    """The fields of ``body`` that are called one of ``names``, in any case, and not null."""
    for name, value in body.items():
        if value is not None and (name in names or name.casefold() in names):
            yield name


def answers_in(endpoint: str, body: JsonObject) -> int:
    """How many answers are written, each of which may have the maximum of output.

    Each prompt of a completion is answered ``n`` times, and ``best_of`` are written for that.
    """
    count = count_of(body, "n", "best_of")
    if endpoint != "completions":
        return count
    prompt = body.get("prompt")
    prompts = len(prompt) if isinstance(prompt, list) and not are_tokens(prompt) else 1
    return times(max(prompts, 1), count)


def count_of(body: JsonObject, *names: str) -> int:
    """The largest count under ``names``, 1 without any."""
    counts = (number_of(body[name]) for name in fields_of(body, names))
    return max((count or 1 for count in counts), default=1)


def are_tokens(prompt: list[Any]) -> bool:
    """Whether ``prompt`` is one prompt, of tokens as numbers."""
    return bool(prompt) and isinstance(prompt[0], int)


def times(limit: int, count: int) -> int:
    return min(limit * count, MOST)
