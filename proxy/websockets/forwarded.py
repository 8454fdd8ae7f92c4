"""What of a client's handshake goes into the call that opens the upstream's socket."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qs

from proxy.client_side.cookies import forwardable_cookies
from proxy.client_side.origin import is_foreign

LONGEST_VALUE = 100


def forwarded_headers(scope: Any, names: Collection[bytes]) -> tuple[tuple[str, str], ...]:
    """The headers called ``names``, so far as they are short and ASCII."""
    return tuple(
        (name.decode(), value.decode("latin-1"))
        for name, value in scope["headers"]
        if name in names and value.isascii() and len(value) <= LONGEST_VALUE
    )


def forwarded_cookies(scope: Any) -> str:
    """The caller's cookies, as far as an upstream may see them."""
    if is_foreign(scope):
        return ""
    sent = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"]
    return forwardable_cookies("; ".join(sent))


def model_of_query(query: bytes) -> str:
    """The model that the URL of a handshake names; empty where it names none."""
    fields = parse_qs(query.decode("latin-1"))
    return next((fields[name][0] for name in ("model", "deployment") if name in fields), "")
