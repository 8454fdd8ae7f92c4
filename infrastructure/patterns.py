"""Patterns of model ids: ``*`` stands for any characters, everything else for itself."""

from __future__ import annotations

import re
from functools import lru_cache


def matches(pattern: str, model_id: str) -> bool:
    """Whether ``pattern`` covers the whole of ``model_id``. Case matters."""
    return expression(pattern).fullmatch(model_id) is not None


@lru_cache(maxsize=4096)
def expression(pattern: str) -> re.Pattern[str]:
    """The regular expression of ``pattern``, for ``fullmatch``."""
    parts = [re.escape(part) for part in re.split(r"\*+", pattern)]
    if len(parts) == 1:
        return re.compile(parts[0])
    first, *middle, last = parts
    # Atomic groups: each part takes the first place that fits, since a later one leaves less for
    # the rest. Backtracking over all places would take ages with many stars.
    return re.compile(first + "".join(f"(?>.*?{part})" for part in middle) + ".*" + last, re.DOTALL)
