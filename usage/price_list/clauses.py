"""Whether an id of a model is one that the list means: see :mod:`usage.price_list.digest`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

COMPACT_DATE = re.compile(r"(-)(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


def is_match(clause: list[Any], model: str) -> bool:
    """``model`` in small letters; ``clause`` is a name and its value."""
    name, value = clause
    return CLAUSES[name](value, model)


# Of the values, the list has some in capital letters.
CLAUSES: dict[str, Callable[[Any, str], bool]] = {
    "equals": lambda value, model: model == value.lower(),
    "starts_with": lambda value, model: model.startswith(value.lower()),
    "ends_with": lambda value, model: model.endswith(value.lower()),
    "contains": lambda value, model: value.lower() in model,
    "regex": lambda value, model: re.search(value, model) is not None,
    "or": lambda value, model: any(is_match(each, model) for each in value),
    "and": lambda value, model: all(is_match(each, model) for each in value),
}


def with_dashes(model: str) -> str:
    """``model`` with a date such as ``-20251211`` as the list has it, ``-2025-12-11``."""
    return COMPACT_DATE.sub(_dashed, model)


def _dashed(found: re.Match[str]) -> str:
    year, month, day = (int(found.group(number)) for number in (2, 3, 4))
    try:
        date(year, month, day)
    except ValueError:
        return found.group(0)
    return f"-{year:04d}-{month:02d}-{day:02d}"
