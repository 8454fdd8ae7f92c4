"""The family that a model belongs to, with all that is known of it.

The tables in :mod:`wire_formats.family_tables` are the only place that looks at names of models; an
admin overrides single facts for a model that they do not know, or know wrongly.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Any

from wire_formats.family import Family
from wire_formats.family_tables import anthropic, openai, others

CHECKED = "2026-11-28"  # the day on which every source was read
Facts = tuple[tuple[str, Any], ...]

UNKNOWN = Family(name="any other", efforts=())
# The first row that matches counts.
FAMILIES = (*anthropic.FAMILIES, *openai.FAMILIES, *others.FAMILIES)
_COMPILED = tuple((re.compile(family.pattern), family) for family in FAMILIES)


@lru_cache(maxsize=8192)
def family_of(model: str, facts: Facts = ()) -> Family:
    """The family of ``model``, an upstream's name of it, with an admin's ``facts`` in place.

    ``facts`` are those of :func:`wire_formats.family_facts.facts_of`; ``like`` among them is a
    name whose family counts instead.
    """
    given = dict(facts)
    name = str(given.pop("like", "") or model).lower()
    family = next((each for pattern, each in _COMPILED if pattern.search(name)), UNKNOWN)
    return replace(family, **given) if given else family
