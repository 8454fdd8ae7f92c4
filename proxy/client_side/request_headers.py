"""Which of a client's headers an upstream gets: by allow-list, each endpoint its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from proxy.client_side.errors import InvalidRequestError

LONGEST_VALUE = 1000


@lru_cache(maxsize=256)
def _key_of(name: str) -> str:
    return f"HTTP_{name.upper().replace('-', '_')}"


def passed_upstream(meta: Mapping[str, str], names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The headers called ``names`` in a request's ``META``. Raises ``InvalidRequestError``."""
    headers = tuple([(name, meta[key]) for name in names if meta.get(key := _key_of(name))])
    for name, value in headers:
        if len(value) > LONGEST_VALUE or not (value.isascii() and value.isprintable()):
            raise InvalidRequestError(f"The header {name} is not valid.", param=name)
    return headers
