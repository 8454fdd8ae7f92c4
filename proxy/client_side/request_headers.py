"""Which of a client's headers an upstream gets: by allow-list, each endpoint its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from proxy.client_side.errors import InvalidRequestError

LONGEST_VALUE = 1000


def passed_upstream(meta: Mapping[str, str], names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The headers called ``names`` in a request's ``META``. Raises ``InvalidRequestError``."""
    found = ((name, meta.get(f"HTTP_{name.upper().replace('-', '_')}", "")) for name in names)
    headers = tuple((name, value) for name, value in found if value)
    for name, value in headers:
        if len(value) > LONGEST_VALUE or not (value.isascii() and value.isprintable()):
            raise InvalidRequestError(f"The header {name} is not valid.", param=name)
    return headers
